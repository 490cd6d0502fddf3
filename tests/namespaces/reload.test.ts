/**
 * A reload has the effect of a restart without the move, on real machines: a pair is reloaded
 * from one value of every keyword to another, in both daemons one after the other. Nobody
 * changes state meanwhile, each hears the other as before, and in the end the kernel and the
 * status show what they show after a start with the new file.
 *
 * tests/engine/reload-equals-start.test.ts does the same keyword by keyword, with the
 * advertisements' bytes.
 */
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { InstanceStatus, Status } from "#daemon/control-protocol";
import type { LabNode } from "#lab/measure/node";
import { FAST } from "#lab/measure/profile";
import { withLab } from "../support/lab.ts";
import { PAIRS, type Pair, type Places, textOf } from "../support/reload-pairs.ts";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));

/**
 * Scripts, pipes, gates, checks and the cloud are the supervisor's; another interface or VRID is
 * another router.
 */
const isOfTheEngine = ({ block, word, isOther, isForOne }: Pair): boolean =>
  !["havip", "gate", "mysql", "postgresql", "redis", "check"].includes(block) &&
  word !== "gate" &&
  !/notify|script_|startup|shutdown|check_config|fifo|havip|garp_group/.test(`${block} ${word}`) &&
  isOther === undefined &&
  isForOne === undefined;
const INSTANCES = PAIRS.filter(
  (pair) => isOfTheEngine(pair) && pair.block !== "global_defs" && pair.block !== "vrrp_sync_group",
);
const GLOBALS = PAIRS.filter(
  (pair) => isOfTheEngine(pair) && pair.block === "global_defs" && pair.instance === undefined,
);

type Which = "before" | "after";

/** The stronger node has the first addresses. */
function placesOf(node: LabNode, lab: readonly LabNode[], number: number): Places {
  const second = (address: string): string =>
    address.replace(/\.\d+$/, (last) => `.${Number(last.slice(1)) + 100}`);
  const other = lab.find((one) => one !== node);
  assert.ok(other);
  const own = [node.address, second(node.address)] as const;
  return { number, folder: "/run", own, peers: [other.address, second(other.address)] };
}

const weaker = (config: string): string => config.replaceAll(/^priority 1/gm, "priority ");

const everyInstance = (which: Which, places: (number: number) => Places): string =>
  INSTANCES.map((pair, index) => textOf(pair, which, places(index + 1))).join("\n");

const everyGlobal = (which: Which, places: (number: number) => Places): string => {
  const lines = GLOBALS.map((pair) => `${pair.globals ?? ""}\n${pair[which]}`);
  const instance = (number: number, more: string): string =>
    `vrrp_instance VI_${number} {\ninterface eth0\nvirtual_router_id ${number}\npriority 150\n${more}\n` +
    `virtual_ipaddress {\n10.98.${number}.100/32\n}\n}`;
  const peers = `unicast_peer {\n${places(1).peers[0]}\n}`;
  return [`global_defs {\n${lines.join("\n")}\n}`, instance(1, ""), instance(2, peers)].join("\n");
};

const run = async (node: LabNode, ...argv: readonly string[]): Promise<string> => {
  const child = node.spawn(argv, "pipe");
  assert.ok(child.stdout);
  return await text(child.stdout);
};

type Shown = Pick<Status, "instances">;

/** One that does not run yet shows no instance. */
async function status(node: LabNode): Promise<Shown> {
  const shown = JSON.parse(await run(node, BATON, "status", "--json")) as Partial<Status>;
  return { instances: shown.instances ?? [] };
}

/** Asks until it is so; what it takes is the machine's matter. */
async function untilStatus(node: LabNode, isSo: (shown: Shown) => boolean): Promise<Shown> {
  for (let tries = 0; tries < 300; tries++) {
    const shown = await status(node);
    if (isSo(shown)) return shown;
  }
  throw new Error(`${node.name} never comes there: ${JSON.stringify(await status(node))}`);
}

const all =
  (state: string) =>
  (shown: Shown): boolean =>
    shown.instances.length > 0 && shown.instances.every((one) => one.state === state);

/** What does not depend on when one looks. */
function settled(one: InstanceStatus): unknown {
  const { name, state, phase, version, source, basePriority, effectivePriority } = one;
  return {
    state: [name, state, phase, version, source, basePriority, effectivePriority],
    interval: one.advertIntervalSeconds,
    trackers: one.trackers.map(({ kind, weight, effect }) => [kind, weight, effect]),
    peers: one.peers.filter(({ configured }) => configured).map(({ address }) => address),
    addresses: one.addresses.map(({ address, owned }) => [address, owned]),
    preempt: one.standby?.preempt,
  };
}

async function view(node: LabNode, addresses: readonly string[]): Promise<unknown> {
  const groups = await run(node, "/bin/cat", "/proc/net/igmp");
  const sockets = await run(node, "/bin/cat", "/proc/net/raw");
  return {
    instances: (await status(node)).instances.map(settled),
    addresses: addresses.toSorted(),
    groups: [...groups.matchAll(/^\s+([0-9A-F]{8})\s+(\d+)/gm)].map(([, group, users]) => [
      group,
      users,
    ]),
    sockets: sockets.trim().split("\n").length,
  };
}

const states = (shown: Shown): unknown =>
  shown.instances.map(({ name, state, history }) => [name, state, history.length]);

for (const [what, textFor] of [
  [`${INSTANCES.length} keywords of instances and what they track`, everyInstance],
  [`${GLOBALS.length} global keywords`, everyGlobal],
] as const) {
  test(`${what}: a reload of both nodes moves nothing and ends as a restart does`, async (context) => {
    await withLab(context, { profile: FAST, kinds: ["baton", "baton"] }, async (lab) => {
      const [a, b] = lab.nodes;
      assert.ok(a && b);
      const configure = (which: Which): void => {
        for (const node of [a, b]) {
          const config = textFor(which, (number) => placesOf(node, lab.nodes, number));
          node.configure(node === a ? config : weaker(config));
        }
      };
      for (const node of [a, b]) {
        const [, second] = placesOf(node, lab.nodes, 1).own;
        await run(node, "ip", "address", "add", `${second}/24`, "dev", "eth0");
        // For addresses on another interface.
        await run(node, "ip", "link", "add", "eth1", "type", "veth", "peer", "name", "eth2");
        for (const name of ["eth1", "eth2"]) await run(node, "ip", "link", "set", name, "up");
      }
      configure("before");
      await a.startDaemon();
      await untilStatus(a, all("MASTER"));
      await b.startDaemon();
      const [before, standby] = [await status(a), await untilStatus(b, all("BACKUP"))];
      const counted = new Map(
        standby.instances.map(({ name, counters }) => [name, counters["advert_rcvd"] ?? 0]),
      );

      configure("after");
      for (const node of [a, b]) await run(node, BATON, "reload");
      // Split brain would show after the detection time: three advertisements more, or a take-over.
      const hears = ({ name, state, counters }: InstanceStatus): boolean =>
        state !== "BACKUP" || (counters["advert_rcvd"] ?? 0) >= (counted.get(name) ?? 0) + 5;
      const after = await untilStatus(b, (shown) => shown.instances.every(hears));
      assert.deepEqual(states(after), states(standby));
      assert.deepEqual(states(await status(a)), states(before));
      const addresses = (node: LabNode): readonly string[] => lab.network.addressesOf(node.name);
      const reloaded = [await view(a, addresses(a)), await view(b, addresses(b))];

      await b.stopDaemon();
      await a.stopDaemon();
      await a.startDaemon();
      await untilStatus(a, all("MASTER"));
      await b.startDaemon();
      await untilStatus(b, all("BACKUP"));
      assert.deepEqual(reloaded, [await view(a, addresses(a)), await view(b, addresses(b))]);
    });
  });
}
