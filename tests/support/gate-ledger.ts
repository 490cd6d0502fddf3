/**
 * What the world sees of one router with a gate, made from its effects alone: which addresses are
 * there, whether the fence is open, what is promoted, and what has been asked. Compared with what a
 * gate promises.
 */
import assert from "node:assert/strict";
import type { Instant } from "#units/time";
import type { GateConfig, RouterConfig } from "#vrrp/router/config";
import type { RouterEffect, RouterEvent } from "#vrrp/router/event";
import { deadline } from "#vrrp/router/router";
import type { RouterState } from "#vrrp/router/state";
import { publicState, type Step } from "#vrrp/router/step";
import { printEffect } from "./print-core.ts";

export interface Ledger {
  readonly shown: string;
  readonly hasAddress: boolean;
  /** Packets of running connections pass. */
  readonly fence: "closed" | "new" | "open";
  /**
   * The last promotion that ended was done (with `on_refusal serve` it has ended in whatever way),
   * and no demotion was asked for since.
   */
  readonly isPromoted: boolean;
  readonly asked:
    | { readonly run: number; readonly kind: string; readonly until: Instant }
    | undefined;
  readonly lastRun: number;
}

export const newLedger: Ledger = {
  shown: "INIT",
  hasAddress: false,
  fence: "closed",
  isPromoted: false,
  asked: undefined,
  lastRun: 0,
};

/** The ledger after this step; throws where the router broke a promise. */
export function account(
  config: RouterConfig & { readonly gate: GateConfig },
  before: Ledger,
  event: RouterEvent,
  { state, effects }: Step,
  now: Instant,
): Ledger {
  const text = () => `${JSON.stringify(event)}: ${effects.map(printEffect).join(" | ")}`;
  let ledger = before;
  const { asked } = before;
  if (event.kind === "gateAnswered" && asked?.run === event.run) {
    // Unless it was too late already: then the router has ended it, before it looked at the answer.
    const isCancelled = effects.some((one) => one.kind === "cancelGate" && one.run === event.run);
    if (!isCancelled) {
      const isPromotion = asked.kind === "promote";
      ledger = { ...ledger, asked: undefined };
      if (isPromotion && event.outcome === "done") ledger = { ...ledger, isPromoted: true };
      if (isPromotion && event.outcome === "refused") ledger = servedAfter(config, ledger);
    }
  }
  if (event.kind === "unitDemoted" && state.phase.kind === "fault")
    ledger = { ...ledger, isPromoted: false };
  for (const effect of effects) ledger = afterEffect(config, ledger, effect, text, now);
  check(ledger, state, text, now);
  return ledger;
}

const servedAfter = ({ gate }: RouterConfig, ledger: Ledger): Ledger =>
  gate?.onRefusal === "serve" ? { ...ledger, isPromoted: true } : ledger;

function afterEffect(
  config: RouterConfig,
  ledger: Ledger,
  effect: RouterEffect,
  text: () => string,
  now: Instant,
): Ledger {
  const { asked } = ledger;
  switch (effect.kind) {
    case "transition":
      assert.equal(effect.from, ledger.shown, text());
      assert.notEqual(effect.from, effect.to, text());
      return { ...ledger, shown: effect.to };
    case "addAddresses":
      assert.ok(
        ledger.hasAddress || ledger.isPromoted,
        `an address without a promotion: ${text()}`,
      );
      return { ...ledger, hasAddress: true };
    case "removeAddresses":
      assert.notEqual(ledger.fence, "open", `served while it goes: ${text()}`);
      return { ...ledger, hasAddress: false };
    case "refreshAddresses":
    case "holdAddresses":
    case "announce":
      assert.ok(ledger.hasAddress, `${effect.kind} without an address: ${text()}`);
      return ledger;
    case "resetConnections":
      assert.ok(ledger.hasAddress || config.handover === "break-before-make", text());
      return ledger;
    case "closeFence":
      return { ...ledger, fence: effect.only ?? "closed" };
    case "openFence":
      assert.ok(ledger.isPromoted, `open without a promotion: ${text()}`);
      return { ...ledger, fence: "open" };
    case "promote":
    case "demote": {
      assert.equal(asked, undefined, `two at once: ${text()}`);
      assert.ok(effect.run > ledger.lastRun, text());
      const until = (now + effect.micros) as Instant;
      const lost = effect.kind === "demote" ? { isPromoted: false } : {};
      // A demotion follows the fence.
      if (effect.kind === "demote") assert.equal(ledger.fence, "closed", text());
      return {
        ...ledger,
        ...lost,
        asked: { run: effect.run, kind: effect.kind, until },
        lastRun: effect.run,
      };
    }
    case "cancelGate": {
      assert.equal(asked?.run, effect.run, `ends what does not run: ${text()}`);
      const ended = { ...ledger, asked: undefined };
      return asked?.kind === "promote" ? servedAfter(config, ended) : ended;
    }
    case "probe":
    case "compare":
    case "drain":
      assert.ok(effect.run > ledger.lastRun, text());
      return { ...ledger, lastRun: effect.run };
    case "sendAdvert":
    case "cancelAnnouncements":
    case "priorityChanged":
    case "report":
      return ledger;
  }
}

function check(ledger: Ledger, state: RouterState, text: () => string, now: Instant): void {
  const { phase, gate } = state;
  const { kind } = phase;
  assert.equal(ledger.shown, publicState(phase), text());
  assert.equal(gate?.fence, ledger.fence, `the fence as it is: ${text()}`);
  const isDone = kind === "promoting" && phase.isDone === true;
  assert.equal(gate?.isPromoted === true || isDone, ledger.isPromoted, `as it is: ${text()}`);
  assert.ok(ledger.fence === "closed" || ledger.isPromoted, `open, and not promoted: ${text()}`);
  const isOwner = kind === "master" || kind === "demoting";
  if (isOwner) assert.ok(ledger.hasAddress, `${kind} without the address: ${text()}`);
  if (kind === "backup" || kind === "fault" || kind === "stopped") {
    assert.ok(!ledger.hasAddress, `${kind} with the address: ${text()}`);
    assert.equal(ledger.fence, "closed", text());
    // But for a link that may be back in time.
    if (kind !== "fault") assert.ok(!ledger.isPromoted, `${kind} and promoted: ${text()}`);
  }
  if (kind === "promoting") {
    if (isDone) assert.ok(phase.master.rivals.length > 0 || now < phase.opensAt, text());
    else assert.equal(ledger.asked?.kind, "promote", `promoting, and nothing runs: ${text()}`);
    assert.equal(ledger.fence, "closed", text());
  }
  assert.equal(gate?.running?.run, ledger.asked?.run, `what runs: ${text()}`);
  if (ledger.asked === undefined || kind === "stopped") return;
  const due = deadline(state);
  assert.ok(due !== undefined && due <= ledger.asked.until, `nobody looks at the time: ${text()}`);
  assert.ok(now <= ledger.asked.until, `without an end: ${text()}`);
}
