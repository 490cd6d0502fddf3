/**
 * A refusal of the kernel: a value if the daemon can go on, an exception for tools and tests.
 */
import { type Failure, type Outcome, printFailure } from "#vrrp/engine/world";

export type Result<T> = { readonly ok: true; readonly value: T } | Failure;

export const success = <T>(value: T): Result<T> => ({ ok: true, value });

/** A `Failure` as an exception, for callers that cannot go on without what they asked for. */
export class LinuxError extends Error {
  override name = "LinuxError";
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(printFailure(failure));
    this.failure = failure;
  }
}

/** The value, or a LinuxError. */
export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new LinuxError(result);
  return result.value;
}

/** Nothing, or a LinuxError. */
export function mustDo(outcome: Outcome): void {
  if (!outcome.ok) throw new LinuxError(outcome);
}
