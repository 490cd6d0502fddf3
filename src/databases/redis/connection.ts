/** A connection to a Redis server, as everything here sees it. */
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Login } from "../port/credentials.ts";

/** Every connection of Baton has it, so that it is not taken for an application's. */
export const OWN_NAME = "baton";

export interface Connection {
  readonly isOpen: boolean;
  /** Rejects with `RedisProblem`. After a time-out the connection is closed. */
  call(args: readonly string[], timeoutMs: number): Promise<unknown>;
  destroy(): void;
}

/**
 * `unreachable`: nobody accepts a connection; `hung`: somebody does, and does not answer;
 * `refused`: the login; `answer`: the server's error to a command.
 */
export type ProblemKind = "unreachable" | "hung" | "refused" | "answer";

export class RedisProblem extends Error {
  readonly kind: ProblemKind;

  constructor(kind: ProblemKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface DialLimits {
  /** Until somebody accepts. */
  readonly connectMs: number;
  /** All of it, with the login. */
  readonly loginMs: number;
}

export type Dial = (
  at: DatabaseAddress,
  login: Login | undefined,
  limits: DialLimits,
) => Promise<Connection>;

/** Fulfils or rejects with the work, or rejects with `late` when the time is over. */
export async function within<T>(
  work: Promise<T>,
  ms: number,
  late: () => RedisProblem,
): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const timeout = setTimeout(() => timer.reject(late()), Math.max(0, ms));
  try {
    return await Promise.race([work, timer.promise]);
  } finally {
    clearTimeout(timeout);
  }
}

export const asProblem = (error: unknown): RedisProblem =>
  error instanceof RedisProblem
    ? error
    : new RedisProblem("unreachable", error instanceof Error ? error.message : String(error));
