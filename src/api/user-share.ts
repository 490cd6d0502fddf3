/**
 * Every user of the machine reaches a loopback address: none of them may have all of its
 * connections. Root may.
 */
import type { ApiHost, TcpEnds } from "#daemon/api-port";

type UserOf = ApiHost["userOf"];

interface Connection extends TcpEnds {
  once(event: "close", listener: () => void): unknown;
}

export class UserShare {
  readonly #most: number;
  readonly #userOf: UserOf;
  readonly #counts = new Map<number, number>();
  #open = 0;

  /** @param most of one user; nobody is asked about the first half of as many */
  constructor(most: number, userOf: UserOf) {
    this.#most = most;
    this.#userOf = userOf;
  }

  /** False: its user has as many as one may have, and it is to be closed. */
  admit(connection: Connection): boolean {
    const user = this.#open < this.#most / 2 ? undefined : this.#userOf(connection);
    const count = user === undefined ? 0 : (this.#counts.get(user) ?? 0);
    if (user !== undefined && user !== 0 && count >= this.#most) return false;
    this.#open += 1;
    if (user !== undefined) this.#counts.set(user, count + 1);
    connection.once("close", () => this.#gone(user));
    return true;
  }

  #gone(user: number | undefined): void {
    this.#open -= 1;
    if (user === undefined) return;
    const left = (this.#counts.get(user) ?? 1) - 1;
    if (left > 0) this.#counts.set(user, left);
    else this.#counts.delete(user);
  }
}
