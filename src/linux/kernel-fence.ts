/**
 * The engine's fence: opened when a gate needs it, so that a daemon without one has no such socket,
 * and put back when another program has removed it.
 */
import {
  type Fence,
  type FenceEntry,
  type FenceMode,
  type Outcome,
  printFailure,
} from "#vrrp/engine/world";
import { now } from "./clock.ts";
import { openFenceWatch } from "./fence-watch.ts";
import { type NftFence, openNftFence } from "./nft-fence.ts";
import type { Reactor } from "./reactor.ts";
import { type Result, success } from "./result.ts";

/** Microseconds. Who removes it again and again is logged once a minute. */
const LOG_PAUSE = 60_000_000;

export class KernelFence implements Fence {
  readonly #reactor: Reactor;
  readonly #warn: (text: string) => void;
  #fence: NftFence | undefined;
  #loggedAt: number | undefined;

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
    const watched = openFenceWatch();
    // Without it the next request puts everything back.
    if (!watched.ok) return opened;
    const watch = watched.value;
    this.#reactor.add(watch.fd, () => {
      if (watch.read()) this.#restore(fence);
    });
    return opened;
  }

  #restore(fence: NftFence): void {
    const restored = fence.restore();
    if (restored.ok && !restored.value) return;
    const at = now();
    if (this.#loggedAt !== undefined && at - this.#loggedAt < LOG_PAUSE) return;
    this.#loggedAt = at;
    this.#warn(
      restored.ok
        ? "another program removed the rules of the fence (nft flush ruleset, a firewall's reload): they are back"
        : `another program removed the rules of the fence, and they cannot be put back: ${printFailure(restored)}`,
    );
  }
}
