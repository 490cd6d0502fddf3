/**
 * The engine's fence: opened when a gate needs it, so that a daemon without one has no such socket,
 * and put back when another program has removed it.
 */
import type { Fence, FenceEntry, FenceMode, Outcome } from "#vrrp/engine/world";
import { type NftFence, openNftFence } from "./nft-fence.ts";
import type { Reactor } from "./reactor.ts";
import { type Result, success } from "./result.ts";
import { putBackRules } from "./rule-watch.ts";

export class KernelFence implements Fence {
  readonly #reactor: Reactor;
  readonly #warn: (text: string) => void;
  #fence: NftFence | undefined;

  constructor(reactor: Reactor, warn: (text: string) => void) {
    this.#reactor = reactor;
    this.#warn = warn;
  }

  close(entries: readonly FenceEntry[], which: FenceMode): Outcome {
    const fence = this.#fence === undefined ? this.#open() : success(this.#fence);
    return fence.ok ? fence.value.close(entries, which) : fence;
  }

  open(entries: readonly FenceEntry[]): Outcome {
    return this.#once((fence) => fence.open(entries));
  }

  clean(isKept: (entry: FenceEntry) => boolean): Outcome {
    return this.#once((fence) => fence.clean(isKept));
  }

  /** What a process that has closed nothing asks needs no watch. */
  #once(ask: (fence: NftFence) => Outcome): Outcome {
    if (this.#fence !== undefined) return ask(this.#fence);
    const opened = openNftFence();
    if (!opened.ok) return opened;
    using fence = opened.value;
    return ask(fence);
  }

  #open(): Result<NftFence> {
    const opened = openNftFence();
    if (!opened.ok) return opened;
    const fence = opened.value;
    this.#fence = fence;
    putBackRules(this.#reactor, this.#warn, "the rules of the fence", () => fence.restore());
    return opened;
  }
}
