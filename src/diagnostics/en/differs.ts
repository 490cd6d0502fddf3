/** VR4xxx in English. */
import type { Loss, NoNeed } from "../facts.ts";
import type { CodeFamily, Messages } from "../messages.ts";
import { plural, ticked } from "./phrases.ts";

/** "this would run without …" */
const WITHOUT: Readonly<Record<Loss, string>> = {
  "address-flags": "these flags of the address",
  bfd: "this BFD session: Baton has sessions over IPv4 with a neighbor on the same network",
  dbus: "the D-Bus interface",
  ipvs: "IPVS load balancing",
  linkbeat: "link polling: the kernel's own word on the link is used",
  namespace: "its network namespace: Baton runs where it is started",
  "old-checksum":
    "the old checksum: advertisements are sent as version 3 has them since keepalived 1.3.7",
  "reload-file": "timed reloads and reload markers",
  routes: "these routes, so traffic of the virtual address may leave the wrong way",
  rules: "these policy rules, so traffic of the virtual address may leave the wrong way",
  snmp: "SNMP",
  static: "these static items: Baton adds only what moves with an instance",
  "extra-garp": "repeated gratuitous ARP on the interfaces of other virtual addresses",
  ipvlan: "ipvlan: the addresses are on the interface itself, with its MAC address",
  vrf: "a VRF: the device of the virtual MAC address is in that of its interface",
};

const NO_NEED: Readonly<Record<NoNeed, string>> = {
  always: "it needs nothing done here",
  buffers: "Baton sizes its buffers itself",
  "dump-files": "it concerns files that Baton does not keep, or writes for root alone",
  kernel: "it is a kernel setting that Baton leaves alone",
  names: "it names things that Baton does not have",
  obsolete: "it has no effect in keepalived either",
  process: "it concerns keepalived's processes",
  scheduling:
    "Baton's engine runs in real time (SCHED_RR), locked in memory and on every processor, whatever is written",
  timing: "Baton decides anew after every stall of its own accord",
};

const places = (count: number): readonly string[] =>
  count > 1 ? [`there are ${plural(count, "place")} of this kind`] : [];

export const DIFFERS: Messages<CodeFamily<"VR4">> = {
  VR4001: ({ keyword, loss, places: count }) => ({
    message: `this would run without ${WITHOUT[loss]}`,
    label: `\`${keyword}\` is read and not carried out`,
    related: ["and here"],
    notes: places(count),
    help: "`baton run --compat` runs the rest all the same",
  }),
  VR4002: ({ keyword, loss, places: count }) => ({
    message: `this would run without ${WITHOUT[loss]}`,
    label: `\`${keyword}\` is read and not carried out`,
    related: ["and here"],
    notes: places(count),
  }),
  VR4003: ({ keyword, noNeed, places: count }) => ({
    message: `\`${keyword}\` is read and changes nothing: ${NO_NEED[noNeed]}`,
    label: "no effect here",
    related: ["and here"],
    notes: places(count),
  }),
  VR4004: ({ keyword, places: count }) => ({
    message: `\`${keyword}\` is IPVS load balancing, which is not Baton's: the block is skipped`,
    label: "skipped",
    related: ["and here"],
    notes: places(count),
    help: "run keepalived for the load balancing (`keepalived -C`) beside Baton",
  }),
  VR4016: ({ keyword, block, next }) => ({
    message: `keepalived would take the \`}\` of \`${keyword}\` for the end of \`${block}\` and lose \`${next}\` and what follows`,
    label: "not the last in its block",
    help: `move \`${keyword}\` to the end of \`${block}\`: then keepalived only reports unknown keywords`,
    notes: [
      "Baton reads it in any place; this matters to whoever goes back to keepalived with the file",
    ],
  }),
  VR4005: ({ keyword, isBlock, places: count }) => ({
    message:
      isBlock === true
        ? `\`${keyword}\` is Baton's own: keepalived reports unknown keywords and ignores the lines in it`
        : `\`${keyword}\` is Baton's own: keepalived reports an unknown keyword and ignores it`,
    label: "not keepalived's",
    notes: places(count),
  }),
  VR4006: ({ keyword }) => ({
    message: `\`${keyword} 0\` is an error to keepalived, which takes 0.000001 as the smallest value; no gap is the default anyway`,
    label: "taken as: no gap",
    help: "delete the line",
  }),
  VR4007: ({ keyword, text }) => ({
    message: `\`${keyword} ${text}\` switches it on in keepalived, whatever the word says`,
    label: "keepalived does not read this word",
    help: "delete the line to have it off",
  }),
  VR4008: ({ tracker, name, line }) => ({
    message: `keepalived would run without \`${name}\`: \`${tracker} ${name}\` (line ${line}) must stand above its use`,
    label: "used before it is defined",
    related: ["defined here"],
    notes: ["Baton finds it wherever it stands"],
    help: `move the \`${tracker}\` block above the instance`,
  }),
  VR4009: ({ keywords }) => ({
    message: `keepalived forgets ${ticked(keywords)} at a reload, because \`global_defs\` stands after an instance`,
    label: "after the instance",
    related: ["the first instance"],
    help: "move `global_defs` to the top",
  }),
  VR4010: ({ keyword, instead }) => ({
    message:
      instead === undefined
        ? `\`${keyword}\` is obsolete`
        : `\`${keyword}\` is the old name of \`${instead}\``,
    label: instead === undefined ? "not needed" : `now \`${instead}\``,
  }),
  VR4011: ({ instance }) => ({
    message: `\`${instance}\` would run without authentication: \`auth_type AH\` is not offered by Baton`,
    label: "IPsec authentication header",
    notes: ["peers that use it would drop our advertisements, and both sides become master"],
    help: "use `auth_type PASS` on every node",
  }),
  VR4015: ({ script }) => ({
    message: `\`init_fail\` of \`${script}\` works in Baton; keepalived reads it and does nothing`,
    label: "counts as failed until the first success",
  }),
};
