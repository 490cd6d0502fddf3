/** A server, and the connection to it that is kept: what is asked in a hurry needs no login. */
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Login } from "./credentials.ts";
import { asProblem, type DialLimits, ServerProblem } from "./problem.ts";

/** A machine that is there accepts within a round trip. */
const CONNECT_MS = 200;

/** A connection of any kind. */
export interface Closable {
  readonly isOpen: boolean;
  destroy(): void;
}

/** Rejects with `ServerProblem`. */
export type Dial<C> = (
  at: DatabaseAddress,
  login: Login | undefined,
  limits: DialLimits,
) => Promise<C>;

export class Link<C extends Closable> {
  readonly at: DatabaseAddress;
  readonly #login: Login | undefined;
  readonly #dial: Dial<C>;
  #connection: C | undefined;
  #isClosed = false;
  /** It accepted, and did not answer, when it was last looked at. */
  isHung = false;

  constructor(at: DatabaseAddress, login: Login | undefined, dial: Dial<C>) {
    this.at = at;
    this.#login = login;
    this.#dial = dial;
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen === true;
  }

  /** The kept connection, or a new one. */
  async open(timeoutMs: number): Promise<C> {
    const kept = this.#connection;
    if (kept?.isOpen === true) return kept;
    const opened = await this.another(timeoutMs);
    this.#connection?.destroy();
    this.#connection = opened;
    return opened;
  }

  /** One more, which the caller closes. */
  async another(timeoutMs: number): Promise<C> {
    if (this.#isClosed) throw new ServerProblem("unreachable", "closed");
    const connectMs = Math.min(CONNECT_MS, timeoutMs);
    const opened = await this.#dial(this.at, this.#login, { connectMs, loginMs: timeoutMs });
    if (!this.#isClosed) return opened;
    opened.destroy();
    throw new ServerProblem("unreachable", "closed");
  }

  /**
   * A kept connection may have died unseen: then once more by a new one.
   *
   * @param keptMs how long a kept connection may take. Nothing but a new one shows whether the
   * machine is gone or its server is slow.
   */
  async use<T>(
    timeoutMs: number,
    work: (connection: C, leftMs: number) => Promise<T>,
    keptMs: number = timeoutMs,
  ): Promise<T> {
    const begun = performance.now();
    const left = (): number => timeoutMs - (performance.now() - begun);
    const kept = this.#connection;
    if (kept?.isOpen === true) {
      try {
        return await work(kept, Math.min(keptMs, timeoutMs));
      } catch (error) {
        const isAnswer = !(error instanceof ServerProblem) || error.kind === "answer";
        if (isAnswer || left() < 1) throw error;
        this.drop();
      }
    }
    const opened = await this.open(Math.max(1, left()));
    return await work(opened, Math.max(1, left()));
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
export type Seen<F> =
  | { readonly facts: F; readonly problem?: undefined }
  | { readonly facts?: undefined; readonly problem: ServerProblem };

/** Another server, and what it said. */
export interface PeerView<C extends Closable, F> {
  readonly link: Link<C>;
  readonly seen: Seen<F>;
}

export type Read<C, F> = (connection: C, timeoutMs: number) => Promise<F>;

/** Never rejects. */
export async function see<C extends Closable, F>(
  link: Link<C>,
  read: Read<C, F>,
  timeoutMs: number,
  keptMs?: number,
): Promise<Seen<F>> {
  try {
    const facts = await link.use(timeoutMs, read, keptMs);
    link.isHung = false;
    return { facts };
  } catch (error) {
    const problem = asProblem(error);
    link.isHung = problem.kind === "hung";
    return { problem };
  }
}

/** All at once. */
export async function seeAll<C extends Closable, F>(
  links: readonly Link<C>[],
  read: Read<C, F>,
  timeoutMs: number,
  keptMs?: number,
): Promise<readonly PeerView<C, F>[]> {
  return await Promise.all(
    links.map(async (link) => ({ link, seen: await see(link, read, timeoutMs, keptMs) })),
  );
}
