/** When to retry a call, and how long to wait before that. */
import type { CallFailure } from "./call-failure.ts";

/**
 * Codes that mean "not now". The part before the first dot counts, as in the platform's own
 * clients.
 */
const TRANSIENT = new Set(["RequestLimitExceeded", "ResourceBusy", "ServiceUnavailable"]);
const MUTEX = "UnsupportedOperation.MutexOperationTaskRunning";

export interface Attempted {
  /** Whether repeating the call does no harm: it only reads, or it carries a ClientToken. */
  readonly isRepeatable: boolean;
  readonly failure: CallFailure;
}

export function isWorthRetrying({ isRepeatable, failure }: Attempted): boolean {
  switch (failure.kind) {
    case "refused": {
      const [family = ""] = failure.code.split(".");
      if (TRANSIENT.has(family) || failure.code === MUTEX) return true;
      return isRepeatable && family === "InternalError";
    }
    case "http":
      // 429 and 503 come from something in front of the service that did not carry the call
      // out.
      return (
        failure.status === 429 || failure.status === 503 || (isRepeatable && failure.status >= 500)
      );
    case "unreachable":
      return failure.errno !== "ABORTED" && (isRepeatable || !failure.wasSent);
    case "timeout":
      return isRepeatable;
    case "unreadable":
    case "unsendable":
      return false;
  }
}

const BASE_MS = 200;
const CAP_MS = 5_000;

/**
 * Full jitter: anything up to the doubled wait, so that many clients do not come back together.
 * `random` in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  const most = Math.min(CAP_MS, BASE_MS * 2 ** attempt);
  return Math.round(most / 2 + (most / 2) * random);
}
