/** Rules of the engine, each broken once (see mutants.ts). */
import { type Mutant, mutantsIn } from "./mutant.ts";

const inFile = mutantsIn("src/vrrp/engine");

export const ENGINE_MUTANTS: readonly Mutant[] = [
  ...inFile(
    "foreign-addresses",
    ["what is added while the address is held is a copy", "one.owned || isHeld ||", "one.owned ||"],
    ["the supervisor removes it", "entry?.owned === false && !isHeld", "entry?.owned === false"],
    [
      "what was there before is none",
      "&& !instance.spared.some((one) => isSamePlace(one, found))",
      "",
    ],
    ["a hold has an end", "heldUntil !== undefined && now <= heldUntil", "heldUntil !== undefined"],
  ),
];
