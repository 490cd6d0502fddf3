/** The explorations that are run: small clusters, few troubles, all interleavings. */

import { centis, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import type { RouterConfig } from "#vrrp/router/config";
import { electionBound } from "./check-overlap.ts";
import type { Exploration } from "./explore.ts";
import type { Budget } from "./explore-model.ts";

/**
 * One second, so that the kernel's address lifetime is the lease; two missed advertisements are
 * enough to keep paths short.
 */
const router = (change: Partial<RouterConfig>): RouterConfig => ({
  name: "V",
  vrid: vrid(1),
  version: 3,
  priority: priority(100),
  advertInterval: centis(100),
  preempt: false,
  preemptDelay: micros(0),
  startupDelay: micros(0),
  downTimerAdverts: 3,
  peerCount: 1,
  lowerPrioNoAdvert: false,
  higherPrioSendAdvert: false,
  handover: "make-before-break",
  announce: {
    delay: micros(0),
    repeat: 1,
    refresh: micros(0),
    refreshRepeat: 1,
    lowerPrioDelay: micros(0),
    lowerPrioRepeat: 0,
  },
  trackers: [],
  trackPrimary: true,
  ...change,
});

const NONE: Budget = {
  lose: 0,
  slow: 0,
  crash: 0,
  hang: 0,
  pause: 0,
  stop: 0,
  switch: 0,
  latePort: 0,
};

const pair = (change: Partial<RouterConfig> = {}): readonly RouterConfig[] => [
  router(change),
  router(change),
];
const uneven = (change: Partial<RouterConfig> = {}): readonly RouterConfig[] => [
  router({ ...change, priority: priority(100) }),
  router({ ...change, priority: priority(150) }),
];
const three = (change: Partial<RouterConfig> = {}): readonly RouterConfig[] =>
  [100, 100, 100].map((one) => router({ ...change, peerCount: 2, priority: priority(one) }));

type Settings = Omit<Exploration, "name" | "configs" | "budget" | "depth">;

/** Nothing runs yet. */
const COLD: Settings = {
  owner: undefined,
  warmIntervals: 0,
  keepsOwnership: false,
  recoverEvery: 16,
  statesMax: 400_000,
};
/** Router 0 has been the owner for a while: the weaker one, and the one with the lower address. */
const WARM: Settings = { ...COLD, owner: 0, warmIntervals: 300 };

const pairs = (): readonly Exploration[] => [
  {
    ...COLD,
    name: "pair, equal, nopreempt: start, losses, crash",
    configs: pair(),
    budget: { ...NONE, lose: 2, crash: 1, latePort: 1 },
    depth: 26,
  },
  {
    ...COLD,
    name: "pair, uneven, preempt: start, losses, crash",
    configs: uneven({ preempt: true }),
    budget: { ...NONE, lose: 2, crash: 1, latePort: 1 },
    depth: 26,
  },
];

const pairsAtWork = (): readonly Exploration[] => [
  {
    ...WARM,
    name: "pair, uneven, nopreempt, owner at work: crash, hang, pause, stop, losses",
    configs: uneven(),
    budget: { ...NONE, lose: 2, crash: 1, hang: 1, pause: 1, stop: 1, latePort: 1, slow: 1 },
    depth: 15,
  },
  {
    ...WARM,
    name: "pair, equal, nopreempt, owner at work: everything done to the other",
    configs: pair(),
    budget: { ...NONE, crash: 1, hang: 1, pause: 1, latePort: 1 },
    depth: 20,
    keepsOwnership: true,
  },
  {
    ...WARM,
    name: "pair, equal, nopreempt, owner at work: the other reboots behind a late port",
    configs: pair(),
    budget: { ...NONE, crash: 1, latePort: 1 },
    depth: 80,
    keepsOwnership: true,
  },
  {
    ...WARM,
    name: "pair, uneven, nopreempt, weaker owner at work: the other reboots behind a late port, one loss",
    configs: uneven(),
    budget: { ...NONE, crash: 1, latePort: 1, lose: 1 },
    depth: 60,
    keepsOwnership: true,
  },
  {
    ...WARM,
    name: "pair, uneven, nopreempt, weaker owner at work: the other hangs",
    configs: uneven(),
    budget: { ...NONE, hang: 1 },
    depth: 60,
    keepsOwnership: true,
  },
  {
    ...WARM,
    name: "pair, uneven, nopreempt, weaker owner at work: the other is paused",
    configs: uneven(),
    budget: { ...NONE, pause: 1 },
    depth: 60,
    keepsOwnership: true,
  },
  {
    ...WARM,
    name: "pair, uneven, nopreempt, weaker owner at work: enough losses for a mistaken take-over",
    configs: uneven(),
    budget: { ...NONE, lose: 4 },
    depth: 120,
    keepsOwnership: true,
  },
];

const switches = (): readonly Exploration[] => [
  {
    ...WARM,
    name: "pair, uneven, preempt, stronger owner at work: an operator's moves, losses, crash, hang",
    configs: uneven({ preempt: true }),
    owner: 1,
    budget: { ...NONE, switch: 3, lose: 2, crash: 1, hang: 1 },
    depth: 18,
  },
  {
    ...WARM,
    name: "pair, equal, nopreempt, owner at work: an operator's moves, losses, pause, stop",
    configs: pair(),
    budget: { ...NONE, switch: 2, lose: 2, pause: 1, stop: 1, slow: 1 },
    depth: 18,
  },
  {
    ...WARM,
    name: "three, equal, nopreempt, owner at work: an operator's moves, crash, losses",
    configs: three(),
    budget: { ...NONE, switch: 2, crash: 1, lose: 1 },
    depth: 14,
  },
];

const GATE: NonNullable<RouterConfig["gate"]> = {
  promoteTimeout: micros(2_000_000),
  demoteTimeout: micros(1_500_000),
  onRefusal: "backup",
  hold: micros(3_000_000),
  probe: "arp",
  comparesData: false,
  needsEligible: true,
  drain: micros(0),
  resetConnections: false,
};

/** Answers come at any time: that alone is many states, so there are few troubles besides. */
const gates = (): readonly Exploration[] => [
  {
    ...COLD,
    name: "pair with gates: start, answers in any order, a refusal, a crash",
    configs: pair({ gate: GATE }),
    budget: { ...NONE, refuse: 1, crash: 1 },
    depth: 30,
  },
  {
    ...WARM,
    name: "pair with gates, owner at work: a crash, a loss, refusals",
    configs: pair({ gate: GATE }),
    budget: { ...NONE, crash: 1, lose: 1, refuse: 2 },
    depth: 30,
  },
  {
    ...WARM,
    name: "pair with gates, owner at work: a planned move, a refusal, a hang",
    configs: pair({ gate: GATE }),
    budget: { ...NONE, switch: 2, hang: 1, refuse: 2 },
    depth: 30,
  },
  {
    ...WARM,
    name: "pair with gates, owner at work: a stop, refusals, late answers",
    configs: uneven({ gate: { ...GATE, onRefusal: "fault" } }),
    budget: { ...NONE, stop: 1, refuse: 2, slow: 1 },
    depth: 30,
  },
  {
    ...WARM,
    name: "pair with gates, owner at work: enough losses for a mistaken take-over",
    configs: pair({ gate: GATE }),
    budget: { ...NONE, lose: 4 },
    depth: 60,
    keepsOwnership: true,
  },
];

const DATABASE: typeof GATE = { ...GATE, comparesData: true };

/** After a forged priority 0 nobody is asked for the address: it counts who is heard. */
const forgeries = (): readonly Exploration[] => [
  {
    ...WARM,
    name: "pair with gates, owner at work: forged packets, a prompt promotion",
    configs: pair({ gate: GATE }),
    budget: { ...NONE, forge: 2, prompt: 1 },
    depth: 40,
  },
  {
    ...WARM,
    name: "pair with gates, weaker owner at work: forged packets, a prompt promotion, a refusal",
    configs: uneven({ gate: GATE }),
    budget: { ...NONE, forge: 2, prompt: 1, refuse: 1 },
    depth: 40,
  },
  {
    ...WARM,
    name: "pair with databases, owner at work: forged packets, prompt promotions",
    configs: pair({ gate: DATABASE }),
    budget: { ...NONE, forge: 2, prompt: 2 },
    depth: 40,
  },
  {
    ...WARM,
    name: "pair with databases, weaker owner at work: a forged packet, a loss, a prompt promotion",
    configs: uneven({ gate: DATABASE }),
    budget: { ...NONE, forge: 1, lose: 1, prompt: 1 },
    depth: 60,
    bothServe: micros(electionBound(1_000_000)),
  },
];

const threes = (): readonly Exploration[] => [
  {
    ...COLD,
    name: "three, equal, nopreempt: start and losses",
    configs: three(),
    budget: { ...NONE, lose: 1 },
    depth: 24,
  },
  {
    ...WARM,
    name: "three, equal, nopreempt, owner at work: crash, hang, losses",
    configs: three(),
    budget: { ...NONE, lose: 1, crash: 1, hang: 1 },
    depth: 14,
  },
  {
    ...WARM,
    name: "three, equal, nopreempt, owner at work: another reboots behind a late port",
    configs: three(),
    budget: { ...NONE, crash: 1, latePort: 1 },
    depth: 44,
    keepsOwnership: true,
  },
  {
    ...WARM,
    name: "three, equal, preempt, owner at work: crash, hang, stop",
    configs: three({ preempt: true }),
    budget: { ...NONE, crash: 1, hang: 1, stop: 1 },
    depth: 14,
  },
];

export const explorations = (): readonly Exploration[] => [
  ...pairs(),
  ...pairsAtWork(),
  ...switches(),
  ...gates(),
  ...forgeries(),
  ...threes(),
];
