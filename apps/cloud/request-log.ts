/**
 * `GET /_baton/requests`: what was asked of the API, oldest first.
 *
 * Kept for every call and read now and then, so parameters stay the text they came as until somebody asks.
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

export class RequestLog {
  #entries: LoggedRequest[] = [];

  add(entry: LoggedRequest): LoggedRequest {
    this.#entries.push(entry);
    // A part at once, so that shifting does not cost on every call.
    if (this.#entries.length > 1.2 * KEPT_MAX) this.#entries = this.#entries.slice(-KEPT_MAX);
    return entry;
  }

  clear(): void {
    this.#entries = [];
  }

  /** As the endpoint shows them: `at` as ISO text, `parameters` as a value, null when it was not kept or is no JSON. */
  list(): readonly object[] {
    return this.#entries.slice(-KEPT_MAX).map(({ requestId, atMillis, parameters, ...rest }) => ({
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
