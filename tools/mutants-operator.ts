/** Rules of what an operator asks for, each broken once (see mutants.ts). */
import { type Mutant, mutantsIn } from "./mutant.ts";

const inFile = mutantsIn("src/vrrp/router");

export const OPERATOR_MUTANTS: readonly Mutant[] = [
  ...inFile(
    "switch",
    [
      "what is taken back is prolonged",
      '    { kind: "addAddresses" },\n    { kind: "sendAdvert", priority: state.effectivePriority },\n',
      '    { kind: "sendAdvert", priority: state.effectivePriority },\n',
    ],
    [
      "without a successor the move is taken back",
      "return gives === undefined\n",
      "return false\n",
    ],
    [
      "who was moved away stays away",
      ": { ...state, switched: { at: now, to: from } };",
      ": state;",
    ],
    ["a successor that goes again is none", "phase.successor?.from === from", "false"],
    ["who stalls in a move gives up", "&& now >= phase.ownedUntil", "&& now < 0"],
    [
      "the address stays until a successor is heard",
      'keeps ? { kind: "holdAddresses"',
      'false ? { kind: "holdAddresses"',
    ],
    [
      "in maintenance nothing is taken back",
      'if (state.maintenance === "on") return stayAway',
      "if (false) return stayAway",
    ],
    ["members of a group wait as long as the slowest", "leastWait ?? 0", "0"],
    ["with one peer asked the others hear us", "now < master.advertAt", "now < Infinity"],
  ),
  ...inFile(
    "maintenance",
    ["nobody takes over in maintenance", 'MISSED && mode === "last-resort"', "MISSED"],
    ["the last resort waits for everybody", "const MISSED = 2;", "const MISSED = 1;"],
    [
      "the last resort has the lowest priority",
      'maintenance === "last-resort" ? LAST_PRIORITY',
      "false ? LAST_PRIORITY",
    ],
    [
      "maintenance ends the return after a flap",
      "inPhase(known, withoutOwnership(phase))",
      "known",
    ],
  ),
  ...inFile(
    "backup",
    ["who was moved away does not preempt", "switched !== undefined || maintenance", "maintenance"],
    ["maintenance is no only peer", "state.maintenance === undefined && heldBack", "heldBack"],
  ),
  ...inFile("router", [
    "maintenance is not called back by switch --back",
    'if (state.maintenance === "on") return unchanged(state);',
    "",
  ]),
];
