/** What went wrong between Baton and a server, whatever its kind; and limits of a connection. */

/**
 * `unreachable`: nobody accepts a connection; `hung`: somebody does, and does not answer;
 * `refused`: the login; `answer`: the server's error to what it was asked.
 */
export type ProblemKind = "unreachable" | "hung" | "refused" | "answer";

export class ServerProblem extends Error {
  readonly kind: ProblemKind;
  /** The server's name of the error, or the system's; may be empty. */
  readonly code: string;

  constructor(kind: ProblemKind, message: string, code = "") {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

export interface DialLimits {
  /** Until somebody accepts. */
  readonly connectMs: number;
  /** All of it, with the login. */
  readonly loginMs: number;
}

/** Fulfils or rejects with the work, or rejects with `late` when the time is over. */
export async function within<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => timer.reject(late()), Math.max(0, ms));
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}

/** @param otherwise what an error of no server is taken for */
export function asProblem(error: unknown, otherwise: ProblemKind = "unreachable"): ServerProblem {
  if (error instanceof ServerProblem) return error;
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  return new ServerProblem(otherwise, message, String(code));
}
