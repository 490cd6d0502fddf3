/**
 * The engine's filter of `no_accept`: opened when an instance needs it, and put back when another
 * program has removed it.
 */
import { type AcceptFilter, OK, type Outcome, type Unanswered } from "#vrrp/engine/world";
import { type NftAccept, openNftAccept } from "./nft-accept.ts";
import type { Reactor } from "./reactor.ts";
import { putBackRules } from "./rule-watch.ts";

export class KernelAccept implements AcceptFilter {
  readonly #reactor: Reactor;
  readonly #warn: (text: string) => void;
  #filter: NftAccept | undefined;

  constructor(reactor: Reactor, warn: (text: string) => void) {
    this.#reactor = reactor;
    this.#warn = warn;
  }

  set(all: readonly Unanswered[]): Outcome {
    if (this.#filter !== undefined) return this.#filter.set(all);
    if (all.length === 0) return OK;
    const opened = openNftAccept();
    if (!opened.ok) return opened;
    const filter = opened.value;
    this.#filter = filter;
    putBackRules(this.#reactor, this.#warn, "the rules of no_accept", () => filter.restore());
    return filter.set(all);
  }

  clean(isKept: (one: Unanswered) => boolean): Outcome {
    if (this.#filter !== undefined) return this.#filter.clean(isKept);
    const opened = openNftAccept();
    // A kernel without nf_tables has no rules.
    if (!opened.ok) return OK;
    using filter = opened.value;
    return filter.clean(isKept);
  }
}
