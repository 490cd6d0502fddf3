/**
 * VRRP over IPv6, Baton beside keepalived and both ways round: multicast and unicast, a start, a
 * stop, a preemption, a kill. A third party's opinion of every packet (tshark).
 *
 * Needs: keepalived, tshark
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { CONFIG_FILE, type DaemonKind, daemonArgv } from "#lab/measure/daemon";
import { spawnIn } from "#linux/namespace";
import { must } from "#linux/result";
import { isLinkLocal, printIp } from "#units/address";
import { ip, layCable, type Side } from "../support/linux-net.ts";

type Way = "multicast" | "unicast";
const VIPS = ["fe80::100", "2001:db8::100"] as const;
const EXCLUDED = "192.0.2.100";
const WITHIN_MS = 15_000;

interface Node {
  readonly name: "left" | "right";
  readonly side: Side;
  readonly kind: DaemonKind;
  /** Of its configuration. */
  readonly folder: string;
  daemon: ChildProcess | undefined;
  log: string;
}

const configOf = (side: Side, peer: Side, way: Way, priority: number): string => `
vrrp_instance VI_6 {
    state BACKUP
    interface eth0
    virtual_router_id 61
    priority ${priority}
    advert_int 0.2
    garp_master_delay 1
    ${
      way === "unicast"
        ? `unicast_src_ip ${printIp(side.address6)}\n    unicast_peer {\n        ${printIp(peer.address6)}\n    }`
        : ""
    }
    virtual_ipaddress {
${VIPS.map((address) => `        ${address}/64`).join("\n")}
    }
    virtual_ipaddress_excluded {
        ${EXCLUDED}/24
    }
}
`;

function start(node: Node): void {
  const child = spawnIn(node.side.namespace, daemonArgv(node.kind), {
    mounts: { tmpfs: ["/run", "/etc/keepalived"], bind: [[node.folder, dirname(CONFIG_FILE)]] },
    diesWithParent: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const take = (bytes: Buffer): void => {
    node.log += bytes.toString();
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  node.daemon = child;
}

async function stop(node: Node, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  const { daemon } = node;
  node.daemon = undefined;
  if (daemon === undefined || daemon.exitCode !== null) return;
  const ended = once(daemon, "exit");
  daemon.kill(signal);
  await ended;
}

/** Of the virtual addresses, of both families, as the kernel has them. */
const held = ({ side }: Node): readonly string[] =>
  must(side.rtnetlink.addresses())
    .map(({ address }) => printIp(address))
    .filter((address) => [...VIPS, EXCLUDED].includes(address as (typeof VIPS)[number]))
    .toSorted();
const ALL = [...VIPS, EXCLUDED].toSorted();

async function until(what: string, nodes: readonly Node[], isSo: () => boolean): Promise<void> {
  const end = performance.now() + WITHIN_MS;
  while (!isSo()) {
    if (performance.now() > end) {
      const logs = nodes.map(({ name, kind, log }) => `--- ${name}, ${kind}\n${log}`).join("\n");
      assert.fail(`${what}: not within ${WITHIN_MS} ms\n${nodes.map(held).join(" | ")}\n${logs}`);
    }
    await sleep(20);
  }
}

const owns = (node: Node): boolean => held(node).join() === ALL.join();
const hasNone = (node: Node): boolean => held(node).length === 0;

/** The kernel looks whether anybody else has it, and until then nobody can speak from it. */
const hasLinkLocal = ({ rtnetlink }: Side): boolean =>
  must(rtnetlink.addresses()).some(({ address }) => isLinkLocal(address));

async function run(
  { kinds, way }: { readonly kinds: readonly [DaemonKind, DaemonKind]; readonly way: Way },
  folder: string,
): Promise<void> {
  using cable = layCable();
  const made = (name: Node["name"], kind: DaemonKind, priority: number): Node => {
    const [side, peer] = [cable[name], cable[name === "left" ? "right" : "left"]];
    const own = join(folder, name);
    mkdirSync(own);
    writeFileSync(join(own, basename(CONFIG_FILE)), configOf(side, peer, way, priority));
    return { name, side, kind, folder: own, daemon: undefined, log: "" };
  };
  const strong = made("left", kinds[0], 150);
  const weak = made("right", kinds[1], 100);
  const both = [strong, weak];
  await until("addresses of the link", both, () => both.every(({ side }) => hasLinkLocal(side)));
  // Two seconds for the kernel's duplicate address detection of them.
  await sleep(2_000);
  const file = join(folder, "pair.pcap");
  const capture = spawnIn(cable.left.namespace, ["dumpcap", "-q", "-i", "eth0", "-w", file, "-P"], {
    diesWithParent: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    start(weak);
    await until("the first to start owns them", both, () => owns(weak));
    start(strong);
    await until("the stronger takes them", both, () => owns(strong) && hasNone(weak));
    // Both blocks of its announcements, a second apart.
    await sleep(1_500);
    await stop(strong, "SIGTERM");
    await until("a stop hands them over", both, () => owns(weak) && hasNone(strong));
    start(strong);
    await until("and it takes them back", both, () => owns(strong) && hasNone(weak));
    await stop(strong, "SIGKILL");
    await until("the other takes over from one that was killed", both, () => owns(weak));
    if (strong.kind === "baton")
      await until("and Baton's kernel gives them up", both, () => hasNone(strong));
  } finally {
    for (const node of both) await stop(node, "SIGTERM");
    const written = once(capture, "exit");
    capture.kill("SIGINT");
    await written;
  }
  await checkPackets(file, way, both);
}

const FIELDS = [
  "eth.src",
  "ipv6.src",
  "ipv6.dst",
  "ipv6.hlim",
  "ipv6.tclass",
  "vrrp.version",
  "vrrp.virt_rtr_id",
  "vrrp.prio",
  "vrrp.checksum.status",
  "icmpv6.type",
  "icmpv6.checksum.status",
  "icmpv6.nd.na.flag.o",
  "icmpv6.nd.na.flag.s",
  "icmpv6.nd.na.target_address",
  "_ws.malformed",
] as const;
type Packet = Readonly<Record<(typeof FIELDS)[number], string>>;

async function dissect(file: string): Promise<readonly Packet[]> {
  const filter = "vrrp && !icmp && !icmpv6 || icmpv6.type == 136 && ipv6.dst == ff02::1";
  const argv = ["-r", file, "-Y", filter, "-T", "fields", ...FIELDS.flatMap((one) => ["-e", one])];
  const { stdout } = await promisify(execFile)("tshark", argv, { maxBuffer: 1 << 26 });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const values = line.split("\t");
      return Object.fromEntries(FIELDS.map((one, at) => [one, values[at] ?? ""])) as Packet;
    });
}

const isTrue = (text: string): boolean => text === "True" || text === "1";

async function checkPackets(file: string, way: Way, nodes: readonly Node[]): Promise<void> {
  const packets = await dissect(file);
  for (const packet of packets) assert.equal(packet["_ws.malformed"], "", JSON.stringify(packet));
  const adverts = packets.filter((one) => one["vrrp.version"] !== "");
  assert.ok(adverts.length > 10, `only ${adverts.length} advertisements`);
  for (const one of adverts) {
    const which = JSON.stringify(one);
    assert.equal(one["vrrp.checksum.status"], "1", which);
    assert.equal(one["vrrp.version"], "3", which);
    assert.equal(one["vrrp.virt_rtr_id"], "61", which);
    assert.equal(one["ipv6.hlim"], way === "multicast" ? "255" : "64", which);
    // A Baton that yields says so to the winner alone.
    if (way === "multicast" && one["vrrp.prio"] !== "0") assert.equal(one["ipv6.dst"], "ff02::12");
    const isOfTheLink = isLinkLocal(ip(one["ipv6.src"]));
    assert.equal(isOfTheLink, way === "multicast", which);
  }
  const announced = packets.filter((one) => one["icmpv6.type"] === "136");
  for (const { side, kind } of nodes) {
    const mac = side.link.mac
      .toString(16)
      .padStart(12, "0")
      .replace(/(..)(?=.)/g, "$1:");
    const own = announced.filter((one) => one["eth.src"] === mac);
    for (const address of VIPS) {
      const frames = own.filter((one) => one["icmpv6.nd.na.target_address"] === address);
      assert.ok(frames.length >= 10, `${kind}: ${address} announced ${frames.length} times`);
      for (const one of frames) {
        assert.equal(one["ipv6.src"], address, kind);
        assert.equal(one["icmpv6.checksum.status"], "1", kind);
        assert.ok(isTrue(one["icmpv6.nd.na.flag.o"]) && !isTrue(one["icmpv6.nd.na.flag.s"]), kind);
      }
    }
    const releases = adverts.filter((one) => one["eth.src"] === mac && one["vrrp.prio"] === "0");
    assert.ok(releases.length > 0, `${kind} never said priority 0`);
  }
}

// Each pair has a cable of its own and mostly waits, so they run side by side.
describe("IPv6", { concurrency: 6 }, () => {
  for (const way of ["multicast", "unicast"] as const) {
    for (const kinds of [
      ["baton", "keepalived"],
      ["keepalived", "baton"],
      ["baton", "baton"],
    ] as const) {
      test(`${way}: ${kinds[0]} and ${kinds[1]}`, async (_context: TestContext) => {
        const folder = mkdtempSync(join(tmpdir(), "baton-test-"));
        try {
          await run({ kinds, way }, folder);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      });
    }
  }
});
