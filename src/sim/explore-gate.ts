/**
 * What is behind a router's gate in the model of `explore-model.ts`: the one request that has no
 * answer yet, the one question, the fence, and the database as the last run has left it. A run
 * takes longer than a frame does (but for `prompt` of the budget); its answer may come at any time
 * after that, or never.
 *
 * Where data is compared (`comparesData`) the gate is one of a database: a promotion makes the
 * other database read-only first, as far as that one can be reached, and a promoted one that finds
 * itself read-only while no other takes writes takes them again (`look`). All have the same data,
 * since nobody is written to beside another one; who takes writes is ahead.
 */
import type { IpAddress } from "#units/address";
import type { Instant } from "#units/time";
import type { RouterConfig } from "#vrrp/router/config";
import type { DataComparison, RouterEffect, RouterEvent } from "#vrrp/router/event";

export interface GateModel {
  /** A promotion or a demotion that has not been answered. */
  readonly work: Work | undefined;
  /** Does anybody answer for the address? */
  readonly question: { readonly run: number } | undefined;
  /** A comparison that has no answer yet. */
  readonly comparison: { readonly run: number; readonly peer: IpAddress } | undefined;
  readonly isOpen: boolean;
  /** "unknown": a run is on its way, or has failed. */
  readonly database: "primary" | "replica" | "unknown";
  /** It takes writes; a primary that does not was made read-only by the other node's promotion. */
  readonly isWritable: boolean;
  /** On the disk: it was primary, and is not known to have been demoted with nothing lost. */
  readonly isMarked: boolean;
}

interface Work {
  readonly kind: "promote" | "demote";
  readonly run: number;
  readonly begunAt: Instant;
  /** What is lost by a demotion of this kind is with nobody else. */
  readonly isClean: boolean;
}

export type GateChoice =
  | "done"
  | "doneAtOnce"
  | "refuse"
  | "probe"
  | "compare"
  | "look"
  | "rejoin"
  | "person";

export const newGate = ({ gate }: RouterConfig): GateModel | undefined =>
  gate === undefined
    ? undefined
    : {
        work: undefined,
        question: undefined,
        comparison: undefined,
        isOpen: false,
        database: "replica",
        isWritable: false,
        isMarked: false,
      };

/** All processes are gone: what ran has no end that anybody hears of. */
export const afterCrash = (gate: GateModel | undefined): GateModel | undefined =>
  gate === undefined
    ? undefined
    : {
        ...gate,
        database: gate.work === undefined ? gate.database : "unknown",
        work: undefined,
        question: undefined,
        comparison: undefined,
      };

export interface Around {
  readonly mayRefuse: boolean;
  readonly mayBePrompt: boolean;
  /** It is a backup, and another node serves: a former primary may follow that one. */
  readonly mayFollow: boolean;
  /** Another database that can be reached takes writes. */
  readonly isWrittenElsewhere: boolean;
  readonly now: Instant;
}

export function gateChoices(
  { work, question, comparison, database, isWritable, isMarked }: GateModel,
  { mayRefuse, mayBePrompt, mayFollow, isWrittenElsewhere, now }: Around,
): readonly GateChoice[] {
  const choices: GateChoice[] = [];
  const isLater = work !== undefined && now > work.begunAt;
  if (isLater) choices.push("done");
  if (work !== undefined && !isLater && mayBePrompt) choices.push("doneAtOnce");
  if (isLater && mayRefuse) choices.push("refuse");
  if (question !== undefined) choices.push("probe");
  if (comparison !== undefined) choices.push("compare");
  if (database === "primary" && !isWritable && !isWrittenElsewhere) choices.push("look");
  if (work === undefined && isMarked && mayFollow) choices.push("rejoin");
  return choices;
}

/** The effect of a router on what is behind its gate. */
export function performOnGate(gate: GateModel, effect: RouterEffect, now: Instant): GateModel {
  switch (effect.kind) {
    case "promote":
      return {
        ...gate,
        work: { kind: "promote", run: effect.run, begunAt: now, isClean: false },
        database: "unknown",
        isMarked: true,
      };
    case "demote": {
      const isClean = effect.isPlanned || effect.reason === "refused";
      const work = { kind: "demote", run: effect.run, begunAt: now, isClean } as const;
      return { ...gate, work, database: "unknown" };
    }
    case "cancelGate":
      return gate.work?.run === effect.run ? { ...gate, work: undefined } : gate;
    case "closeFence":
      return { ...gate, isOpen: effect.only === "new" && gate.isOpen };
    case "openFence":
      return { ...gate, isOpen: true };
    case "probe":
      return { ...gate, question: { run: effect.run } };
    case "compare":
      return { ...gate, comparison: { run: effect.run, peer: effect.peer } };
    case "sendAdvert":
    case "addAddresses":
    case "refreshAddresses":
    case "holdAddresses":
    case "removeAddresses":
    case "announce":
    case "cancelAnnouncements":
    case "transition":
    case "priorityChanged":
    case "report":
    case "drain":
    case "resetConnections":
      // No router of this model lets connections end.
      return gate;
  }
}

/** Its run has ended: what is behind the gate now, and what the router hears of it. */
export function endRun(
  gate: GateModel,
  outcome: "done" | "refused",
): { readonly gate: GateModel; readonly events: readonly RouterEvent[] } {
  const { work } = gate;
  if (work === undefined) return { gate, events: [] };
  const answered: RouterEvent = { kind: "gateAnswered", run: work.run, outcome };
  if (work.kind === "promote") {
    const change =
      outcome === "done"
        ? ({ database: "primary", isWritable: true } as const)
        : ({ database: "unknown" } as const);
    return { gate: { ...gate, ...change, work: undefined }, events: [answered] };
  }
  const isDone = outcome === "done";
  const isMarked = gate.isMarked && !(isDone && work.isClean);
  const change = isDone
    ? ({ database: "replica", isWritable: false } as const)
    : ({ database: "unknown" } as const);
  const events: readonly RouterEvent[] = [
    { kind: "eligibleChanged", eligible: !isMarked },
    answered,
  ];
  return { gate: { ...gate, ...change, work: undefined, isMarked }, events };
}

/** What a comparison finds; `theirs` is undefined where it cannot be reached. */
export const compareData = (ours: GateModel, theirs: GateModel | undefined): DataComparison =>
  theirs === undefined
    ? "unknown"
    : ours.isWritable === theirs.isWritable
      ? "equal"
      : ours.isWritable
        ? "ours"
        : "theirs";
