/**
 * The world of an engine that only watches: whatever it wants to do succeeds and has no effect.
 * What it reports is kept until the comparison takes it.
 */
import type { FromEngine } from "#vrrp/engine/engine-link";
import { OK, type World } from "#vrrp/engine/world";

export type Emitted = Extract<FromEngine, { readonly type: "transition" | "drop" }>;

export class PassiveWorld implements World {
  readonly guard: undefined;
  #emitted: Emitted[] = [];

  listen(): typeof OK {
    return OK;
  }
  unlisten(): void {}
  sendAdverts(): undefined {}
  isUnresolved(): boolean {
    return false;
  }
  forwardsIpv6(): boolean {
    return false;
  }

  sendFrame(): typeof OK {
    return OK;
  }
  setAddress(): typeof OK {
    return OK;
  }
  prolongAddresses(): undefined {}
  removeAddress(): typeof OK {
    return OK;
  }
  promoteSecondaries(): typeof OK {
    return OK;
  }
  claimed(): ReadonlySet<never> {
    return new Set();
  }

  /** What is watched may be a capture of long ago: the age of a signature is not looked at. */
  unixTime(): number {
    return 0;
  }

  emit(message: FromEngine): void {
    if (message.type === "transition" || message.type === "drop") this.#emitted.push(message);
  }

  /** What was emitted since the last call. */
  take(): readonly Emitted[] {
    const taken = this.#emitted;
    this.#emitted = [];
    return taken;
  }
}
