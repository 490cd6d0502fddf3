/** A server, and the connection to it that is kept: what is asked in a hurry needs no login. */
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Login } from "../port/credentials.ts";
import { asProblem, type Connection, type Dial, RedisProblem } from "./connection.ts";
import { type Facts, readFacts } from "./facts.ts";

/** A machine that is there accepts within a round trip. */
const CONNECT_MS = 200;

export class Link {
  readonly at: DatabaseAddress;
  readonly #login: Login | undefined;
  readonly #dial: Dial;
  #connection: Connection | undefined;
  #isClosed = false;
  /** It accepted, and did not answer, when it was last looked at. */
  isHung = false;

  constructor(at: DatabaseAddress, login: Login | undefined, dial: Dial) {
    this.at = at;
    this.#login = login;
    this.#dial = dial;
  }

  /**
   * A kept connection may have died unseen: then once more by a new one.
   *
   * @param keptMs how long a kept connection may take. Nothing but a new one shows whether the
   * machine is gone or its server is slow.
   */
  async use<T>(
    timeoutMs: number,
    work: (connection: Connection, leftMs: number) => Promise<T>,
    keptMs: number = timeoutMs,
  ): Promise<T> {
    const begun = performance.now();
    const left = (): number => timeoutMs - (performance.now() - begun);
    const kept = this.#connection;
    if (kept?.isOpen === true) {
      try {
        return await work(kept, Math.min(keptMs, timeoutMs));
      } catch (error) {
        if (asProblem(error).kind === "answer" || left() < 1) throw error;
        this.drop();
      }
    }
    return await work(await this.#open(Math.max(1, left())), Math.max(1, left()));
  }

  async call(args: readonly string[], timeoutMs: number): Promise<unknown> {
    return await this.use(timeoutMs, (connection, leftMs) => connection.call(args, leftMs));
  }

  async facts(timeoutMs: number, keptMs?: number): Promise<Facts> {
    return await this.use(timeoutMs, readFacts, keptMs);
  }

  async #open(timeoutMs: number): Promise<Connection> {
    if (this.#isClosed) throw new RedisProblem("unreachable", "closed");
    const connectMs = Math.min(CONNECT_MS, timeoutMs);
    const opened = await this.#dial(this.at, this.#login, { connectMs, loginMs: timeoutMs });
    if (this.#isClosed) {
      opened.destroy();
      throw new RedisProblem("unreachable", "closed");
    }
    this.#connection?.destroy();
    this.#connection = opened;
    return opened;
  }

  drop(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.drop();
  }
}

/** Facts, or why there are none. */
export type Seen =
  | { readonly facts: Facts; readonly problem?: undefined }
  | { readonly facts?: undefined; readonly problem: RedisProblem };

export async function see(link: Link, timeoutMs: number, keptMs?: number): Promise<Seen> {
  try {
    const facts = await link.facts(timeoutMs, keptMs);
    link.isHung = false;
    return { facts };
  } catch (error) {
    const problem = asProblem(error);
    link.isHung = problem.kind === "hung";
    return { problem };
  }
}

/** A peer, and what it said. */
export interface PeerView {
  readonly link: Link;
  readonly seen: Seen;
}

export async function seeAll(
  links: readonly Link[],
  timeoutMs: number,
): Promise<readonly PeerView[]> {
  return await Promise.all(links.map(async (link) => ({ link, seen: await see(link, timeoutMs) })));
}
