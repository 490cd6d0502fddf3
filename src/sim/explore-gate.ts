/**
 * What is behind a router's gate in the model of `explore-model.ts`: the one request that has no
 * answer yet, the one question, the fence, and the database as the last run has left it. A run
 * takes longer than a frame does; its answer may come at any time after that, or never.
 */
import type { Instant } from "#units/time";
import type { RouterConfig } from "#vrrp/router/config";
import type { RouterEffect, RouterEvent } from "#vrrp/router/event";

export interface GateModel {
  /** A promotion or a demotion that has not been answered. */
  readonly work: Work | undefined;
  /** Does anybody answer for the address? */
  readonly question: { readonly run: number } | undefined;
  readonly isOpen: boolean;
  /** "unknown": a run is on its way, or has failed. */
  readonly database: "primary" | "replica" | "unknown";
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

export type GateChoice = "done" | "refuse" | "probe" | "rejoin" | "person";

export const newGate = ({ gate }: RouterConfig): GateModel | undefined =>
  gate === undefined
    ? undefined
    : {
        work: undefined,
        question: undefined,
        isOpen: false,
        database: "replica",
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
      };

/** @param isServed another node serves: a former primary may follow it */
export function gateChoices(
  { work, question, isMarked }: GateModel,
  mayRefuse: boolean,
  isServed: boolean,
  now: Instant,
): readonly GateChoice[] {
  const choices: GateChoice[] = [];
  const isLater = work !== undefined && now > work.begunAt;
  if (isLater) choices.push("done");
  if (isLater && mayRefuse) choices.push("refuse");
  if (question !== undefined) choices.push("probe");
  if (work === undefined && isMarked && isServed) choices.push("rejoin");
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
    case "compare":
    case "drain":
    case "resetConnections":
      // No router of this model compares data, or lets connections end.
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
    const database = outcome === "done" ? "primary" : "unknown";
    return { gate: { ...gate, work: undefined, database }, events: [answered] };
  }
  const isDone = outcome === "done";
  const isMarked = gate.isMarked && !(isDone && work.isClean);
  const database = isDone ? "replica" : "unknown";
  const events: readonly RouterEvent[] = [
    { kind: "eligibleChanged", eligible: !isMarked },
    answered,
  ];
  return { gate: { ...gate, work: undefined, database, isMarked }, events };
}
