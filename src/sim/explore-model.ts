/**
 * The model that `explore.ts` goes through: two or three routers of the shipping core, the packets
 * between them, and every choice the world has at one moment. Pure: a choice gives a new state.
 *
 * Time moves from deadline to deadline. At one instant packets arrive and due routers fire in any
 * order; time moves on only when every packet has arrived or was lost (`slow` lets some stay on
 * their way) and everybody who runs has fired. Packets between two routers keep their order.
 */

import { type IpAddress, ipv4 } from "#units/address";
import { earliest, type Instant } from "#units/time";
import { type Priority, RELEASE } from "#units/vrrp";
import type { RouterConfig } from "#vrrp/router/config";
import type { RouterEffect, RouterEvent } from "#vrrp/router/event";
import { leaseFor } from "#vrrp/router/lease";
import { deadline, initialState, step } from "#vrrp/router/router";
import type { RouterState } from "#vrrp/router/state";
import { strongestPeer } from "#vrrp/router/step";
import {
  afterCrash,
  compareData,
  endRun,
  type GateChoice,
  type GateModel,
  gateChoices,
  newGate,
  performOnGate,
} from "./explore-gate.ts";

/** How often each kind of trouble may still happen. */
export interface Budget {
  /** A packet is lost. */
  readonly lose: number;
  /** Time moves on while packets are on their way. */
  readonly slow: number;
  /** Everything of a machine is killed; it may be started again at any time. */
  readonly crash: number;
  /** SIGSTOP: packets wait in the socket. */
  readonly hang: number;
  /** The whole machine: packets to it are lost. */
  readonly pause: number;
  /** A clean stop. */
  readonly stop: number;
  /** An operator asks the master for a planned move. */
  readonly switch: number;
  /** After a start the switch port forwards nothing until it is opened. */
  readonly latePort: number;
  /** A promotion or a demotion fails. */
  readonly refuse?: number;
  /** One is over before any frame arrives. */
  readonly prompt?: number;
  /**
   * Somebody else says something in the name of another router: that it gives up (priority 0), or
   * that it is the master.
   */
  readonly forge?: number;
}

export interface ModelNode {
  readonly mode: "up" | "dead" | "hung" | "paused";
  readonly state: RouterState;
  /** Until when the kernel answers for the address, if nobody prolongs it. */
  readonly ownsUntil: Instant | undefined;
  readonly portOpen: boolean;
  /** Advertisements sent; and, by sender, the number of the last one heard. */
  readonly sent: number;
  readonly heard: readonly number[];
  /** Since the start of the exploration nothing was done to it. */
  readonly untouched: boolean;
  readonly gate: GateModel | undefined;
}

export interface Packet {
  readonly from: number;
  readonly to: number;
  readonly priority: Priority;
  readonly sequence: number;
}

export interface ClusterModel {
  readonly now: Instant;
  readonly nodes: readonly ModelNode[];
  readonly packets: readonly Packet[];
  readonly budget: Budget;
  /** A pair with gates: since when both have been serving, and no packet was lost. */
  readonly bothSince?: Instant | undefined;
}

export type Choice =
  | { readonly kind: "deliver" | "lose"; readonly packet: number }
  | {
      readonly kind:
        | "fire"
        | "crash"
        | "start"
        | "startLate"
        | "openPort"
        | "hang"
        | "pause"
        | "resume"
        | "stop"
        | "switch"
        | "switchBack"
        | GateChoice;
      readonly node: number;
    }
  /** To `node`, in the name of `from`. */
  | {
      readonly kind: "forgeRelease" | "forgeMaster";
      readonly node: number;
      readonly from: number;
    }
  | { readonly kind: "tick" };

/** The kernel ends a lifetime of whole seconds up to a second late. */
const EXPIRY_LATE = 1_000_000;

export const addressOf = (node: number): IpAddress => ipv4(0xc0_00_02_01 + node);

/** Nothing runs yet. */
export function emptyModel(
  configs: readonly RouterConfig[],
  budget: Budget,
  now: Instant,
): ClusterModel {
  const nodes = configs.map(
    (config, index): ModelNode => ({
      mode: "dead",
      state: initialState(config, true, addressOf(index)),
      ownsUntil: undefined,
      portOpen: true,
      sent: 0,
      heard: configs.map(() => 0),
      untouched: true,
      gate: newGate(config),
    }),
  );
  return { now, nodes, packets: [], budget };
}

/** Everything that can happen next. */
export function choicesOf(model: ClusterModel): Choice[] {
  const { nodes, packets, budget, now } = model;
  const choices: Choice[] = [];
  const seen = new Set<number>();
  for (const [index, packet] of packets.entries()) {
    const pair = packet.from * 8 + packet.to;
    if (seen.has(pair)) continue;
    seen.add(pair);
    if (nodes[packet.to]?.mode === "up") choices.push({ kind: "deliver", packet: index });
    if (budget.lose > 0) choices.push({ kind: "lose", packet: index });
  }
  let mustFire = false;
  for (const [index, node] of nodes.entries()) {
    const due = deadline(node.state);
    if (node.mode === "up" && due !== undefined && due <= now) {
      mustFire = true;
      choices.push({ kind: "fire", node: index });
    }
    choices.push(...troubles(index, node, budget));
    if (node.mode === "up" && (budget.forge ?? 0) > 0)
      for (const from of nodes.keys())
        if (from !== index)
          choices.push(
            { kind: "forgeRelease", node: index, from },
            { kind: "forgeMaster", node: index, from },
          );
    if (node.mode === "up" && node.gate !== undefined)
      for (const kind of gatesOf(model, index, node.gate)) choices.push({ kind, node: index });
  }
  const onTheirWay = packets.some((packet) => nodes[packet.to]?.mode === "up");
  if (!mustFire && (!onTheirWay || budget.slow > 0)) choices.push({ kind: "tick" });
  return choices;
}

function troubles(index: number, node: ModelNode, budget: Budget): Choice[] {
  const choices: Choice[] = [];
  const may = (kind: "crash" | "hang" | "pause" | "stop"): void => {
    if (budget[kind] > 0) choices.push({ kind, node: index });
  };
  if (node.mode === "up") {
    may("crash");
    may("hang");
    may("pause");
    if (node.state.phase.kind !== "stopped") may("stop");
    else choices.push({ kind: "start", node: index });
    if (node.state.phase.kind === "master" && budget.switch > 0)
      choices.push({ kind: "switch", node: index });
    if (node.state.switched !== undefined) choices.push({ kind: "switchBack", node: index });
    if (!node.portOpen) choices.push({ kind: "openPort", node: index });
  } else if (node.mode === "dead") {
    choices.push({ kind: "start", node: index });
    if (budget.latePort > 0) choices.push({ kind: "startLate", node: index });
  } else {
    choices.push({ kind: "resume", node: index });
  }
  return choices;
}

export function choose(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  choice: Choice,
): ClusterModel {
  const next = follow(configs, model, choice);
  const areBoth = next.nodes.every((node) => node.gate !== undefined && serves(node));
  const bothSince = areBoth ? (next.bothSince ?? next.now) : undefined;
  return bothSince === next.bothSince ? next : { ...next, bothSince };
}

function follow(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  choice: Choice,
): ClusterModel {
  switch (choice.kind) {
    case "deliver":
      return deliver(configs, model, choice.packet);
    case "lose":
      return spend({ ...drop(model, choice.packet), bothSince: undefined }, "lose");
    case "fire":
      return feed(configs, model, choice.node, { kind: "timeReached" });
    case "tick":
      return tick(model);
    case "crash":
      return spend(crash(model, choice.node), "crash");
    case "hang":
      return spend(put(model, choice.node, { mode: "hung", untouched: false }), "hang");
    case "pause":
      return spend(
        put(lostFor(model, choice.node), choice.node, { mode: "paused", untouched: false }),
        "pause",
      );
    case "resume":
      return put(model, choice.node, { mode: "up" });
    case "stop":
      return spend(
        feed(configs, put(model, choice.node, { untouched: false }), choice.node, { kind: "stop" }),
        "stop",
      );
    case "switch": {
      const asked = put(model, choice.node, { untouched: false });
      return spend(feed(configs, asked, choice.node, { kind: "switchAsked" }), "switch");
    }
    case "switchBack":
      return feed(configs, model, choice.node, { kind: "switchBack" });
    case "done":
      return endOfRun(configs, model, choice.node, "done");
    case "doneAtOnce":
      return spend(endOfRun(configs, model, choice.node, "done"), "prompt");
    case "refuse":
      return spend(endOfRun(configs, model, choice.node, "refused"), "refuse");
    case "probe":
      return answerProbe(configs, model, choice.node);
    case "compare":
      return answerComparison(configs, model, choice.node);
    case "look":
      return inGateOf(model, choice.node, { isWritable: true });
    case "forgeRelease":
      return forge(configs, model, choice.node, choice.from, RELEASE);
    case "forgeMaster":
      return forge(
        configs,
        model,
        choice.node,
        choice.from,
        (configs[choice.from] as RouterConfig).priority,
      );
    case "rejoin":
      return rejoin(configs, model, choice.node);
    case "person":
      return feed(configs, model, choice.node, { kind: "promoteAsked" });
    case "openPort":
      return put(model, choice.node, { portOpen: true });
    case "start":
      return start(configs, model, choice.node, true);
    case "startLate":
      return spend(start(configs, model, choice.node, false), "latePort");
  }
}

const spend = (model: ClusterModel, what: keyof Budget): ClusterModel => ({
  ...model,
  budget: { ...model.budget, [what]: (model.budget[what] ?? 0) - 1 },
});

function crash(model: ClusterModel, index: number): ClusterModel {
  const gate = afterCrash(model.nodes[index]?.gate);
  return put(lostFor(model, index), index, { mode: "dead", untouched: false, gate });
}

/** It answers for the address, and whoever comes is let in. */
export const serves = ({ ownsUntil, gate, mode }: ModelNode): boolean =>
  ownsUntil !== undefined && mode !== "paused" && gate?.isOpen !== false;

const isServed = ({ nodes }: ClusterModel, except: number): boolean =>
  nodes.some((node, at) => at !== except && serves(node) && node.gate?.database === "primary");

const gatesOf = (model: ClusterModel, index: number, gate: GateModel): readonly GateChoice[] =>
  gateChoices(gate, {
    mayRefuse: (model.budget.refuse ?? 0) > 0,
    mayBePrompt: (model.budget.prompt ?? 0) > 0,
    mayFollow: model.nodes[index]?.state.phase.kind === "backup" && isServed(model, index),
    isWrittenElsewhere: model.nodes.some(
      (node, at) => at !== index && isInReach(node) && node.gate?.isWritable === true,
    ),
    now: model.now,
  });

/** Its database can be asked: that has a process of its own, which goes on while ours hang. */
const isInReach = ({ mode }: ModelNode): boolean => mode === "up" || mode === "hung";

const inGateOf = (model: ClusterModel, index: number, change: Partial<GateModel>): ClusterModel => {
  const gate = model.nodes[index]?.gate;
  return gate === undefined ? model : put(model, index, { gate: { ...gate, ...change } });
};

function answerComparison(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  index: number,
): ClusterModel {
  const gate = model.nodes[index]?.gate;
  if (gate?.comparison === undefined) return model;
  const { run, peer } = gate.comparison;
  const other = model.nodes.find((node, at) => addressOf(at) === peer && isInReach(node))?.gate;
  const result = compareData(gate, other);
  const asked = inGateOf(model, index, { comparison: undefined });
  return feed(configs, asked, index, { kind: "dataCompared", run, result });
}

/** Heard at once; it says nothing about the router that it names. */
function forge(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  index: number,
  from: number,
  value: Priority,
): ClusterModel {
  const interval = (configs[from] as RouterConfig).advertInterval;
  const event = {
    kind: "advertReceived",
    priority: value,
    interval,
    from: addressOf(from),
  } as const;
  return feed(configs, spend(model, "forge"), index, event);
}

function endOfRun(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  index: number,
  outcome: "done" | "refused",
): ClusterModel {
  const before = model.nodes[index]?.gate;
  if (before === undefined) return model;
  const { gate, events } = endRun(before, outcome);
  let next = put(model, index, { gate });
  const isPromoted = before.work?.kind === "promote" && outcome === "done";
  if (isPromoted && configs[index]?.gate?.comparesData === true)
    for (const [at, node] of next.nodes.entries())
      if (at !== index && isInReach(node)) next = inGateOf(next, at, { isWritable: false });
  for (const event of events) next = feed(configs, next, index, event);
  return next;
}

/** ARP: the kernel of another node answers, whatever has become of its processes. */
function answerProbe(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  index: number,
): ClusterModel {
  const gate = model.nodes[index]?.gate;
  if (gate?.question === undefined) return model;
  const { run } = gate.question;
  const isAnswered = model.nodes.some(
    ({ ownsUntil, mode }, at) => at !== index && ownsUntil !== undefined && mode !== "paused",
  );
  const asked = put(model, index, { gate: { ...gate, question: undefined } });
  const by = isAnswered ? "somebody" : "nobody";
  return feed(configs, asked, index, { kind: "probeAnswered", run, by });
}

/** A former primary follows the present one, and has nothing of its own. */
function rejoin(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  index: number,
): ClusterModel {
  const gate = model.nodes[index]?.gate;
  if (gate === undefined) return model;
  const follows = inGateOf(model, index, {
    isMarked: false,
    database: "replica",
    isWritable: false,
  });
  return feed(configs, follows, index, { kind: "eligibleChanged", eligible: true });
}

const put = (model: ClusterModel, index: number, change: Partial<ModelNode>): ClusterModel => ({
  ...model,
  nodes: model.nodes.map((node, at) => (at === index ? { ...node, ...change } : node)),
});

const drop = (model: ClusterModel, packet: number): ClusterModel => ({
  ...model,
  packets: model.packets.toSpliced(packet, 1),
});

/** What is on its way to a machine that is off is lost. */
const lostFor = (model: ClusterModel, node: number): ClusterModel => ({
  ...model,
  packets: model.packets.filter((packet) => packet.to !== node),
});

function start(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  index: number,
  portOpen: boolean,
): ClusterModel {
  const config = configs[index] as RouterConfig;
  const state = initialState(config, true, addressOf(index));
  const fresh = put(lostFor(model, index), index, {
    mode: "up",
    state,
    portOpen,
    heard: configs.map(() => 0),
  });
  const started = feed(configs, fresh, index, { kind: "startup" });
  const gate = started.nodes[index]?.gate;
  if (gate === undefined) return started;
  return feed(configs, started, index, { kind: "eligibleChanged", eligible: !gate.isMarked });
}

function deliver(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  index: number,
): ClusterModel {
  const packet = model.packets[index] as Packet;
  const { from, to, priority, sequence } = packet;
  const receiver = model.nodes[to] as ModelNode;
  const heard = priority === 0 ? receiver.heard : receiver.heard.with(from, sequence);
  const arrived = put(drop(model, index), to, { heard });
  const interval = (configs[from] as RouterConfig).advertInterval;
  return feed(configs, arrived, to, {
    kind: "advertReceived",
    priority,
    interval,
    from: addressOf(from),
  });
}

/** To the next deadline of anybody who runs, or the end of a lease. */
function tick(model: ClusterModel): ClusterModel {
  let next: Instant | undefined;
  for (const node of model.nodes) {
    if (node.mode === "up") next = earliest(next, deadline(node.state));
    next = earliest(next, node.ownsUntil);
  }
  if (next === undefined) return model;
  const now = Math.max(next, model.now) as Instant;
  const waiting = model.packets.some((packet) => model.nodes[packet.to]?.mode === "up");
  const nodes = model.nodes.map((node) =>
    node.ownsUntil !== undefined && node.ownsUntil <= now
      ? { ...node, ownsUntil: undefined }
      : node,
  );
  const moved = { ...model, now, nodes };
  return waiting ? spend(moved, "slow") : moved;
}

function feed(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  index: number,
  event: RouterEvent,
): ClusterModel {
  const config = configs[index] as RouterConfig;
  const node = model.nodes[index] as ModelNode;
  const result = step(config, node.state, event, model.now);
  let next = put(model, index, { state: result.state });
  for (const effect of result.effects) next = perform(configs, next, index, effect);
  return next;
}

function perform(
  configs: readonly RouterConfig[],
  model: ClusterModel,
  index: number,
  effect: RouterEffect,
): ClusterModel {
  const config = configs[index] as RouterConfig;
  const node = model.nodes[index] as ModelNode;
  const seconds = (count: number): Instant =>
    (model.now + count * 1_000_000 + EXPIRY_LATE) as Instant;
  switch (effect.kind) {
    case "sendAdvert":
      return send(model, index, effect.priority, effect.to);
    case "addAddresses":
    case "refreshAddresses": {
      const lease = leaseFor(config, strongestPeer(config, node.state), false);
      return put(model, index, { ownsUntil: seconds(lease.addressSeconds) });
    }
    case "holdAddresses":
      return put(model, index, { ownsUntil: seconds(Math.ceil(effect.micros / 1_000_000)) });
    case "removeAddresses":
      return put(model, index, { ownsUntil: undefined });
    case "announce":
    case "cancelAnnouncements":
    case "transition":
    case "priorityChanged":
    case "report":
      return model;
    case "promote":
    case "demote":
    case "cancelGate":
    case "closeFence":
    case "openFence":
    case "probe":
    case "compare":
    case "drain":
    case "resetConnections":
      return node.gate === undefined
        ? model
        : put(model, index, { gate: performOnGate(node.gate, effect, model.now) });
  }
}

function send(
  model: ClusterModel,
  index: number,
  priority: Priority,
  only: IpAddress | undefined,
): ClusterModel {
  const sender = model.nodes[index] as ModelNode;
  const sequence = sender.sent + 1;
  const sent = priority > 0 ? put(model, index, { sent: sequence }) : model;
  if (!sender.portOpen) return sent;
  const added: Packet[] = [];
  for (const [to, receiver] of model.nodes.entries()) {
    if (to === index || (only !== undefined && addressOf(to) !== only)) continue;
    const gets = receiver.portOpen && (receiver.mode === "up" || receiver.mode === "hung");
    if (gets) added.push({ from: index, to, priority, sequence });
  }
  return { ...sent, packets: [...sent.packets, ...added] };
}
