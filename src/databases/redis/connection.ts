/** A connection to a Redis server, as everything here sees it. */
import type { Closable, Dial, Link } from "../port/link.ts";

/** Every connection of Baton has it, so that it is not taken for an application's. */
export const OWN_NAME = "baton";

export interface Connection extends Closable {
  /** Rejects with `ServerProblem`. After a time-out the connection is closed. */
  call(args: readonly string[], timeoutMs: number): Promise<unknown>;
}

export type RedisDial = Dial<Connection>;
export type RedisLink = Link<Connection>;
