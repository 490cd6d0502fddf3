/**
 * The fence of both families of addresses (nft-fence-table.ts), over one socket. Each has a table
 * of its own, so they are asked one after the other: what the first refuses is not asked of the
 * second, and nothing is served before all is closed.
 */
import { type Fence, type FenceEntry, type FenceMode, OK, type Outcome } from "#vrrp/engine/world";
import { type FenceKind, FenceTable, IPV4, IPV6, kindOf } from "./nft-fence-table.ts";
import { type NftSocket, openNftSocket } from "./nft-socket.ts";
import { type Result, success } from "./result.ts";

interface Part {
  readonly kind: FenceKind;
  readonly table: FenceTable;
}

export class NftFence implements Fence {
  readonly #socket: NftSocket;
  readonly #parts: readonly Part[];

  constructor(socket: NftSocket, table: string, hasFib: boolean) {
    this.#socket = socket;
    this.#parts = [IPV4, IPV6].map((kind) => ({
      kind,
      table: new FenceTable(socket, kind, table, hasFib),
    }));
  }

  /** From now on so, whatever it was before and whoever closed it. */
  close(entries: readonly FenceEntry[], which: FenceMode): Outcome {
    return this.#each(entries, (table, some) => table.close(some, which));
  }

  /** Whoever closed them. */
  open(entries: readonly FenceEntry[]): Outcome {
    return this.#each(entries, (table, some) => table.open(some));
  }

  /** Opens what earlier processes left closed, unless it is kept. The last takes the rules. */
  clean(isKept: (entry: FenceEntry) => boolean): Outcome {
    for (const { table } of this.#parts) {
      const outcome = table.clean(isKept);
      if (!outcome.ok) return outcome;
    }
    return OK;
  }

  /** Everything that is closed in this network namespace, also only for what is new. */
  closed(): Result<readonly FenceEntry[]> {
    const all: FenceEntry[] = [];
    for (const { table } of this.#parts) {
      const found = table.closed();
      if (!found.ok) return found;
      all.push(...found.value);
    }
    return success(all);
  }

  /**
   * Puts back what this process closed and another program has removed. True: something was
   * missing.
   */
  restore(): Result<boolean> {
    let wasMissing = false;
    for (const { table } of this.#parts) {
      const restored = table.restore();
      if (!restored.ok) return restored;
      wasMissing ||= restored.value;
    }
    return success(wasMissing);
  }

  #each(
    entries: readonly FenceEntry[],
    ask: (table: FenceTable, some: readonly FenceEntry[]) => Outcome,
  ): Outcome {
    for (const { kind, table } of this.#parts) {
      const some = entries.filter(({ address }) => kindOf(address) === kind);
      const outcome = some.length === 0 ? OK : ask(table, some);
      if (!outcome.ok) return outcome;
    }
    return OK;
  }

  /** Closes the socket. The rules stay. */
  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** What of the kernel is used; tests pretend that it is an older one. */
export interface FenceOptions {
  readonly table?: string;
  readonly hasFib?: boolean;
}

/**
 * A fence in the calling thread's network namespace, or why there can be none: EPROTONOSUPPORT or
 * EOPNOTSUPP (and the like) where the kernel has no nf_tables, EPERM without CAP_NET_ADMIN.
 */
export function openNftFence({
  table = "baton_fence",
  hasFib = true,
}: FenceOptions = {}): Result<NftFence> {
  const socket = openNftSocket();
  return socket.ok ? success(new NftFence(socket.value, table, hasFib)) : socket;
}
