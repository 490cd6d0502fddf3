/**
 * `GET /_baton/requests`: the calls of the API, oldest first.
 *
 * Every call is recorded, but the record is rarely read, so parameters stay text until then.
 * Anybody may call, so the record is bounded in number and in size: texts are cut, and the
 * oldest entries are dropped.
 */

export interface LoggedRequest {
  readonly requestId: string;
  /** Real time, milliseconds since 1970. */
  readonly atMillis: number;
  readonly action: string;
  readonly version: string;
  readonly region: string;
  readonly secretId: string;
  readonly client: string;
  readonly signature: "tc3" | "v1";
  readonly method: string;
  /** JSON text; undefined if it was too long to keep. */
  readonly parameters: string | undefined;
  /** "OK", the error's code, or "" while the call is waiting. */
  code: string;
  httpStatus: number;
  milliseconds: number;
}

const KEPT_MAX = 5_000;
/** The limit of characters for all entries together. */
const SIZE_MAX = 8 * 1024 * 1024;
/** The limit for one text; parameters have been limited before they come here. */
const TEXT_MAX = 128;

/** Cuts and copies the text, because a piece of a longer text keeps all of it in memory. */
export function keepText(text: string): string {
  const cut = text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}…`;
  return Buffer.from(cut).toString();
}

const sizeOf = (one: LoggedRequest): number =>
  [one.action, one.version, one.region, one.secretId, one.client, one.method].reduce(
    (sum, text) => sum + text.length,
    (one.parameters ?? "").length,
  );

export class RequestLog {
  #entries: LoggedRequest[] = [];
  /** The index of the oldest entry; those before it have been dropped. */
  #first = 0;
  #size = 0;

  /** Returns the entry; the caller fills in its last fields later. */
  add(entry: LoggedRequest): LoggedRequest {
    const kept: LoggedRequest = {
      ...entry,
      action: keepText(entry.action),
      version: keepText(entry.version),
      region: keepText(entry.region),
      secretId: keepText(entry.secretId),
      client: keepText(entry.client),
      method: keepText(entry.method),
    };
    this.#entries.push(kept);
    this.#size += sizeOf(kept);
    while (this.#entries.length - this.#first > KEPT_MAX || this.#size > SIZE_MAX) {
      const oldest = this.#entries[this.#first];
      if (oldest === undefined) break;
      this.#size -= sizeOf(oldest);
      this.#first += 1;
    }
    // Many are dropped at once, so that the array is not shifted on every call.
    if (this.#first > 0.2 * KEPT_MAX) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return kept;
  }

  clear(): void {
    this.#entries = [];
    this.#first = 0;
    this.#size = 0;
  }

  /**
   * As the endpoint shows them: `at` as ISO text, `parameters` as a value, or null if it was
   * not kept or is not JSON.
   */
  list(): readonly object[] {
    return this.#entries.slice(this.#first).map(({ requestId, atMillis, parameters, ...rest }) => ({
      requestId,
      at: new Date(atMillis).toISOString(),
      ...rest,
      parameters: readJson(parameters),
    }));
  }
}

function readJson(text: string | undefined): unknown {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return value;
  } catch {
    return null;
  }
}
