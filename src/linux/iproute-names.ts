/**
 * The names of iproute2's files: tables, protocols, scopes, realms, groups of devices, kinds of
 * service. Read when a name is asked for that is not known, so that a table which the operator adds
 * later is found.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Named } from "#vrrp/router/routes";

export type NameKind =
  | "rt_tables"
  | "rt_protos"
  | "rt_scopes"
  | "rt_realms"
  | "group"
  | "rt_dsfield";

const BUILT_IN: Readonly<Record<NameKind, Readonly<Record<string, number>>>> = {
  rt_tables: { unspec: 0, default: 253, main: 254, local: 255 },
  rt_protos: { unspec: 0, redirect: 1, kernel: 2, boot: 3, static: 4, ra: 9, keepalived: 18 },
  rt_scopes: { global: 0, universe: 0, site: 200, link: 253, host: 254, nowhere: 255 },
  rt_realms: { cosmos: 0 },
  group: { default: 0 },
  rt_dsfield: {},
};
/** Of IP protocols in a rule; /etc/protocols is not on every machine. */
const IP_PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  esp: 50,
  ah: 51,
  "ipv6-icmp": 58,
  icmpv6: 58,
  sctp: 132,
  udplite: 136,
};
/** In this order; a later one does not replace a name of an earlier one. */
const FOLDERS: readonly string[] = ["/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2"];
/** A file of names has some lines. */
const BYTES_MAX = 1_048_576;

export const ipProtocol = (name: Named): number | undefined =>
  typeof name === "number" ? name : IP_PROTOCOLS[name];

/** Undefined: no file has the name. */
export function numberOf(
  kind: NameKind,
  name: Named,
  folders: readonly string[] = FOLDERS,
): number | undefined {
  if (typeof name === "number") return name;
  const known = BUILT_IN[kind];
  if (Object.hasOwn(known, name)) return known[name];
  for (const file of folders.flatMap((folder) => filesOf(folder, kind))) {
    const found = find(file, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `rt_tables`, and what is in `rt_tables.d` with the ending `.conf`. */
function filesOf(folder: string, kind: NameKind): readonly string[] {
  const path = join(folder, kind);
  let more: string[] = [];
  try {
    more = readdirSync(`${path}.d`).filter((name) => name.endsWith(".conf"));
  } catch {
    // There is no such folder.
  }
  return [path, ...more.toSorted().map((name) => join(`${path}.d`, name))];
}

/** Lines of a number and a name; the number may be hexadecimal. */
function find(path: string, name: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  if (text.length > BYTES_MAX) return undefined;
  for (const line of text.split("\n")) {
    const match = /^\s*(0x[0-9a-fA-F]+|[0-9]+)\s+(\S+)/.exec(line);
    if (match?.[2] === name) return Number(match[1]);
  }
  return undefined;
}
