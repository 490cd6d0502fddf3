/** Rules of the process that watches the engine, each broken once (see mutants.ts). */
import { type Mutant, mutantsIn } from "./mutant.ts";

const inFile = mutantsIn("src/vrrp/supervisor");

export const SUPERVISOR_MUTANTS: readonly Mutant[] = [
  ...inFile(
    "engine-life",
    ["the back-off grows", "const DELAY_FACTOR = 4;", "const DELAY_FACTOR = 1;"],
    ["the back-off has an end", "micros(Math.min(LAST_DELAY, ", "micros(Math.max(0, "],
    ["a healthy engine forgets the back-off", "> HEALTHY ? FIRST_DELAY", "> HEALTHY ? LAST_DELAY"],
    ["a sick one does not", "now - engine.since > HEALTHY", "now - engine.since >= 0"],
    ["each new engine is counted", "restarts: state.restarts + 1", "restarts: state.restarts"],
    [
      "none is started during a stop",
      'if (state.stop !== "not-asked") return { ...gone, engine: { kind: "none" } };',
      "",
    ],
    ["nor before everything is ready", '|| state.engine.kind !== "none") return', ") return"],
    [
      "a new engine is resumed for what is held",
      "const resume = [...resumed.keys()].map(({ router }) => router.name);",
      "const resume: readonly string[] = [];",
    ],
    [
      "a reload waits for an engine that runs",
      'if (state.engine.kind !== "running") return unchanged(state);',
      "",
    ],
    ["an engine that does not stop is killed", "now >= engine.killAt", "now < 0"],
    [
      "not before its time",
      "const STOP_WITHIN = fromSeconds(10);",
      "const STOP_WITHIN = fromSeconds(1);",
    ],
    ["a platform is waited for", "STOP_WITHIN + waitForPlatform(state)", "STOP_WITHIN"],
    ["killed once", "next = { ...next, engine: { ...engine, killAt: undefined } };", ""],
    [
      "a stop asks no questions",
      '    stop: "asked",\n    questions: { ...state.questions, askAt: undefined },',
      '    stop: "asked",',
    ],
    [
      "a stop is asked once",
      'export function stopAsked(state: SupervisorState, now: Instant): Step {\n  if (state.stop !== "not-asked") return unchanged(state);',
      "export function stopAsked(state: SupervisorState, now: Instant): Step {",
    ],
    [
      "an answer counts anew",
      "unanswered: 0 };\n  const effects",
      "unanswered };\n  const effects",
    ],
    ["an answer feeds the watchdog", '  effects.push({ kind: "engineIsAlive" });', ""],
    ["that it answers again is reported", "if (unanswered >= REPORT_AFTER)", "if (unanswered < 0)"],
    [
      "that it does not is reported once",
      "if (unanswered === REPORT_AFTER)",
      "if (unanswered >= REPORT_AFTER)",
    ],
    [
      "one that hangs for good is killed",
      "const isOver = unanswered === KILL_AFTER;",
      "const isOver = unanswered < 0;",
    ],
    ["it has fifteen chances", "const KILL_AFTER = 15;", "const KILL_AFTER = 14;"],
    ["and its successor has as many", "unanswered: isOver ? 0 : unanswered", "unanswered"],
    [
      "one question at a time",
      "next = { ...next, questions: { ...questions, askAt: undefined } };",
      "",
    ],
    ["the next one is in time", "    questions.askAt,\n  );", "  );"],
  ),
  ...inFile(
    "routers",
    ["a master may own", "changed(state, about, { mayOwn: true, hold: undefined })", "state"],
    ["what a dead engine was sent is void", "    sent: [],\n", ""],
    ["each engine counts from one", "    taken: 0,\n", ""],
    ["a configuration that was taken is counted", "const nth = state.taken + 1;", "const nth = 1;"],
    [
      "of two leaving ones of a name the right one is meant",
      "leaving === about.leaving",
      "(leaving === undefined) === (about.leaving === undefined)",
    ],
    ["what is held goes with its router", "hold: resumed.get(config)", "hold: known?.hold"],
    ["a stop is a hand-over first", 'if (to === "STOP") return unchanged(state);', ""],
    [
      "a backup owns nothing",
      'return unchanged(changed(state, message, { mayOwn: false }));\n    }\n    case "report"',
      'return unchanged(state);\n    }\n    case "report"',
    ],
    [
      "a hand-over that has ended owns nothing",
      'if (message.report.kind !== "handed-over")',
      'if (message.report.kind === "handed-over")',
    ],
    [
      "an engine that ended in order has left nothing",
      "state.routers.map((one) => ({ ...one, mayOwn: false })),\n      });",
      "state.routers,\n      });",
    ],
    [
      "a removed router is forgotten",
      "state.routers.filter((one) => one !== gone)",
      "state.routers",
    ],
    ["a name is of those configured or of those leaving", " && leaving === about.leaving", ""],
    [
      "names are others when the engine says so",
      "const [taken, ...sent] = state.sent;",
      "const [taken, ...sent] = state.sent.slice(-1);",
    ],
    ["a router goes on under another name", "known?.mayOwn ?? false", "false"],
    [
      "what a reload removed hands over",
      "...before.filter((one) => !isConfigured(one)), ...removed]",
      "...before.filter((one) => !isConfigured(one))]",
    ],
    [
      "so does what an earlier one removed",
      "...before.filter((one) => !isConfigured(one)), ...removed]",
      "...removed]",
    ],
    ["handed over for once", ".map((one) => ({ ...one, mayOwn: false })),\n  };", ",\n  };"],
    [
      "without an engine nobody is leaving",
      "state.routers.filter(isConfigured).map",
      "state.routers.map",
    ],
  ),
  ...inFile(
    "hand-over",
    [
      "what a reload takes away is not held any longer",
      "instances.some((one) => hasPlace(one, hold, place));",
      "instances.length >= 0 || hasPlace(hold.config, hold, place);",
    ],
    [
      "what a reload takes away as a whole is handed over",
      "    if (!ids.has(hold.id)) return hold;\n",
      "",
    ],
    [
      "what is removed then is not removed again",
      "    return { ...hold, places };",
      "    return hold;",
    ],
    [
      "what is held under another name is resumed",
      "of pairUp([...before, ...others.map((one) => one.config)], instances)) {",
      "of [...pairUp([...before, ...others.map((one) => one.config)], instances)].filter(\n    ([a, b]) => a.router.name === b.router.name,\n  )) {",
    ],
    [
      "an instance that nothing is held for takes nothing",
      "of pairUp([...before, ...others.map((one) => one.config)], instances)) {",
      "of pairUp([...held.keys()], instances)) {",
    ],
    [
      "all are paired at once",
      "of pairUp([...before, ...others.map((one) => one.config)], instances)) {",
      "of instances.flatMap((one) => [...pairUp([...held.keys()], [one])])) {",
    ],
    [
      "what was leaving may come back",
      "  for (const { config, id } of others) held.set(config, id);\n",
      "",
    ],
    ["a reload that is on its way counts", "sent.at(-1)?.instances ?? configured", "configured"],
    ["with what it resumes", "    sent.at(-1)?.resumed ??\n", ""],
    [
      "a socket that nobody would close is closed",
      'return { state, effects: [{ kind: "unlisten", hold: id }] };',
      "return unchanged(state);",
    ],
    [
      "an address that is another router's by now stays",
      '      ...removal(instance, freePlaces(state, hold)),\n      { kind: "unlisten"',
      '      ...removal(instance, hold.places),\n      { kind: "unlisten"',
    ],
    [
      "one that its router has no more goes",
      "    ...removal(hold.config.router.name, freePlaces(state, hold)),\n",
      "",
    ],
    [
      "one on another device is another one",
      "one.address === address.address && (one.interface ?? instance.interface) === device",
      "one.address === address.address",
    ],
    ["a router that is no master has none", "mayOwn && hasPlace", "hasPlace"],
    [
      "the new owner's address stays",
      "  return { state: withoutHold(state, hold), effects };",
      "  return unchanged(state);",
    ],
    [
      "with the last socket that is refused a stop is over",
      '(effect.kind === "listen" ? listens : effects).push(effect)',
      "effects.push(effect)",
    ],
    [
      "a lease that is over is not handed over",
      "link === undefined || places.length === 0",
      "link === undefined",
    ],
    [
      "the rules of what is gone are taken away",
      "    effects.push(...clearing(config.router.name, notHere(config, kernel)));\n",
      "",
    ],
    ["but not of what is here", "    .filter((address) => !here.has(address));", ";"],
    [
      "what is left of it is removed",
      "      ...ended,\n      ...removal(instance, places),\n",
      "      ...ended,\n",
    ],
    ["without a source nothing is sent", "if (source === undefined) {", "if (source === null) {"],
    [
      "a configured source is used",
      "config.transport.source ?? sourceOf(link, kernel)",
      "sourceOf(link, kernel)",
    ],
    [
      "a successor is listened for in its group",
      "const group = listens ? transport.group : undefined;",
      "const group = undefined;",
    ],
    ["the newest address goes first", "places: places.toReversed()", "places"],
    [
      "break-before-make breaks first",
      "        ...removal(instance, places),\n        release,",
      "        release,\n        ...removal(instance, places),",
    ],
    [
      "and holds nothing",
      "      state: withoutHold(state, hold),\n      effects: [\n        ...removal",
      "      state,\n      effects: [\n        ...removal",
    ],
    [
      "the lease does not end in the middle",
      "Math.ceil(wait / 1_000_000) + 1",
      "Math.floor(wait / 1_000_000)",
    ],
    [
      "nor does the sub-second one",
      '      { kind: "prolongGuard", instance, addresses, milliseconds },\n',
      "",
    ],
    [
      "nor too early",
      "const milliseconds = Math.ceil(wait / 1_000);",
      "const milliseconds = Math.floor(wait / 1_000);",
    ],
    ["a hand-over waits for the skew time", "skew(router, router.advertInterval, 1) + ", ""],
    ["and an interval", "+ fromCentis(router.advertInterval) + LINGER", "+ LINGER"],
    [
      "the first successors are heard before the next engine starts",
      'if (engine.kind !== "waiting" || engine.startAt >= soonest) return state;',
      "return state;",
    ],
    [
      "without a socket the addresses go",
      'effects: [{ kind: "report", report }, ...removal(instance, hold.places)],',
      'effects: [{ kind: "report", report }],',
    ],
    ["clients have time to learn", "removeAt: after(now, LINGER)", "removeAt: now"],
    [
      "counted from the first advertisement",
      "hold === undefined || hold.removeAt !== undefined) return",
      "hold === undefined) return",
    ],
    ["a hand-over ends by itself", "removeAt ?? until;", "removeAt ?? after(until, LINGER);"],
    ["not before its time", "    if (now < holdDeadline(hold)) continue;\n", ""],
    [
      "what is over is removed",
      '      ...removal(instance, freePlaces(state, hold)),\n      { kind: "unlisten"',
      '      { kind: "unlisten"',
    ],
    [
      "an address of another device keeps its rule",
      ".filter((address) => !elsewhere.has(address));",
      ";",
    ],
    ["ours without a mark ends", "(proto === 0 && expires === true)", "proto === 0"],
    [
      "the rule goes with the address",
      'addresses.length === 0 ? [] : [{ kind: "clearGuard", instance, addresses }]',
      "[]",
    ],
    [
      "only once for each router",
      "const next = before === undefined ? state : withoutHold(state, before);",
      "const next = state;",
    ],
  ),
  ...inFile(
    "places",
    [
      "our mark on another device is found",
      "(one.proto === BATON_PROTO && !isAnothers(one.index))",
      "one.proto < 0",
    ],
    [
      "but for another instance's",
      "one.proto === BATON_PROTO && !isAnothers(one.index)",
      "one.proto === BATON_PROTO",
    ],
    [
      "somebody else's address is none of ours",
      "(one.proto === BATON_PROTO && !isAnothers(one.index))",
      "!isAnothers(one.index)",
    ],
    ["with the prefix it was set with", " && one.prefix === address.prefix", ""],
    [
      "an address may have a device of its own",
      "address.interface ?? config.interface",
      "config.interface ?? address.interface",
    ],
    [
      "bound to no device",
      "if (config.interface === undefined) return",
      "if (config.interface === null) return",
    ],
    [
      "a device by another name is found by the address",
      "    links.find((one) => one.index === own?.interfaceIndex);",
      "    undefined;",
    ],
    ["a virtual address is no source", "&& one.proto !== BATON_PROTO", ""],
    ["nor is a secondary one", "&& !one.secondary", ""],
  ),
  ...inFile(
    "successor",
    ["another router is no successor", "vrid !== config.router.vrid || ", ""],
    ["who gives up is no successor", "priority === 0 || ", ""],
    ["nor are we", " || source === ours) return false;", ") return false;"],
    [
      "what an engine refuses ends nothing",
      'checkAdvert(packet, parsed.advert, derived(config).expectation).kind === "accepted"',
      "true",
    ],
    [
      "a socket of no device has everybody's packets",
      "  if (config.interface === undefined && destination !== ours) return false;\n",
      "",
    ],
  ),
  ...inFile(
    "release-packets",
    ["priority 0", "priority: RELEASE,", "priority: router.priority,"],
    [
      "to every peer",
      "transport.peers.map(({ address }) => address)",
      "transport.peers.slice(0, 1).map(({ address }) => address)",
    ],
    ["with its TTL", "isUnicast ? transport.ttl : 255", "255"],
  ),
  ...inFile(
    "supervisor",
    [
      "the kernel is asked what is left",
      "if (next.orphans.length > 0)",
      "if (next.orphans.length > 1)",
    ],
    ["a death is reported", 'if (next.stop === "not-asked")', "if (next.orphans.length < 0)"],
    [
      "a stop waits for what is held",
      "if (orphans.length > 0 || holds.length > 0) return result;",
      "if (orphans.length > 0) return result;",
    ],
    [
      "and for the engine",
      'if (stop !== "asked" || engine.kind !== "none") return result;',
      'if (stop !== "asked") return result;',
    ],
    [
      "hand-overs have a deadline",
      "earliest(engineDeadline(state), holdsDeadline(state))",
      "engineDeadline(state)",
    ],
    [
      "a second end of the same process is none",
      'if (state.engine.kind !== "running") return unchanged(state);',
      "",
    ],
  ),
];
