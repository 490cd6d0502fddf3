/** Rules of a gate in the engine and in the supervisor, each broken once (see mutants.ts). */
import { type Mutant, mutantsIn } from "./mutant.ts";

const inEngine = mutantsIn("src/vrrp/engine");
const inSupervisor = mutantsIn("src/vrrp/supervisor");

export const GATE_ENGINE_MUTANTS: readonly Mutant[] = [
  ...inEngine(
    "gates",
    [
      "who joins a sync group that is promoted is promoted",
      'if (kind === "demote" && instance.leaving === undefined) return false;',
      'if (kind === "demote" || instance.leaving === undefined) return false;',
    ],
    [
      "a group is demoted by any of its members",
      'if (kind === "demote" && instance.leaving === undefined) return false;',
      "",
    ],
    [
      "a unit that was asked for anything since is not promoted",
      "this.#promoted.delete(unitOf(instance.config));",
      "",
    ],
    [
      "members wait for the same answer",
      "if (pending.unit !== unit || pending.kind !== request.kind) continue;",
      "if (pending.unit !== unit || pending.kind === request.kind) continue;",
    ],
    ["units wait for their own", "pending.unit !== unit ||", ""],
    [
      "an answer comes once",
      "    this.#pending.delete(message.run);\n    if (pending",
      "    if (pending",
    ],
    ["a demotion ends the promotion of its unit", "    this.#forget(unit, request.kind);\n", ""],
    ["one waits still: nothing is cancelled", "if (waiting.size > 0) return;", ""],
    ["of another number nothing is", "if (waiting.get(instance) !== run) continue;", ""],
    ["an earlier engine has used no number that is as high", "Math.ceil(now / 1_000)", "1"],
    [
      "a demotion closes the fences of the whole group",
      'if (effect.kind === "demote") this.#closeOthers(instance, now);',
      "",
    ],
    [
      "without a supervisor all is refused",
      "if (this.#isAlone) return void outcomes.push(unanswered(request.kind, run));",
      "",
    ],
    ["also what waits", "this.#isAlone = true;", ""],
    [
      "one that a reload brings back waits for the demotion of the old one",
      '(one.state.phase.kind === "demoting" || one.state.gate?.running !== undefined)',
      "false",
    ],
    [
      "and not for ever",
      "    for (const one of this.#of(unitOf(instance.config))) this.settle(steps, one, now);\n",
      "",
    ],
    [
      "who is removed hears no answer",
      "waiting.delete(instance);\n    this.release",
      "waiting.size;\n    this.release",
    ],
    [
      "a fence that is refused is a fault",
      "    if (outcome === undefined || outcome.ok) return;\n    scheduleRetry",
      "    if (now > 0) return;\n    scheduleRetry",
    ],
    ["a kernel without one refuses it", "?? NO_FENCE", ""],
    ["a reload lets through what is nobody's any more", "    this.release(before);\n", ""],
    [
      "but not what is configured still",
      "!configured.some((other) => isSameEntry(one, other))",
      "true",
    ],
  ),
  ...inEngine(
    "probes",
    ["two questions are asked", "const QUESTIONS = 2;", "const QUESTIONS = 1;"],
    ["this machine itself is nobody", "if (this.#context.interfaces.hasMac(mac)) return;", ""],
    ["nor is another device", "one.index === interfaceIndex && ", ""],
    ["an address that is here is not asked for", "&& !here.has(address)", ""],
    ["who has heard a master gets no answer", "if (isWanted(probe)) steps.apply", "steps.apply"],
    [
      "asked again, the earlier question is over",
      "this.#probes = this.#probes.filter((one) => one.instance !== instance);\n    const places",
      "const places",
    ],
  ),
  ...inEngine(
    "groups",
    [
      "a member that its gate holds back is not ready",
      "&& heldBack(config.router, state, now) === undefined",
      "",
    ],
    ["a member that waits keeps what it has learned", "...withGate(before, wanted)", "...before"],
  ),
  ...inEngine("receive", [
    "a successor with a gate is waited for until it announces",
    "return isLeaving && config.router.gate !== undefined;",
    "return false;",
  ]),
  ...inSupervisor(
    "promotions",
    [
      "fences are closed before the first engine, and first of all when one dies",
      "fenced.length === 0 ?",
      "fenced.length >= 0 ?",
    ],
    ["what was promoted is demoted", 'kind === "promote";\n  const', 'kind === "demote";\n  const'],
    [
      "once for a sync group",
      "units.set(unitOf(config), config)",
      "units.set(config.router.name, config)",
    ],
    ["of that unit alone", "&& unitOf(one.config) === unit", ""],
  ),
  ...inSupervisor("hand-over", [
    "with a fence the address goes first",
    '"break-before-make" || isFenced(config)',
    '"break-before-make"',
  ]),
  ...inSupervisor("engine-life", [
    "a stop leaves the time to demote",
    "STOP_WITHIN + waitForPlatform(state) + demotion(state)",
    "STOP_WITHIN + waitForPlatform(state)",
  ]),
  ...inSupervisor("routers", [
    "the next engine has promoted nothing",
    "mayBePromoted: false, ",
    "",
  ]),
];
