/**
 * `GET /_baton/requests`: what was asked of the API, oldest first.
 *
 * Kept for every call and read now and then, so parameters stay the text they came as until
 * somebody asks. Calls come from anybody, so what is kept is bounded in number and in size: texts
 * are cut, and the oldest entries go.
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
  /** JSON text; undefined when it was too long to keep. */
  readonly parameters: string | undefined;
  /** "OK", the error's code, or "" while the call is waiting. */
  code: string;
  httpStatus: number;
  milliseconds: number;
}

const KEPT_MAX = 5_000;
/** Characters of all entries together. */
const SIZE_MAX = 8 * 1024 * 1024;
/** Of one text; parameters have a limit of their own before they come here. */
const TEXT_MAX = 128;

/** Cut, and copied: a piece of a longer text keeps all of it in memory. */
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
  /** Index of the oldest; those before it have gone. */
  #first = 0;
  #size = 0;

  /** Gives back what is kept; the caller fills in its last fields later. */
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
    // A part at once, so that shifting does not cost on every call.
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
   * As the endpoint shows them: `at` as ISO text, `parameters` as a value, null when it was not
   * kept or is no JSON.
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
