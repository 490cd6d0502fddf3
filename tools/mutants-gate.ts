/** Rules of a gate, each broken once (see mutants.ts). */
import { type Mutant, mutantsIn } from "./mutant.ts";

const inFile = mutantsIn("src/vrrp/router");

export const GATE_MUTANTS: readonly Mutant[] = [
  ...inFile(
    "gate",
    ["nobody is elected while it is demoted", 'return "demoting";', "return undefined;"],
    ["nor in the hold after a refusal", "now < gate.heldUntil", "now < 0"],
    ["nor who is marked", 'return "not-eligible";', "return undefined;"],
    [
      "what is not known is not enough for a database",
      'settings.needsEligible ? "not-known" : undefined',
      "undefined",
    ],
    ["a person may want it all the same", "gate.isAsked === true || ", ""],
    [
      "who is demoted is not promoted",
      "gate: { ...gate, run, running, isPromoted: false } },",
      "gate: { ...gate, run, running } },",
    ],
    [
      "a promotion has an end",
      "earliest(running?.until, compared, drained)",
      "earliest(compared, drained)",
    ],
    ["a comparison has one", "(running?.until, compared, drained)", "(running?.until, drained)"],
    ["draining has one", "compared, drained)", "compared)"],
    ["FAULT after a refusal has one", "isHeld ? heldUntil : undefined", "undefined"],
    [
      "a link that is not back in time demotes",
      'phase.kind === "fault" && isPromoted ? phase.ownershipSafeUntil : undefined',
      "undefined",
    ],
    ["a person's request is named", 'return "operator";', 'return "master-down";'],
    ["so is priority 0", 'return "released";', 'return "master-down";'],
  ),
  ...inFile(
    "become-master",
    ["the promotion comes before the address", "!known.gate.isPromoted", "false"],
    [
      "who is back in time opens the fence",
      'known === undefined ? [] : [{ kind: "openFence" }]',
      "[]",
    ],
  ),
  ...inFile("gate-events", [
    "a group is demoted as a whole",
    'if (phase.kind === "demoting" && phase.draining !== undefined)\n    return',
    "if (now < 0) return",
  ]),
  ...inFile("gate-events", [
    "a link that is back in time does not bring back what a group has demoted",
    "const lost = inGate(inPhase(state, withoutOwnership(phase)), { isPromoted: false });",
    "const lost = state;",
  ]),
  ...inFile(
    "elect",
    [
      "what is taken back knows who was heard a moment ago",
      "rivals: master.rivals.filter(({ goneAt }) => now < goneAt),",
      "rivals: [],",
    ],
    ["who is elected advertises", '[{ kind: "sendAdvert", priority }, ...shown, ', "[...shown, "],
    ["what is taken back keeps its address", 'hasAddress ? [{ kind: "addAddresses" }] : []', "[]"],
  ),
  ...inFile(
    "promoting",
    [
      "an address that is not there is not announced",
      "has ? effects : effects.filter(",
      "true ? effects : effects.filter(",
    ],
    [
      "the old owner's ARP is none of a claim",
      'if (!has && event.kind !== "advertReceived"',
      'if (false && event.kind !== "advertReceived"',
    ],
    [
      "beside another master nobody is served",
      "master.rivals.length === 0 && now >= opensAt",
      "now >= opensAt",
    ],
    [
      "a rival that says that it yields may live",
      'event.kind === "advertReceived" && event.priority === RELEASE\n      ?',
      "false\n      ?",
    ],
    [
      "it is asked once more",
      "Math.min(after(now, each), sent.phase.advertAt)",
      "sent.phase.advertAt",
    ],
    ["and not before that", "    probeAt: undefined,\n    advertAt", "    advertAt"],
    [
      "what it advertises next is no duplicate",
      "heardAt: (now - round(config)) as Instant",
      "heardAt: now",
    ],
    ["and has the time to answer", "goneAt: after(answeredBy(config, now), each)", "goneAt: now"],
    ["nor before one could have answered", " && now >= opensAt;", ";"],
    ["and then at once", "isWaiting ? earliest(due, phase.opensAt) : due", "due"],
    [
      "and not before it is promoted",
      "phase.isDone !== true || !mayServe(waiting, now)",
      "!mayServe(waiting, now)",
    ],
    [
      "who takes over advertises with it",
      '      { kind: "sendAdvert", priority },\n      { kind: "openFence" },\n',
      '      { kind: "openFence" },\n',
    ],
    ["promoted, it is served", '      { kind: "openFence" },\n', ""],
    [
      "a late promotion is ended",
      'outcome === "late" ? [{ kind: "cancelGate", run: running.run } as const] : []',
      "[]",
    ],
    ["on_refusal serve", 'follows === "serve"\n      ? serve(', "false\n      ? serve("],
    ["on_refusal fault", 'known.settings.onRefusal === "fault"', "false"],
    ["after a refusal it is held back", "heldUntil: after(now, hold)", "heldUntil: now"],
    [
      "what failed is undone",
      "const left = giveUpElection(config, began.state, reason, now);\n  return { state: left.state, effects: [...left.effects, ...began.effects] };",
      "const left = giveUpElection(config, began.state, reason, now);\n  return left;",
    ],
    [
      "others may try",
      'effects: [...removed, { kind: "sendAdvert", priority: RELEASE }, ...shown],',
      "effects: [...removed, ...shown],",
    ],
    ["refusals in a row are counted", "refused: known.gate.refused + 1", "refused: 1"],
  ),
  ...inFile(
    "demoting",
    ["a planned release demotes first", "known?.gate.isPromoted !== true", "true"],
    ["running connections may end", 'if (drain === 0 || gate.fence === "closed")', "if (true)"],
    [
      "a fence that is closed stays closed",
      'drain === 0 || gate.fence === "closed"',
      "drain === 0",
    ],
    [
      "the fence comes before the demotion",
      "effects: [...closeFence(known.gate), ...began.effects],",
      "effects: began.effects,",
    ],
    [
      "a stop is not forgotten for a move",
      'if (before.kind === "stop") return unchanged(state);',
      "",
    ],
    ["a refused demotion takes the move back", 'outcome === "done" || isForced', "true"],
    [
      "a stop goes on without",
      'goal.kind === "stop" || goal.order.force === true;',
      'goal.kind !== "stop" && goal.order.force === true;',
    ],
    ["a late demotion is ended", 'if (outcome === "late") effects.push', "if (false) effects.push"],
    ["what only drains has changed nothing", "if (phase.draining !== undefined) {", "if (false) {"],
    [
      "what is taken back is promoted again",
      "const next = electAgain(config, known, state, phase.master, true, now);",
      "const next = unchanged(inPhase(state, phase.master));",
    ],
    ["a demotion that is called back is ended", '[{ kind: "cancelGate", run: running.run }]', "[]"],
  ),
  ...inFile(
    "gate-exit",
    [
      "every exit is fenced",
      "return { state: began.state, effects: [...closing, ...effects, ...ended, ...began.effects] };",
      "return { state: began.state, effects: [...effects, ...ended, ...began.effects] };",
    ],
    [
      "a promotion that is not waited for is ended",
      '? [{ kind: "cancelGate", run: running.run }]',
      "? []",
    ],
    [
      "a link flap does not demote",
      "gate.isPromoted && !mayBeBack(after.state.phase, now)",
      "gate.isPromoted",
    ],
    [
      "reset_connections",
      "settings.resetConnections && hasAddress(before.phase)",
      "false && hasAddress(before.phase)",
    ],
    ["only where it is wanted", "settings.resetConnections && hasAddress", "hasAddress"],
  ),
  ...inFile(
    "gate-backup",
    [
      "who may not be elected waits",
      "if (why !== undefined) return waitAside",
      "if (false) return waitAside",
    ],
    [
      "takeover_probe",
      'if (how === "off" || phase.released || phase.skipsProbe === true)',
      "if (true)",
    ],
    ["after priority 0 nobody is asked", " || phase.released ||", " ||"],
    ["nor where a person wants it all the same", " || phase.skipsProbe === true", ""],
    [
      "without an answer nothing is taken",
      "if (phase.probing !== undefined)",
      "if (phase.probing !== undefined) return undefined;\n  if (false)",
    ],
    ["it is reported once", "phase.isAnswered === true || how", "how"],
  ),
  ...inFile(
    "backup",
    [
      "priority 0 elects nobody who is held back",
      " && heldBack(config, state, now) === undefined;",
      ";",
    ],
    [
      "an answer means BACKUP",
      'if (by === "somebody") return somebodyAnswers',
      "if (false) return somebodyAnswers",
    ],
    [
      "a request of a person ends with a master",
      "withoutRequest({ ...state, heard })",
      "{ ...state, heard }",
    ],
    [
      "a master that is heard ends the question",
      "const NOT_ASKED = { probing: undefined, isAnswered: undefined, skipsProbe: undefined }",
      "const NOT_ASKED = {}",
    ],
  ),
  ...inFile(
    "gate-conflict",
    ["who serves again announces it", "effects: [...opened, ...made.effects],", "effects: opened,"],
    ["one comparison at a time", 'if (conflict?.result === "comparing") {', "if (false) {"],
    [
      "meanwhile it answers",
      "return { state: inPhase({ ...state, heard }, next), effects };",
      "return unchanged({ ...state, heard });",
    ],
    [
      "nobody is served while data is compared",
      'inGate(state, { run, conflict, fence: "closed" })',
      "inGate(state, { run, conflict })",
    ],
    ["the kernel is asked for that", "      ...closeFence(known.gate),\n", ""],
    ["the other one hears of it at once", "      ...answer.effects,\n", ""],
    ["who lacks something yields", 'if (result === "theirs") return', "if (false) return"],
    ["who has everything stays", 'result === "ours" ? undefined : theyWin', "theyWin"],
    ["equal: the tie-break", 'const isByVrrp = result === "equal" ||', "const isByVrrp ="],
    ["diverged data is served to nobody", "|| (isByData && undecided.peer === from);", "|| true;"],
    [
      "nor is what is undecided with a third one",
      "(isByData && undecided.peer === from)",
      "isByData",
    ],
    [
      "of three masters the time to yield counts from the first",
      "const { undecided = { peer: from, until: conflict.until } } = conflict;",
      "const undecided = { peer: from, until: conflict.until };",
    ],
    ["of two who do not know the loser yields first", "micros(3 * wait) : wait", "wait : wait"],
    ["a rival that was gone is compared with anew", "if (now - heard.at > wait) return true;", ""],
    ["one that goes on is too", "return now >= after(until, wait) || (", "return ("],
    ["one that hears us and goes on is, soon", "(hearsUs && againAt", "(false && againAt"],
    ["one that does not hear us is not", "(hearsUs && againAt", "(againAt"],
    ["not before it could have yielded", " && now >= againAt", ""],
    ["what a person has decided is not", "if (isAsked === true) return false;", ""],
    [
      "nor what the data has not decided",
      'const isByData = result === "ours" || result === "equal";',
      "const isByData = true;",
    ],
    [
      "it hears that we go on, also with lower_prio_no_advert",
      "stay(config, { ...state, heard }, phase, advert, true, now)",
      "stay(config, { ...state, heard }, phase, advert, !config.lowerPrioNoAdvert, now)",
    ],
    [
      "one that yields is compared with once more",
      "isOpen && (conflict.peer === from ||",
      "false && (conflict.peer === from ||",
    ],
  ),
  ...inFile(
    "gate-events",
    [
      "a late answer changes nothing",
      "gate.running?.run === event.run",
      "gate.running !== undefined",
    ],
    [
      "nor that of an old question",
      "phase.probing?.run === event.run",
      "phase.probing !== undefined",
    ],
    ["nor an old comparison", "conflict?.run !== event.run", "conflict === undefined"],
    ["nor an old drain", "phase.draining?.run === event.run", "phase.draining !== undefined"],
    ["who becomes eligible is elected at once", "phase.missed !== undefined", "false"],
    [
      "a demotion that nobody waits for ends",
      "return { state: inGate(state, { running: undefined }), effects };",
      "return { state, effects };",
    ],
    [
      "a person decides between two",
      ": settle(config, state, phase, { ...conflict, ...DECIDED, isAsked: true }, now);",
      ": unchanged(state);",
    ],
  ),
  ...inFile(
    "router",
    ["a stop that waited goes on", '(kind !== "backup" && kind !== "fault")', "true"],
    ["a start closes the fence", 'gate === undefined ? [] : [{ kind: "closeFence" }]', "[]"],
    [
      "a member of a group is held back too",
      'state.maintenance !== "on" && heldBack(config, state, now) === undefined',
      'state.maintenance !== "on"',
    ],
  ),
  ...inFile(
    "switch",
    [
      "the address stays until the successor announces it",
      "const wait = successorWait(config, phase.platform);",
      "const wait = lingerOf(config);",
    ],
    [
      "what is taken back is not served before it is promoted",
      "gate !== undefined && !gate.gate.isPromoted",
      "false",
    ],
  ),
  ...inFile(
    "leave",
    [
      "a stop waits for the successor's announcement",
      "const promotion = gate?.promoteTimeout ?? micros(0);",
      "const promotion = micros(0);",
    ],
    ["and no longer", "isStop ? phase.removeAt : phase", "isStop ? undefined : phase"],
    [
      "nor does a planned move",
      "isStop ? phase.removeAt : phase.successor && phase.until",
      "isStop ? phase.removeAt : undefined",
    ],
    [
      "who has not been heard announces nothing of ours",
      "isStop ? phase.removeAt : phase.successor && phase.until",
      "isStop ? phase.removeAt : phase.until",
    ],
  ),
  ...inFile(
    "gate-events",
    [
      "a service that was promoted elsewhere resets nothing yet",
      "successorAnnounces(config, state, phase, now, [])",
      "successorAnnounces(config, state, phase, now)",
    ],
    [
      "it is waited for at a stop too",
      'phase.kind === "switching" || phase.kind === "handover"',
      'phase.kind === "switching"',
    ],
  ),
  ...inFile("rivals", [
    "a last resort that is promoted waits for a weaker one",
    "!(theyWin === undefined && isPromoting(state))",
    "true",
  ]),
  ...inFile("fault", [
    "who promotes and fails gives up the election",
    'if (hasAddress(phase) || phase.kind === "promoting") {',
    "if (hasAddress(phase)) {",
  ]),
  ...inFile("step", ["a gate implies nopreempt", "preempt && gate === undefined;", "preempt;"]),
];
