/**
 * The fence of one machine's kernel: packets to a port of an address are dropped. It outlives every
 * process, and goes with the machine's power alone.
 */
import type { IpAddress } from "#units/address";
import { type Fence, type FenceEntry, type FenceMode, OK, type Outcome } from "#vrrp/engine/world";

const REFUSED: Outcome = { ok: false, errno: "ENOBUFS", call: "nf_tables" };

const keyOf = ({ address, protocol, port }: FenceEntry): string => `${address}/${protocol}/${port}`;

export class SimulatedFence implements Fence {
  readonly #closed = new Map<string, { readonly entry: FenceEntry; readonly which: FenceMode }>();
  /** Calls that fail. */
  refuses: readonly (keyof Fence)[] = [];
  /** Something changed that decides who answers. */
  onChange: () => void = () => {};

  close(entries: readonly FenceEntry[], which: FenceMode): Outcome {
    if (this.refuses.includes("close")) return REFUSED;
    for (const entry of entries) this.#closed.set(keyOf(entry), { entry, which });
    this.onChange();
    return OK;
  }

  open(entries: readonly FenceEntry[]): Outcome {
    if (this.refuses.includes("open")) return REFUSED;
    for (const entry of entries) this.#closed.delete(keyOf(entry));
    this.onChange();
    return OK;
  }

  clean(isKept: (entry: FenceEntry) => boolean): Outcome {
    if (this.refuses.includes("clean")) return REFUSED;
    for (const [key, { entry }] of this.#closed) if (!isKept(entry)) this.#closed.delete(key);
    this.onChange();
    return OK;
  }

  /** What is dropped of what comes for one of these. */
  stateOf(entry: FenceEntry): "open" | FenceMode {
    return this.#closed.get(keyOf(entry))?.which ?? "open";
  }

  /** Are running connections to any port of this address let through? */
  lets(address: IpAddress): boolean {
    for (const { entry, which } of this.#closed.values())
      if (entry.address === address && which !== "new") return false;
    return true;
  }

  /** The machine lost its power. */
  clear(): void {
    this.#closed.clear();
    this.refuses = [];
    this.onChange();
  }
}
