import { type Mutant, mutantsIn } from "./mutant.ts";
import { ENGINE_MUTANTS } from "./mutants-engine.ts";
import { GATE_MUTANTS } from "./mutants-gate.ts";
import { GATE_ENGINE_MUTANTS } from "./mutants-gate-engine.ts";
import { OPERATOR_MUTANTS } from "./mutants-operator.ts";
import { SUPERVISOR_MUTANTS } from "./mutants-supervisor.ts";

/** Whether the platform agrees; noticed by the seeds that have a cloud. */
const AGREEMENT = "src/cloud/agreement/agreement.ts";

const inFile = mutantsIn("src/vrrp/router");

export const MUTANTS: readonly Mutant[] = [
  ...SUPERVISOR_MUTANTS,
  ...OPERATOR_MUTANTS,
  ...GATE_MUTANTS,
  ...GATE_ENGINE_MUTANTS,
  ...inFile(
    "timing",
    ["skew counts from 256", "((256 - priority) * unit) / 256", "((255 - priority) * unit) / 256"],
    [
      "version 2 skews by seconds",
      "config.version === 2 ? 1_000_000 : fromCentis(interval)",
      "fromCentis(interval)",
    ],
    [
      "down_timer_adverts is obeyed",
      "config.downTimerAdverts * fromCentis(interval)",
      "3 * fromCentis(interval)",
    ],
    ["a hand-over waits for the skew time", "skew(router, router.advertInterval, 1) + ", ""],
    [
      "and half a second at the least",
      "Math.max(HAND_OVER_MIN, longestSkewAndInterval(router))",
      "longestSkewAndInterval(router)",
    ],
    ["and an interval", "1) + fromCentis(router.advertInterval))", "1))"],
  ),
  ...inFile(
    "advertise",
    ["one of many is due sooner", "sooner === 0 && now", "now"],
    ["those of a part are due together", "parts === undefined ? next", "parts !== 0 ? next"],
    ["what is aligned is not due at once", "aligned > now ? aligned : at", "aligned"],
  ),
  ...inFile(
    "advertise-again",
    ["a stalled master steps", " || now >= phase.ownershipSafeUntil", ""],
    ["one that is an interval late steps", "  if (next <= now) return false;\n", ""],
    ["an advertisement confirms a resumed one", "  times.resumedSafeUntil = undefined;\n", ""],
    [
      "a conflict or a claim takes a step",
      "  if (rivals.length > 0 || claim !== undefined || probeAt !== undefined) return true;\n",
      "",
    ],
    ["an announcement that is due takes a step", "announcement.at <= now", "false"],
    ["a refresh that is due takes a step", "refreshAt <= now", "false"],
  ),
  ...inFile(
    "backup",
    ["an old priority 0 moves nothing at once", "now >= (phase.stalledUntil ?? now)", "now >= 0"],
    [
      "of two that both yielded the stronger comes back",
      "haveBothYielded(state, phase, advert) ||\n    (isOnlyPeer",
      "(isOnlyPeer",
    ],
    [
      "with three the skew time decides",
      "others.length === 1 && others[0]",
      "others.length >= 1 && others[0]",
    ],
    ["a resend from before a pause is void", "resend: undefined };", "};"],
    [
      "a third master gets the resends too",
      "resend: alsoTo(phase.resend, advert.from)",
      "resend: phase.resend",
    ],
    [
      "an equal priority is accepted",
      "advert.priority >= state.effectivePriority ||",
      "advert.priority > state.effectivePriority ||",
    ],
    [
      "nopreempt accepts the weaker",
      "state.effectivePriority || !preempts(config)",
      "state.effectivePriority",
    ],
    ["preempt_delay is waited for", "if (now < preemptAt)", "if (now > preemptAt)"],
    ["hold_down is waited for", "Math.max(config.preemptDelay, held)", "config.preemptDelay"],
    [
      "the time of a stall does not count against the master",
      "if (stalled === 0) return",
      "if (stalled >= 0) return",
    ],
    [
      "nothing is obeyed during the start-up delay",
      "now < phase.startupDelayUntil",
      "now > phase.startupDelayUntil",
    ],
    [
      "priority 0 shortens the wait",
      "if (advert.priority === 0) return masterReleased",
      "if (advert.priority < 0) return masterReleased",
    ],
    ["a single peer takes over at once", "config.peerCount === 1 &&", "config.peerCount === -1 &&"],
    ["several peers are ordered by skew", "config.peerCount === 1 &&", "config.peerCount >= 1 &&"],
    [
      "priority 0 never postpones",
      "Math.min(at, phase.masterDownAt)",
      "Math.max(at, phase.masterDownAt)",
    ],
    [
      "the master's interval is learned",
      "config.version === 3 ? advert.interval",
      "config.version === 4 ? advert.interval",
    ],
    [
      "a later advertisement voids a priority 0",
      "    preemptAt,\n    released: false,",
      "    preemptAt,",
    ],
    [
      "a master that no longer advertises was not preempted",
      "heard.priority < ours && goesOn",
      "heard.priority < ours",
    ],
    ["only a weaker master is preempted", "heard.priority < ours && goesOn", "goesOn"],
    [
      "who has just yielded waits the skew",
      "!hasJustYielded(config, state, phase, now));",
      "true);",
    ],
  ),
  ...inFile(
    "rivals",
    ["a resend is repeated", "left: RESENDS", "left: 1"],
    [
      "only a weaker one advertises before it goes",
      "config.higherPrioSendAdvert && isWeaker",
      "config.higherPrioSendAdvert",
    ],
    [
      "priority 0 goes to every rival",
      "[advert.from, ...rivals.filter((from) => from !== advert.from)]",
      "[advert.from]",
    ],
    ["a higher priority wins", "advert.priority > ours", "advert.priority < ours"],
    [
      "the higher address wins a tie",
      "compareIp(advert.from, source) > 0",
      "compareIp(advert.from, source) < 0",
    ],
    ["the loser removes the address", '  effects.push({ kind: "removeAddresses" });\n', ""],
    [
      "priority 0 goes to the winner",
      '  for (const to of others) effects.push({ kind: "sendAdvert", priority: RELEASE, to });\n',
      "",
    ],
    [
      "with preemption the tie-break rules alone",
      "preempts(config) || advert.priority === 255",
      "advert.priority === 255",
    ],
    [
      "an address owner takes what it owns",
      "|| advert.priority === 255 || config.priority === 255",
      "",
    ],
  ),
  ...inFile(
    "master-conflict",
    [
      "without an answer only the winner announces",
      "phase.rivals.every((one) => one.weWin)\n    ? afterRival",
      "phase.rivals.length > 0\n    ? afterRival",
    ],
    [
      "a winner announces without an answer",
      "phase: afterNoAnswer(next, now)",
      "phase: { ...next, probeAt: undefined }",
    ],
    [
      "the tie-break's winner has a higher yield threshold",
      "const WINNER_MORE = 3;",
      "const WINNER_MORE = 0;",
    ],
    ["the yield threshold grows with seniority", "const STEP = 5;", "const STEP = 0;"],
    [
      "an unconfirmed master is junior",
      "const isConfirmed = now >= phase.confirmedAt;",
      "const isConfirmed = true;",
    ],
    [
      "the longer tenure is senior, whoever heard whom",
      "isConfirmed ? 4 : 3",
      "isConfirmed ? 4 : 1",
    ],
    ["a fresh master is junior to all", "if (intervals < 2) return 0;", ""],
    [
      "a regular advertisement is no sign against a confirmed winner",
      "weWin && isConfirmedOwner(known) ? 0 : STEP",
      "STEP",
    ],
    [
      "a regular advertisement is a sign against a loser",
      "isOutOfTurn(gap, advert.interval) ? 1 : weWin && isConfirmedOwner(known) ? 0 : STEP",
      "isOutOfTurn(gap, advert.interval) ? 1 : 0",
    ],
    ["copies are no signs", "if (gap < round(config) / 2) return { ...known, weWin };", ""],
    [
      "without advertisements counting starts anew",
      "const VOID_INTERVALS = 2.5;",
      "const VOID_INTERVALS = 100;",
    ],
    ["a probe is repeated", "const PROBE_AGAIN = 0.5;", "const PROBE_AGAIN = 50;"],
    [
      "a rival that no longer advertises is gone",
      "phase.rivals.every((one) => one.weWin && isConfirmedOwner(one));",
      "true;",
    ],
    [
      "each rival is counted for itself",
      "phase.rivals.find((one) => one.from === advert.from)",
      "phase.rivals[0]",
    ],
  ),
  ...inFile(
    "router",
    [
      "who stalled gives up",
      "owned !== undefined && now >= owned",
      "owned !== undefined && now < 0",
    ],
    [
      "an owner is master at once",
      "if (!isOwner || state.maintenance !== undefined) return backup;",
      "return backup;",
    ],
    [
      "a flap beyond the ownership window ends it",
      "ownershipSafeUntil !== undefined && now < ownershipSafeUntil)",
      "ownershipSafeUntil !== undefined)",
    ],
    [
      "a late port makes an unconfirmed master",
      "const heard = forgets ? undefined : state.heard;",
      "const { heard } = state;",
    ],
  ),
  ...inFile(
    "fault",
    ["only a lost link keeps the ownership window", "isAlone && onlyLink &&", "isAlone &&"],
    [
      "a fault sends priority 0",
      'if (!onlyLink || couldBeHeard) effects.push({ kind: "sendAdvert", priority: RELEASE });',
      "",
    ],
    [
      "INIT has been counting already",
      'phase.kind === "init" && phase.alarmAt !== undefined',
      'phase.kind === "init" && phase.alarmAt === undefined',
    ],
    [
      "an owner that is heard ends the ownership window",
      "  if (isOwned) return watchForOwner(config, state, withoutOwnership(phase), event, now);\n",
      "",
    ],
    [
      "the advertisement of a return may be lost",
      "if (phase.resumedSafeUntil !== undefined) return phase.resumedSafeUntil;",
      "",
    ],
    ["with a rival there is no ownership window", " && phase.rivals.length === 0", ""],
    ["resuming leaves time to be heard", "earliestTakeOver - margin", "earliestTakeOver + margin"],
  ),
  ...inFile(
    "hold-down",
    ["two losses are forgiven", "const FREE = 2;", "const FREE = 1;"],
    ["each further loss doubles it", "first * 2 ** more", "first"],
    ["there is a cap", "Math.min(max, first * 2 ** more)", "first * 2 ** more"],
    ["a quiet period forgets", "< QUIET + 2 * config.holdDown.max ?", ">= 0 ?"],
    ["a stop is no loss", '(to === "backup" || to === "fault")', 'to !== "master"'],
    ["a failing backup loses too", ' ||\n  (from === "backup" && to === "fault")', ""],
  ),
  ...inFile(
    "no-owner",
    [
      "an unowned address is reported after two detection times",
      "2 * masterDown",
      "4 * masterDown",
    ],
    ["priority 0 owns nothing", "if (event.priority === 0) return unchanged(state);", ""],
    ["the alarm is reported once", "{ ...phase, alarmAt: undefined }", "phase"],
  ),
  ...inFile(
    "leave",
    [
      "the address answers until the successor is heard",
      '{ kind: "holdAddresses", micros: wait },',
      '{ kind: "removeAddresses" },',
    ],
    [
      "break-before-make breaks first",
      '[drop, { kind: "removeAddresses" }, release]',
      '[drop, release, { kind: "removeAddresses" }]',
    ],
    ["clients get a moment to learn", "Math.max(lingerOf(config), promotion)", "promotion"],
    [
      "a platform that has moved is not waited for",
      'if (platform === "waiting" && handoverWait !== undefined)',
      "if (handoverWait !== undefined)",
    ],
    [
      "the platform's move ends the waiting",
      "const sooner = removeAt && earliest(removeAt, after(now, lingerOf(config)));",
      "const sooner = removeAt;",
    ],
    ["no answer is no move", 'event.moved ? "moved" : "not-awaited"', '"moved"'],
  ),
  ...inFile(
    "lease",
    [
      "the guard outlasts the next advertisement",
      "lease.micros - since - micros",
      "lease.micros - since",
    ],
    ["the guard is not left to the last moment", "since >= GUARD_GAP || ", ""],
    ["those due together are prolonged together", "number % 2 === 0 || ", ""],
    ["a lifetime may end late", "const EXPIRY_LATE = 1_000_000;", "const EXPIRY_LATE = 0;"],
    [
      "a guard reckons with the strongest backup",
      "const STRONGEST_BACKUP = 254;",
      "const STRONGEST_BACKUP = 1;",
    ],
    [
      "a lifetime is longer than the guard",
      "lifetime - sinceSet <= Math.max(lifetime / 2, guarded + untilNext(interval))",
      "false",
    ],
    [
      "a lifetime outlasts the next advertisement",
      "lease.addressSeconds * 1_000_000 - sinceSet <= untilNext(interval)",
      "false",
    ],
    ["a lease outlasts the interval", "const LATENESS = 0.25;", "const LATENESS = -1;"],
    [
      "a lifetime that is set between two advertisements ends with the others",
      "(takeOverMicros - EXPIRY_LATE - sinceAdvert)",
      "(takeOverMicros - EXPIRY_LATE)",
    ],
  ),
  ...inFile(
    "hear-again",
    ["a priority 0 is no repetition", " || event.priority === RELEASE", ""],
    ["a start-up delay steps", "isStarting || ", ""],
    ["a master that will be preempted steps", "preemptAt !== undefined || ", ""],
    ["a resend that is pending steps", " || resend !== undefined", ""],
    ["it is awake", "awakeAt, masterDownAt", "masterDownAt"],
    ["it waits from the last one on", "after(heardAt, masterDown)", "after(awakeAt, masterDown)"],
    ["it wakes once an interval", "awakeAt + interval", "heardAt + interval"],
  ),
  ...inFile(
    "become-master",
    ["the order of taking over", 'order === "advert-first"', 'order !== "advert-first"'],
    [
      "a flap does not cost the tenure",
      "(resumes ? state.phase.ownerSince : undefined) ?? now",
      "now",
    ],
  ),
  ...inFile(
    "advertise",
    [
      "a late wake-up does not shift the rhythm",
      "onSchedule ? regular :",
      "onSchedule ? after(now, interval) :",
    ],
    [
      "a second advertisement opens another ownership window",
      "      resumedSafeUntil: undefined,\n",
      "",
    ],
    [
      "an early advertisement does not shorten the intervals",
      "now >= advertReadyAt(config, phase) && regular > now",
      "now >= phase.advertAt && regular > now",
    ],
    ["the lease is prolonged with each advertisement", "effects: [REFRESH, ", "effects: ["],
  ),
  ...inFile(
    "tracking",
    ["the sum stays below the owner's", "Math.min(254, sum)", "Math.min(255, sum)"],
    ["a check without result is waited for", "tracker.weight === 0 &&", "tracker.weight === 1 &&"],
  ),
  ...inFile("announcer", [
    "rounds are apart",
    "const ROUND_GAP = micros(50_000);",
    "const ROUND_GAP = micros(0);",
  ]),
  ...inFile(
    "allowance",
    ["answers to a flood are bounded", "  most: ANSWERS,", "  most: 1e9,"],
    ["provoked announcements are bounded", "  most: ANNOUNCEMENTS,", "  most: 1e9,"],
    ["take-overs after priority 0 are bounded", "  most: TAKE_OVERS,", "  most: 1e9,"],
    [
      "an allowance fills up again",
      "allowance.left + Math.max(0, now - allowance.at) / each",
      "allowance.left",
    ],
  ),
  ...inFile(
    "claim",
    ["answers to a claim come later and later", "answers <= PROMPT_ANSWERS ?", "answers >= 0 ?"],
    ["not later than 10 s", "Math.min(GAP_MAX, ", "Math.max(GAP, "],
    ["a claim ends", "now < end) return", "now < 0) return"],
    [
      "what the other master announces is no claim to report",
      "wasReported || !isElecting(config, state, now)",
      "true",
    ],
    ["one that waits is not put off", "waiting?.at ??", "undefined ??"],
  ),
  ...ENGINE_MUTANTS,
  {
    file: "src/vrrp/engine/guard.ts",
    rule: "a refused prolongation of the lease is acted on",
    find: "    if (!outcome.ok) this.lose(instance, outcome, now, outcomes);",
    replace: "",
  },
  {
    file: "src/vrrp/engine/leases.ts",
    rule: "a refused prolongation of one alone is acted on",
    find: "if (same.length === 1) this.#guard.lose(instance, failure, now, outcomes);",
    replace: "if (same.length === 1) continue;",
  },
  {
    file: "src/vrrp/engine/leases.ts",
    rule: "one that is refused among many is acted on",
    find: "else this.#guard.prolong(instance, leaseMillis(instance), now, outcomes);",
    replace: "",
  },
  {
    file: "src/vrrp/engine/addresses.ts",
    rule: "one lifetime that is refused among many is acted on",
    find: "this.#refused(owner.instance, owner.entry, outcome, now, events);",
    replace: "",
  },
  {
    file: "src/vrrp/engine/crowd.ts",
    rule: "those behind a full turn are due sooner",
    find: "hasMore ? this.#turns + 1 : 0",
    replace: "0",
  },
  {
    file: "src/vrrp/engine/crowd.ts",
    rule: "as many turns as the spread routers need are no crowd",
    find: "Math.max(1, Math.ceil(all / (PARTS * this.#turnMax)))",
    replace: "1",
  },
  {
    file: "src/vrrp/engine/instances.ts",
    rule: "owners are ahead of take-overs",
    find: '  kind === "master" ||\n  kind === "switching" ||\n  kind === "handover" ||',
    replace: '  (kind as string) === "never" ||',
  },
  {
    file: "src/vrrp/engine/instances.ts",
    rule: "however many owners are due, the others have a part of a turn",
    find: "Math.max(most - taken.length, Math.ceil(most * OTHERS))",
    replace: "most - taken.length",
  },
  {
    file: "src/vrrp/engine/engine.ts",
    rule: "a turn takes over so many addresses",
    find: "this.#steps.takenOver >= TAKE_OVER_MAX",
    replace: "this.#steps.takenOver > 1_000_000",
  },
  {
    file: "src/vrrp/engine/engine.ts",
    rule: "who waits for the work of others has not stalled",
    find: "return { ...event, readAt };",
    replace: "return event;",
  },
  {
    file: "src/vrrp/engine/engine.ts",
    rule: "who was due while this node did not run has stalled, in whichever turn",
    find: " || due < this.#runsSince",
    replace: "",
  },
  {
    file: "src/vrrp/engine/engine.ts",
    rule: "what has not all been read may say otherwise",
    find: "isAllRead ? now : undefined",
    replace: "isAllRead ? now : now",
  },
  {
    file: "src/vrrp/router/backup.ts",
    rule: "only the time since everything was read is a stall",
    find: "now - Math.max(phase.awakeAt, readAt)",
    replace: "now - phase.awakeAt",
  },
  {
    file: "src/vrrp/engine/effects.ts",
    rule: "the leases of all are prolonged before the first advertisement leaves",
    find: "    if (this.#leases.hasWaiting) this.#leases.prolong(now, refused);\n",
    replace: "",
  },
  {
    file: "src/vrrp/engine/effects.ts",
    rule: "with a refused lease a router does not advertise",
    find: "this.#advertiser.forget(one.instance);",
    replace: "",
  },
  {
    file: "src/vrrp/engine/advertiser.ts",
    rule: "another source address makes another packet",
    find: "prepared.source === source &&",
    replace: "",
  },
  {
    file: "src/vrrp/engine/advertiser.ts",
    rule: "by another device its packets leave anew",
    find: "prepared.interfaceIndex === interfaceIndex;",
    replace: "true;",
  },
  {
    file: "src/vrrp/engine/lookup.ts",
    rule: "a packet is for the router of its device",
    find: "if (interfaceIndex !== this.#interfaceIndex) {",
    replace: "if (this.#interfaceIndex === -1) {",
  },
  {
    file: "src/vrrp/engine/receive.ts",
    rule: "what is remembered is a copy: the next packet lies in the same memory",
    find: "bytes: bytes.slice()",
    replace: "bytes",
  },
  {
    file: "src/vrrp/engine/steps.ts",
    rule: "without a step either, a router that gives up does not advertise as the owner",
    find: "if (!outcomes.some(isFault))\n",
    replace: "",
  },
  {
    file: "src/vrrp/engine/instances.ts",
    rule: "a backup that notes its master tries again in time",
    find: "retryAt === undefined || at < retryAt ? at : retryAt;",
    replace: "retryAt === undefined ? at : at;",
  },
  {
    file: "src/vrrp/engine/repetition.ts",
    rule: "with other routers beside it a packet is looked at again",
    find: "    accepted.lookup === lookup &&\n",
    replace: "",
  },
  {
    file: "src/vrrp/engine/repetition.ts",
    rule: "the sender of a repetition is the one with a list that was compared",
    find: "  instance.comparedMaster = accepted.event.from;\n",
    replace: "",
  },
  {
    file: "src/vrrp/engine/repetition.ts",
    rule: "a repetition says the same to the last byte",
    find: "for (let at = AFTER_CHECKSUM; at < length; at++)",
    replace: "for (let at = length; at < length; at++)",
  },
  {
    file: AGREEMENT,
    rule: "an address that left and came back has another date",
    find: 'before.view?.kind === "ours" && before.view.movedAt !== view.movedAt',
    replace: '(before.view?.kind as string) === "never"',
  },
  {
    file: AGREEMENT,
    rule: "an answer is as old as its question",
    find: "askedAt <= doubt.at",
    replace: "now <= doubt.at",
  },
  {
    file: AGREEMENT,
    rule: "what the platform refuses is announced again",
    find: "  if (now >= state.announceAt) {",
    replace: "  if (now < state.since) {",
  },
  {
    file: AGREEMENT,
    rule: "again, but later and later",
    find: "Math.min(state.announceWait * 2, waitMost) as Micros",
    replace: "(state.announceWait * 0 * waitMost) as Micros",
  },
  ...inFile("announcer", [
    "each burst begins elsewhere",
    "bursts === 0 || queue.length < 2",
    "bursts >= 0 || queue.length < 2",
  ]),
];
