/** What a person is shown when a request failed. */
export interface Failure {
  readonly kind: "failed";
  /** Undefined: there was no answer. */
  readonly status: number | undefined;
  readonly message: string;
  readonly help?: string;
  /** The whole answer, for those who know more about its shape. */
  readonly body?: unknown;
}
