/**
 * The virtual routers of a cluster, each put together from what its nodes say: who owns the
 * addresses, and what is wrong. Pure.
 */
import type { InstanceStatus } from "#daemon/control-protocol";
import type { NodeView } from "../../base/node-view.ts";

/** One node's part in a router. */
export interface Member {
  readonly node: NodeView;
  /** The node's. */
  readonly name: string;
  readonly instance: InstanceStatus;
  /** What it says is of now: the node answers, and so does its engine. */
  readonly isFresh: boolean;
}

export type Verdict = "one-owner" | "no-owner" | "two-owners" | "unknown";

export interface Router {
  readonly key: string;
  readonly name: string;
  readonly vrid: number;
  readonly group: string | undefined;
  /** Without a prefix's length. */
  readonly addresses: readonly string[];
  /** The owner first. */
  readonly members: readonly Member[];
  readonly owners: readonly Member[];
  readonly verdict: Verdict;
}

const bare = (address: string): string => address.replace(/\/\d+$/, "");

/** Same VRID and an address in common, or the same VRID and name if it has none. */
const keyOf = ({ vrid, addresses, name }: InstanceStatus): string =>
  `${vrid} ${addresses.map(({ address }) => bare(address)).toSorted()[0] ?? name}`;

export function routersOf(nodes: readonly NodeView[]): readonly Router[] {
  const found = new Map<string, Member[]>();
  const groups = new Map<string, string>();
  for (const node of nodes) {
    const { status } = node;
    if (status === undefined) continue;
    const isFresh = node.failure === undefined && status.engineAnswers;
    for (const instance of status.instances) {
      const key = keyOf(instance);
      const member = { node, name: node.name, instance, isFresh };
      found.set(key, [...(found.get(key) ?? []), member]);
      const group = status.groups.find(({ members }) =>
        members.some(({ name }) => name === instance.name),
      );
      if (group !== undefined) groups.set(key, group.name);
    }
  }
  const isAllKnown = nodes.every(
    ({ status, failure }) => failure === undefined && status?.engineAnswers === true,
  );
  return [...found].map(([key, members]) => routerOf(key, groups.get(key), members, isAllKnown));
}

function routerOf(
  key: string,
  group: string | undefined,
  all: readonly Member[],
  isAllKnown: boolean,
): Router {
  const owners = all.filter(({ instance, isFresh }) => isFresh && instance.state === "MASTER");
  const members = [...owners, ...all.filter((one) => !owners.includes(one))];
  const [first] = members;
  const addresses = [
    ...new Set(all.flatMap(({ instance }) => instance.addresses.map((one) => bare(one.address)))),
  ];
  return {
    key,
    name: first?.instance.name ?? key,
    vrid: first?.instance.vrid ?? 0,
    group,
    addresses,
    members,
    owners,
    verdict: verdictOf(owners, all, isAllKnown),
  };
}

function verdictOf(
  owners: readonly Member[],
  all: readonly Member[],
  isAllKnown: boolean,
): Verdict {
  if (owners.length === 1) return "one-owner";
  if (owners.length > 1) return "two-owners";
  if (foreignMaster(all) !== undefined) return "unknown";
  return isAllKnown ? "no-owner" : "unknown";
}

/**
 * The master that is heard, but is none of the nodes asked: perhaps a keepalived. One of ours that
 * was heard a moment ago and is no master any more is no such one.
 */
function foreignMaster(members: readonly Member[]): string | undefined {
  const own = members.map(({ instance }) => instance.source);
  return members
    .filter(({ isFresh }) => isFresh)
    .map(({ instance }) => instance.standby?.master?.address)
    .find((address) => address !== undefined && !own.includes(address));
}

export const heardMaster = ({ members }: Router): string | undefined => foreignMaster(members);

/** Two nodes that are peers with the same VRID, each with other addresses: they are one router. */
export interface Mismatch {
  readonly vrid: number;
  readonly members: readonly [Member, Member];
}

function mismatchesOf(routers: readonly Router[]): readonly Mismatch[] {
  const found = new Map<string, Mismatch>();
  const byVrid = Map.groupBy(
    routers.flatMap(({ members }) => members),
    ({ instance }) => instance.vrid,
  );
  for (const [vrid, members] of byVrid)
    for (const [nth, one] of members.entries())
      for (const other of members.slice(nth + 1)) {
        const texts = [one, other].map((each) => addressesOfMember(each).toSorted().join(" "));
        if (texts[0] === texts[1] || one.node === other.node) continue;
        if (!isPeer(one, other) && !isPeer(other, one)) continue;
        // Of three nodes two may have the same: that is one mistake.
        const key = `${vrid}/${texts.toSorted().join("/")}`;
        if (!found.has(key)) found.set(key, { vrid, members: [one, other] });
      }
  return [...found.values()];
}

/** It is configured so, or has been heard. Virtual routers in other networks may have the VRID. */
const isPeer = (a: Member, b: Member): boolean =>
  a.isFresh &&
  b.isFresh &&
  b.instance.source !== undefined &&
  a.instance.peers.some(({ address }) => address === b.instance.source);

export const addressesOfMember = ({ instance }: Member): readonly string[] =>
  instance.addresses.map(({ address }) => bare(address));

export interface Totals {
  readonly routers: number;
  readonly owned: number;
  readonly without: readonly Router[];
  readonly disputed: readonly Router[];
  readonly mismatched: readonly Mismatch[];
  readonly unknown: readonly Router[];
  readonly unreachable: readonly NodeView[];
}

export function totalsOf(routers: readonly Router[], nodes: readonly NodeView[]): Totals {
  const having = (verdict: Verdict): readonly Router[] =>
    routers.filter((one) => one.verdict === verdict);
  const mismatched = mismatchesOf(routers);
  const isMismatched = ({ members }: Router): boolean =>
    mismatched.some((pair) => pair.members.some((one) => members.includes(one)));
  return {
    routers: routers.length,
    owned: having("one-owner").length,
    without: having("no-owner"),
    disputed: having("two-owners"),
    mismatched,
    // The master that it hears is one of the nodes.
    unknown: having("unknown").filter((one) => !isMismatched(one)),
    unreachable: nodes.filter(({ failure }) => failure !== undefined),
  };
}

/** Every text in which somebody may look for a router, in lower case. */
export const searchText = ({ name, addresses, members, vrid }: Router): string =>
  [name, `vrid ${vrid}`, ...addresses, ...members.flatMap((one) => [one.name, one.instance.state])]
    .join(" ")
    .toLowerCase();
