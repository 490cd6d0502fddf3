/** Rules of the engine, each broken once (see mutants.ts). */
import { type Mutant, mutantsIn } from "./mutant.ts";

const inFile = mutantsIn("src/vrrp/engine");

export const ENGINE_MUTANTS: readonly Mutant[] = [
  ...inFile(
    "interfaces",
    ["a virtual address is no source", "  one.proto !== BATON_PROTO &&\n", ""],
    ["nor is a secondary one", "  !one.secondary &&\n", ""],
    ["nor one of the other family", "versionOfAddress(one.address) === version", "true"],
    ["over IPv6 it is one of the link", "isLinkLocal(one.address) && ", ""],
  ),
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
    [
      "what is there when an address is configured is no copy",
      "if (isCopy) entry.copies.push",
      "entry.copies.push",
    ],
  ),
  ...inFile("interfaces", [
    "what was there before lost notifications is no copy",
    "isSamePlace(known, one)",
    "false",
  ]),
  ...inFile(
    "reconcile",
    [
      "what is deleted during a planned move is put back",
      "ownsAddress(phase) : now < until - EARLY",
      "ownsAddress(phase) : false",
    ],
    ["but not after its end", "now < until - EARLY", "true"],
  ),
  ...inFile("leases", [
    "what is put back in a planned move ends with it",
    "Math.max(1, Math.ceil((held - now) / 1_000_000))",
    "3_600",
  ]),
  ...inFile("reload", [
    "a rule that nobody would prolong is closed during a planned move",
    "!ownsAddress(phase) && !isSwitching",
    "!ownsAddress(phase)",
  ]),
  ...mutantsIn("src/vrrp/router")(
    "announcer",
    ["requests that wait for the budget do not become one", "notBefore < now ?", "notBefore < 0 ?"],
    ["nor many", "Math.min(waiting + repeat, TOGETHER_MAX)", "waiting + repeat"],
  ),
];
