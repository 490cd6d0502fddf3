/**
 * Explicit-state exploration of the core: from a start, every interleaving of deliver, lose, tick,
 * fire, crash, start, hang, pause, resume, stop and late port, breadth first, to a depth and within
 * a budget of troubles. States that differ in nothing but the absolute time are one.
 *
 * Invariants, in every state:
 *   lease     a router that took over from an unheard master, of which it had heard the last
 *             advertisement, never owns the address together with it: a master that is dead, hung
 *             or paused has lost it by then
 *   ownership (nopreempt) an established owner to which nothing is done is still the owner
 *   gate      who serves has been promoted, and two never serve (a pair: not for `bothServe` after
 *             the last packet that was lost)
 *   awake     nobody who has just fired is due again at the same instant
 *   recovers  left alone from here (everybody runs, nothing is lost), one owner is left in the end
 */

import { assert } from "#units/assert";
import { fromCentis, type Instant, type Micros } from "#units/time";
import type { Allowance } from "#vrrp/router/allowance";
import type { RouterConfig } from "#vrrp/router/config";
import { deadline } from "#vrrp/router/router";
import { masterDown } from "#vrrp/router/timing";
import {
  type Budget,
  type Choice,
  type ClusterModel,
  choicesOf,
  choose,
  emptyModel,
  type ModelNode,
  serves,
} from "./explore-model.ts";

export interface Exploration {
  readonly name: string;
  readonly configs: readonly RouterConfig[];
  readonly budget: Budget;
  readonly depth: number;
  /**
   * Start this one first and let all run undisturbed for so many intervals, so that it is the
   * established owner.
   */
  readonly owner: number | undefined;
  readonly warmIntervals: number;
  /** nopreempt: whoever is owner after that has to stay it while nothing is done to it. */
  readonly keepsOwnership: boolean;
  /** A pair with gates may be in conflict for so long; undefined: never. */
  readonly bothServe?: Micros;
  /** From one state in so many, recovery is tried. */
  readonly recoverEvery: number;
  readonly statesMax: number;
}

export interface BrokenInvariant {
  readonly invariant: string;
  readonly text: string;
  readonly path: readonly string[];
}

export interface ExploreResult {
  readonly states: number;
  readonly steps: number;
  readonly depth: number;
  /** Every state within depth and budget was seen. */
  readonly complete: boolean;
  readonly recoveries: number;
  readonly finding: BrokenInvariant | undefined;
}

interface Visit {
  readonly model: ClusterModel;
  readonly choice: Choice | undefined;
  readonly from: Visit | undefined;
}

export function explore(exploration: Exploration): ExploreResult {
  const { configs, depth: depthMax, statesMax } = exploration;
  const start = warmUp(exploration);
  const { owner } = exploration;
  assert(
    owner === undefined || start.nodes[owner]?.state.phase.kind === "master",
    "the owner of the exploration is not the master at its start",
  );
  const seen = new Set<number>([hashOf(start)]);
  let frontier: Visit[] = [{ model: start, choice: undefined, from: undefined }];
  let steps = 0;
  let depth = 0;
  let recoveries = 0;
  const done = (finding: BrokenInvariant | undefined, complete: boolean): ExploreResult => ({
    states: seen.size,
    steps,
    depth,
    complete,
    recoveries,
    finding,
  });
  while (frontier.length > 0 && depth < depthMax) {
    const next: Visit[] = [];
    for (const visit of frontier) {
      for (const choice of choicesOf(visit.model)) {
        const model = choose(configs, visit.model, choice);
        steps += 1;
        const reached: Visit = { model, choice, from: visit };
        const broken =
          checkAwake(model, choice) ??
          checkLease(configs, visit.model, model) ??
          checkSwitch(visit.model, model) ??
          checkGate(model, exploration.bothServe ?? 0) ??
          (exploration.keepsOwnership && owner !== undefined
            ? checkOwnership(model, owner)
            : undefined);
        if (broken !== undefined) return done({ ...broken, path: pathOf(reached) }, false);
        const hash = hashOf(model);
        if (seen.has(hash)) continue;
        seen.add(hash);
        if (hash % exploration.recoverEvery === 0) {
          recoveries += 1;
          const stuck = checkRecovery(configs, model);
          if (stuck !== undefined) return done({ ...stuck, path: pathOf(reached) }, false);
        }
        next.push(reached);
        if (seen.size >= statesMax) return done(undefined, false);
      }
    }
    frontier = next;
    depth += 1;
  }
  return done(undefined, true);
}

function warmUp({ configs, budget, warmIntervals, owner }: Exploration): ClusterModel {
  const interval = fromCentis((configs[0] as RouterConfig).advertInterval);
  let model = emptyModel(configs, NOTHING, 1_000_000_000 as Instant);
  const order = [...configs.keys()].toSorted((a, b) => Number(b === owner) - Number(a === owner));
  for (const node of order) {
    model = choose(configs, model, { kind: "start", node });
    if (node === owner) model = runAlone(configs, model, 5 * interval);
  }
  if (owner !== undefined) model = runUndisturbed(configs, model, warmIntervals * interval);
  return { ...model, budget, nodes: model.nodes.map((node) => ({ ...node, untouched: true })) };
}

/** Only who has been started. */
function runAlone(
  configs: readonly RouterConfig[],
  from: ClusterModel,
  micros: number,
): ClusterModel {
  return run(configs, from, from.now + micros, [...AT_WORK, "fire", "tick"]);
}

/** Everybody runs, packets arrive at once and in order. */
function runUndisturbed(
  configs: readonly RouterConfig[],
  from: ClusterModel,
  micros: number,
): ClusterModel {
  const end = from.now + micros;
  let model = from;
  for (const [index, node] of model.nodes.entries()) {
    if (node.mode === "hung" || node.mode === "paused")
      model = choose(configs, model, { kind: "resume", node: index });
    if (node.mode === "dead") model = choose(configs, model, { kind: "start", node: index });
  }
  for (const [index, node] of model.nodes.entries()) {
    if (!node.portOpen) model = choose(configs, model, { kind: "openPort", node: index });
    if (node.state.phase.kind === "stopped")
      model = choose(configs, model, { kind: "start", node: index });
  }
  return run(configs, model, end, [...AT_WORK, "fire", "start", "rejoin", "tick"]);
}

/** What is under way comes first. */
const AT_WORK: readonly Choice["kind"][] = ["deliver", "done", "probe", "compare", "look"];

function run(
  configs: readonly RouterConfig[],
  from: ClusterModel,
  end: number,
  order: readonly Choice["kind"][],
): ClusterModel {
  let model = from;
  while (model.now < end) {
    const choices = choicesOf(model);
    let first: Choice | undefined;
    for (const kind of order) first ??= choices.find((one) => one.kind === kind);
    if (first === undefined) return model;
    model = choose(configs, model, first);
  }
  return model;
}

type Broken = Omit<BrokenInvariant, "path">;

function checkAwake(model: ClusterModel, choice: Choice): Broken | undefined {
  if (choice.kind !== "fire") return undefined;
  const node = model.nodes[choice.node] as ModelNode;
  const due = deadline(node.state);
  return due !== undefined && due <= model.now
    ? { invariant: "awake", text: `router ${choice.node} is due again at once` }
    : undefined;
}

function checkLease(
  configs: readonly RouterConfig[],
  before: ClusterModel,
  after: ClusterModel,
): Broken | undefined {
  for (const [index, heir] of after.nodes.entries()) {
    const was = before.nodes[index]?.state.phase.kind;
    if (heir.state.phase.kind !== "master" || was === "master" || was === "switching") continue;
    if (heir.state.reason.kind !== "master-down") continue;
    for (const [other, old] of after.nodes.entries()) {
      if (other === index || old.ownsUntil === undefined || old.mode === "up") continue;
      if (old.state.phase.kind !== "master" || heir.heard[other] !== old.sent) continue;
      // Preemption does not wait until the master is unheard.
      const config = configs[index] as RouterConfig;
      const preempts =
        config.preempt && config.priority > (configs[other] as RouterConfig).priority;
      if (!preempts)
        return {
          invariant: "lease",
          text: `routers ${other} (${old.mode}) and ${index} both own the address`,
        };
    }
  }
  return undefined;
}

/** With a gate. */
function checkGate({ nodes, now, bothSince }: ClusterModel, bothServe: number): Broken | undefined {
  const serving = [...nodes.entries()].filter(
    ([, node]) => node.gate !== undefined && serves(node),
  );
  for (const [index, { gate }] of serving)
    if (gate?.database !== "primary")
      return { invariant: "gate", text: `router ${index} serves, and is ${gate?.database}` };
  const [first, second] = serving;
  const isBrief = bothSince !== undefined && now - bothSince < bothServe;
  return first === undefined || second === undefined || isBrief
    ? undefined
    : { invariant: "gate", text: `routers ${first[0]} and ${second[0]} both serve` };
}

/** Who runs and is asked for a move has the address until it is a backup. */
function checkSwitch(before: ClusterModel, after: ClusterModel): Broken | undefined {
  for (const [index, { mode, state, ownsUntil }] of after.nodes.entries()) {
    const was = before.nodes[index];
    if (mode !== "up" || was?.mode !== "up") continue;
    const { kind } = state.phase;
    // With another reason it gave up, and has taken over anew, in one step.
    const isBack = kind === "master" && isSwitching(was) && state.reason === was.state.reason;
    const isAsked = kind === "switching" || isBack;
    const hadIt = was.ownsUntil !== undefined;
    if (isAsked && hadIt && ownsUntil === undefined)
      return { invariant: "switch", text: `router ${index} lost the address while it was asked` };
    if (isBack && !hadIt)
      return { invariant: "switch", text: `router ${index} took back what it had lost` };
  }
  return undefined;
}

const isSwitching = ({ state }: ModelNode): boolean => state.phase.kind === "switching";

function checkOwnership(model: ClusterModel, owner: number): Broken | undefined {
  const node = model.nodes[owner] as ModelNode;
  return node.untouched && node.state.phase.kind !== "master"
    ? {
        invariant: "ownership",
        text: `router ${owner} was the established owner and gave way (${node.state.reason.kind})`,
      }
    : undefined;
}

function checkRecovery(configs: readonly RouterConfig[], from: ClusterModel): Broken | undefined {
  const first = configs[0] as RouterConfig;
  const longest = masterDown(first, first.advertInterval, 1);
  const settle = 3 * longest + 2 * first.preemptDelay + 10 * fromCentis(first.advertInterval);
  const gate = first.gate;
  const held = gate === undefined ? 0 : 2 * (gate.hold + gate.promoteTimeout + gate.demoteTimeout);
  let calm = runUndisturbed(configs, { ...from, budget: NOTHING }, settle + held);
  // Nobody may be promoted unless a person says so: both were primary, for all that is known.
  const isUnserved = gate !== undefined && !calm.nodes.some(serves);
  if (isUnserved && calm.nodes.every((node) => node.gate?.isMarked !== false)) {
    const asked = choose(configs, calm, { kind: "person", node: 0 });
    calm = runUndisturbed(configs, asked, settle + held);
  }
  const owners = calm.nodes.filter(
    (node) => node.state.phase.kind === "master" && node.ownsUntil !== undefined,
  );
  const backups = calm.nodes.filter((node) => node.state.phase.kind === "backup");
  if (owners.length === 1 && backups.length === calm.nodes.length - 1) return undefined;
  const states = calm.nodes.map((node) => `${node.state.phase.kind} (${node.state.reason.kind})`);
  return { invariant: "recovers", text: `left alone it ends as ${states.join(", ")}` };
}

const NOTHING: Budget = {
  lose: 0,
  slow: 0,
  crash: 0,
  hang: 0,
  pause: 0,
  stop: 0,
  switch: 0,
  latePort: 0,
};

function pathOf(visit: Visit): string[] {
  const path: string[] = [];
  for (let one: Visit | undefined = visit; one?.choice !== undefined; one = one.from) {
    const { choice, model, from } = one;
    const target =
      "node" in choice
        ? ` ${choice.node}`
        : "packet" in choice
          ? ` ${describePacket(from?.model, choice.packet)}`
          : "";
    const states = model.nodes.map(
      (node) => `${node.mode === "up" ? "" : `${node.mode} `}${node.state.phase.kind}`,
    );
    path.push(
      `${(model.now / 1_000_000).toFixed(6)} ${choice.kind}${target} -> ${states.join(" | ")}`,
    );
  }
  return path.toReversed();
}

function describePacket(model: ClusterModel | undefined, index: number): string {
  const packet = model?.packets[index];
  return packet === undefined ? "?" : `${packet.from}>${packet.to} priority ${packet.priority}`;
}

/** Names of fields that hold instants: hashed relative to now. */
const isInstant = (name: string): boolean =>
  name.endsWith("At") ||
  name.endsWith("Until") ||
  name === "ownerSince" ||
  name === "until" ||
  name === "at";

/** Nothing follows from them in a world without ARP. */
const IRRELEVANT: readonly string[] = [
  "reason",
  "since",
  "announcements",
  "foreignAt",
  "announced",
  // Requests are numbered; what matters is which one waits.
  "run",
];
const FULL_AFTER = 30_000_000;

/**
 * 53 bits over everything that can matter later; the reason and the moment of entering a phase do
 * not.
 */
function hashOf(model: ClusterModel): number {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  const number = (value: number): void => {
    a = Math.imul(a ^ (value | 0), 0x01000193);
    a = Math.imul(a ^ Math.floor(value / 4_294_967_296), 0x01000193) ^ (a >>> 15);
    b = Math.imul(b ^ (value | 0), 0x85ebca6b) ^ (b >>> 13);
    b = (b + 0x7f4a7c15) | 0;
  };
  /** After some seconds it is full, however old it is. */
  const allowance = (value: Allowance | undefined): void => {
    number(value === undefined ? -1 : Math.floor(value.left));
    number(value === undefined ? -1 : Math.min(model.now - value.at, FULL_AFTER));
  };
  const visit = (name: string, value: unknown): void => {
    if (typeof value === "number") number(isInstant(name) ? value - model.now : value);
    else if (typeof value === "string") {
      for (let i = 0; i < value.length; i++) number(value.charCodeAt(i));
    } else if (typeof value === "boolean") number(value ? 1 : 2);
    else if (value === undefined || value === null) number(3);
    else if (Array.isArray(value)) {
      number(value.length);
      for (const one of value) visit(name, one);
    } else {
      for (const [key, one] of Object.entries(value as object)) {
        if (IRRELEVANT.includes(key)) continue;
        number(key.length);
        if (key === "answers" || key === "takeOvers") allowance(one as Allowance | undefined);
        else visit(key, one);
      }
    }
  };
  // Counters of advertisements matter only as "heard the last one".
  for (const [index, node] of model.nodes.entries()) {
    const { sent: _, heard, ...rest } = node;
    visit("node", rest);
    for (const [other, last] of heard.entries())
      number(last === model.nodes[other]?.sent ? 1 : other === index ? 3 : 2);
  }
  for (const { from, to, priority } of model.packets) {
    number(from * 8 + to);
    number(priority);
  }
  visit("budget", model.budget);
  if (model.bothSince !== undefined) number(model.now - model.bothSince);
  return (b >>> 0) * 2_097_152 + ((a >>> 0) & 0x1fffff);
}
