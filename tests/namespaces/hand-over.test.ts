/**
 * The hand-over for a dead engine, on a real kernel: one address on two devices, which share
 * the rule of the lease; copies that were added by hand; one VRID with two peers.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { LabNode } from "#lab/measure/node";
import { FAST } from "#lab/measure/profile";
import { signal } from "#lab/sandbox/proc";
import { addHostAddress, changeLink, createBridge } from "#linux/links";
import { mustDo } from "#linux/result";
import { until } from "../support/daemon-bench.ts";
import { withLab } from "../support/lab.ts";
import { address, layCable, linkOf } from "../support/linux-net.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A supervisor with an engine of two instances, which own one address on two devices. */
const PRELUDE = `
  import { addHostAddress } from "#linux/links";
  import { openNftGuard } from "#linux/nft-guard";
  import { NFPROTO_IPV4 } from "#linux/nft-messages";
  import { openNftSocket } from "#linux/nft-socket";
  import { must, mustDo } from "#linux/result";
  import { openRtnetlink } from "#linux/rtnetlink";
  import { centis, instant, micros } from "#units/time";
  import { Supervision } from "./src/daemon/supervision.ts";
  import { daemonMessages } from "./src/daemon/messages.ts";
  import { instance } from "./tests/support/bench.ts";
  import { keepLog, until } from "./tests/support/daemon-bench.ts";
  import { linkOf } from "./tests/support/linux-net.ts";
  const requests = must(openRtnetlink());
  const guard = must(openNftGuard());
  const rules = must(openNftSocket());
  const configs = ["eth0", "br0"].map((device, i) =>
    instance({ router: { name: "VI_" + i, advertInterval: centis(30) }, interface: device }),
  );
  const [virtual] = configs[0].addresses;
  mustDo(guard.open([virtual.address]));
  mustDo(guard.prolong([virtual.address], 50));
  for (const device of ["eth0", "br0"])
    mustDo(requests.setAddress(linkOf(requests, device).index, virtual, 60));
  const { log, lines } = keepLog();
  const nothing = () => undefined;
  let starts = 0;
  const start = () => (starts += 1) > 0;
  const supervision = new Supervision({
    engine: { start, kill: nothing, send: nothing, snapshot: async () => undefined },
    rtnetlink: requests, log, language: "en", messages: daemonMessages("en"), watchdogMilliseconds: undefined,
    configure: nothing, taken: nothing, isAlive: nothing, gone: nothing, stopped: nothing,
  });
  const says = (message) => supervision.happened({ kind: "engineSaid", message });
  const reason = { kind: "started", masterDown: micros(1) };
  const becomesMaster = ({ router: { name: instance, priority } }) =>
    says({ type: "transition", instance, from: "BACKUP", to: "MASTER", priority, at: instant(0), reason });
  const ours = () => must(requests.addresses()).filter((one) => one.address === virtual.address);
  const left = () => [ours().length, must(guard.guarded()).length];
  const isOver = (count) => lines.filter((one) => one.includes("removing VIPs")).length === count;
  supervision.happened({ kind: "configured", revision: 1, instances: configs });
  supervision.happened({ kind: "startAsked" });
  says({ type: "configuring" });
`;
/**
 * Both instances of the dead engine owned the address, and its rule lets it answer for 50 ms more;
 * the next engine becomes MASTER of the first, and dies as well.
 */
const TWICE = `
  configs.forEach(becomesMaster);
  // The engine hangs for so long before it dies.
  await new Promise((resolve) => setTimeout(resolve, Number(process.argv[1])));
  supervision.happened({ kind: "engineExited" });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const answering = must(rules.elements(NFPROTO_IPV4, "baton", "alive")).length;
  await until("another engine", () => starts === 2);
  says({ type: "configuring" });
  becomesMaster(configs[0]);
  await until("one is handed over", () => isOver(1));
  const first = left();
  supervision.happened({ kind: "engineExited" });
  await until("the other one too", () => isOver(2));
  const errors = lines.filter((one) => one.startsWith("error") && !one.includes("engine is gone"));
  console.log(JSON.stringify([answering, first, left(), errors]));
  process.exit(0);
`;
/**
 * Added by hand on the other device: one before the address was ours, one under the engine that
 * owned it, one while it is held.
 */
const COPIES = `
  const index = linkOf(requests, "br0").index;
  mustDo(requests.removeAddress(index, virtual));
  const added = (prefix) => mustDo(addHostAddress(requests, index, virtual.address, prefix));
  added(30);
  const place = { address: virtual.address, interface: "br0", index, prefix: 30 };
  const report = { kind: "foreign-address", ...place, isOwner: false };
  says({ type: "report", instance: "VI_0", report });
  becomesMaster(configs[0]);
  added(31);
  supervision.happened({ kind: "engineExited" });
  added(32);
  const held = ours().map(({ prefix }) => prefix).toSorted();
  await until("it is handed over", () => isOver(1));
  const errors = lines.filter((one) => one.startsWith("error") && !one.includes("engine is gone"));
  console.log(JSON.stringify([held, ours().map(({ prefix }) => prefix), must(guard.guarded()).length, errors]));
  process.exit(0);
`;

function run(
  program: string,
  ...args: readonly string[]
): {
  readonly printed: string;
  readonly errors: string;
} {
  using cable = layCable();
  const { namespace, rtnetlink } = cable.left;
  mustDo(createBridge(rtnetlink, "br0"));
  const bridge = linkOf(rtnetlink, "br0").index;
  mustDo(changeLink(rtnetlink, bridge, { up: true }));
  mustDo(addHostAddress(rtnetlink, bridge, address("198.51.100.1"), 24));
  const argv = ["--input-type=module-typescript", "--eval", PRELUDE + program, ...args];
  const { stdout, stderr } = namespace.within(() =>
    spawnSync(process.execPath, argv, { cwd: ROOT }),
  );
  return { printed: stdout.toString().trim(), errors: stderr.toString() };
}

test("the address answers until it goes; on the other device it stays, and guarded", () => {
  const { printed, errors } = run(TWICE, "0");
  assert.equal(printed, "[1,[1,1],[0,0],[]]", errors);
});

test("an engine that hung past its lease and then dies: nobody answers for the address again", () => {
  const { printed, errors } = run(TWICE, "200");
  assert.equal(printed, "[0,[1,1],[0,0],[]]", errors);
});

test("what was added by hand under the dead engine, or while the address is held, goes with it", () => {
  const { printed, errors } = run(COPIES);
  assert.equal(printed, "[[24,30,31,32],[30],0,[]]", errors);
});

const socketsOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;

/** The two differ in their peer alone. */
const twin = (name: string, { address: own }: LabNode, peer: number): string =>
  `vrrp_instance ${name} {
  interface eth0
  virtual_router_id 51
  priority 50
  version 3
  advert_int 0.5
  unicast_src_ip ${own}
  unicast_peer {
    172.16.0.${peer}
  }
  virtual_ipaddress {
    198.51.100.${peer}/32
  }
}
`;

test("two unicast instances of one VRID: each is handed over at every death, and no socket is left", async (context) => {
  const profile = { ...FAST, advertSeconds: 0.5 };
  await withLab(context, { profile, kinds: ["baton"] }, async (lab) => {
    const [node] = lab.nodes;
    assert.ok(node);
    node.configure(twin("A", node, 202) + twin("B", node, 203));
    await node.startDaemon();
    const masters = (): number =>
      node.logTail(1_000).match(/\((A|B)\) Entering MASTER STATE/g)?.length ?? 0;
    const handedOver = (name: string): number =>
      node.logTail(1_000).match(new RegExp(`\\(${name}\\).*sent 0 priority`, "g"))?.length ?? 0;
    await until("both are MASTER", () => masters() === 2);
    const supervisor = node.pids()?.supervisor;
    assert.ok(supervisor !== undefined);
    // The first hand-over opens the rules of the lease, and they stay open.
    const sockets = socketsOf(supervisor) + 1;
    for (const death of [1, 2, 3]) {
      const engine = node.pids()?.engine;
      assert.ok(engine !== undefined);
      signal(engine, "SIGKILL");
      await until("both are MASTER again", () => masters() === 2 * (death + 1));
      assert.deepEqual([handedOver("A"), handedOver("B")], [death, death]);
      await until("its sockets are closed", () => socketsOf(supervisor) === sockets, 5);
      const owned = lab.network.addressesOf(node.name);
      for (const one of ["198.51.100.202", "198.51.100.203"]) assert.ok(owned.includes(one));
    }
  });
});
