/**
 * Who has a place at the control socket. When there is none left, the client that has waited for
 * nothing the longest leaves; else, if watchers have more than half of the places, the oldest of
 * those. Who waits for an answer stays: while all do, a new one is refused.
 */

export interface Client {
  /** It leaves, and is closed. */
  end(): void;
}

export class Clients {
  readonly #most: number;
  readonly #all = new Set<Client>();
  /** The one that has been idle the longest comes first. */
  readonly #idle = new Set<Client>();
  readonly #watching = new Set<Client>();

  constructor(most: number) {
    this.#most = most;
  }

  /** False: there is no room. */
  enter(one: Client): boolean {
    if (this.#all.size >= this.#most && !this.#makeRoom()) return false;
    this.#all.add(one);
    this.#idle.add(one);
    return true;
  }

  #makeRoom(): boolean {
    const [idlest] = this.#idle;
    const [oldest] = this.#watching;
    const leaves = idlest ?? (this.#watching.size * 2 > this.#most ? oldest : undefined);
    if (leaves === undefined) return false;
    this.leave(leaves);
    leaves.end();
    return true;
  }

  leave(one: Client): void {
    this.#all.delete(one);
    this.#idle.delete(one);
    this.#watching.delete(one);
  }

  /** A request of it is being answered. */
  asked(one: Client): void {
    this.#idle.delete(one);
  }

  /** From now on it waits for changes. */
  watches(one: Client): void {
    if (this.#all.has(one)) this.#watching.add(one);
  }

  answered(one: Client): void {
    if (this.#all.has(one) && !this.#watching.has(one)) this.#idle.add(one);
  }
}
