/** `GET /_baton/requests`: what was asked of the API, oldest first. */

export interface LoggedRequest {
  readonly requestId: string;
  /** Real time, ISO. */
  readonly at: string;
  readonly action: string;
  readonly version: string;
  readonly region: string;
  readonly secretId: string;
  readonly client: string;
  readonly signature: "tc3" | "v1";
  readonly method: string;
  /** JSON, or flat text of a query or form; null when it was too long to keep. */
  readonly parameters: unknown;
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

  list(): readonly LoggedRequest[] {
    return this.#entries.slice(-KEPT_MAX);
  }
}
