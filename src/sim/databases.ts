/**
 * What a gate is for: one database on each machine, of which one takes writes and the others follow
 * it. A small model: a write is a number, a database is a chain of them.
 *
 * A follower gets what its primary has while the two reach each other and it has nothing of its own
 * (no errant transactions). With `sync` a write is acknowledged once a follower has it, as with
 * semi-synchronous replication that waits; without it, at once.
 */
/** The last write of a database, and through it all before. */
interface Chain {
  readonly id: number;
  readonly length: number;
  readonly before: Chain | undefined;
}

const lengthOf = (chain: Chain | undefined): number => chain?.length ?? 0;

function isPrefix(short: Chain | undefined, long: Chain | undefined): boolean {
  let one = long;
  while (lengthOf(one) > lengthOf(short)) one = one?.before;
  return one === short;
}

export class SimulatedDatabase {
  /** Of its machine. */
  readonly id: number;
  isWritable = false;
  /** The machine with the database that it copies. */
  follows: number | undefined;
  chain: Chain | undefined;

  constructor(id: number) {
    this.id = id;
  }

  get length(): number {
    return lengthOf(this.chain);
  }

  /** Has it nothing that the other one does not have? */
  isContainedIn(other: SimulatedDatabase): boolean {
    return isPrefix(this.chain, other.chain);
  }

  /** Forgets those of `ids` that it does not have. */
  keepOnly(ids: Set<number>): void {
    const here = new Set<number>();
    for (let one = this.chain; one !== undefined; one = one.before) here.add(one.id);
    for (const id of ids) if (!here.has(id)) ids.delete(id);
  }

  /** How many of `ids` it does not have. */
  lacks(ids: ReadonlySet<number>): number {
    let count = ids.size;
    for (let one = this.chain; one !== undefined; one = one.before) if (ids.has(one.id)) count -= 1;
    return count;
  }
}

/** Of one instance or sync group: a database on each machine. */
export class ReplicatedService {
  readonly databases: readonly SimulatedDatabase[];
  /** Writes that were acknowledged to a client. */
  readonly acknowledged: Set<number> = new Set();
  readonly #sync: boolean;
  readonly #reach: (a: number, b: number) => boolean;
  #next = 1;

  /** @param reach do the two machines reach each other, and does the second one run? */
  constructor(count: number, sync: boolean, reach: (a: number, b: number) => boolean) {
    this.databases = Array.from({ length: count }, (_, id) => new SimulatedDatabase(id));
    this.#sync = sync;
    this.#reach = reach;
  }

  of({ id }: { readonly id: number }): SimulatedDatabase {
    return this.databases[id] as SimulatedDatabase;
  }

  /** A client writes, and nobody need take it. */
  write(to: SimulatedDatabase): void {
    if (!to.isWritable) return;
    const id = this.#next;
    this.#next += 1;
    to.chain = { id, length: to.length + 1, before: to.chain };
    if (!this.#sync || this.replicate(to) > 0) this.acknowledged.add(id);
  }

  /** Followers in reach get all they lack. How many there are of them. */
  replicate(from: SimulatedDatabase): number {
    let count = 0;
    for (const one of this.databases) {
      if (one === from || one.isWritable || one.follows !== from.id) continue;
      if (!this.#reach(from.id, one.id) || !one.isContainedIn(from)) continue;
      one.chain = from.chain;
      count += 1;
    }
    return count;
  }

  /** The other database that takes writes, as far as it can be asked. */
  primaryInReachOf(from: SimulatedDatabase): SimulatedDatabase | undefined {
    return this.databases.find(
      (one) => one !== from && one.isWritable && this.#reach(from.id, one.id),
    );
  }

  /** Those of the others that can be asked. */
  inReachOf(from: SimulatedDatabase): readonly SimulatedDatabase[] {
    return this.databases.filter((one) => one !== from && this.#reach(from.id, one.id));
  }
}
