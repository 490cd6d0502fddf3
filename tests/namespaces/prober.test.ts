/**
 * The prober's subtleties against known truths: who answered, the client's neighbour table,
 * queues, pauses of its own.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Instruments } from "#lab/measure/instruments";
import { BridgeNetwork } from "#lab/measure/network";
import { now } from "#linux/clock";
import { changeLink } from "#linux/links";
import { spawnIn } from "#linux/namespace";
import { openNeighbourSocket } from "#linux/neighbour-socket";
import { must, mustDo } from "#linux/result";
import { openRtnetlink, type Rtnetlink } from "#linux/rtnetlink";
import { OUTPUT_FD, type ProberAnswer, type ProberRequest } from "#probes/probe-protocol";
import { type Ipv4, isIpv6, printMac, readIp, readIpv4 } from "#units/address";
import { elapsed, type Instant, toMillis } from "#units/time";
import type { LinkInfo } from "#vrrp/engine/world";
import { ARP_FRAME_LENGTH, emitArp, gratuitousArp } from "#vrrp/wire/arp";

const VIP_TEXT = "172.16.0.135";
const VIP = { address: readIpv4(VIP_TEXT) as Ipv4, prefix: 32, scope: 0 };
type Host = "a" | "b" | "client";

let network: BridgeNetwork;
let instruments: Instruments;
const kernels = new Map<string, Rtnetlink>();
const links = new Map<string, LinkInfo>();

function kernelOf(host: Host): Rtnetlink {
  const kernel = kernels.get(host);
  assert.ok(kernel);
  return kernel;
}
function linkOf(host: Host): LinkInfo {
  const link = links.get(host);
  assert.ok(link);
  return link;
}
const macOf = (host: Host): string => printMac(linkOf(host).mac);

/** The kernel does its work inside the call, so the change lies between these two instants. */
interface Change {
  readonly before: Instant;
  readonly after: Instant;
}
function hold(host: Host, present: boolean): Change {
  const [kernel, { index }] = [kernelOf(host), linkOf(host)];
  const before = now();
  mustDo(present ? kernel.setAddress(index, VIP, 0) : kernel.removeAddress(index, VIP));
  return { before, after: now() };
}

function announce(host: Host): void {
  const { index, mac } = linkOf(host);
  const frame = new Uint8Array(ARP_FRAME_LENGTH);
  emitArp(frame, gratuitousArp(mac, VIP.address, "request"));
  network.namespaceOf(host).within(() => {
    const socket = must(openNeighbourSocket(index));
    mustDo(socket.send(frame));
    socket.close();
  });
}

/** Waits until the client reaches somebody. */
async function untilAnswered(): Promise<void> {
  for (;;) {
    const from = now();
    await sleep(50);
    const view = await instruments.outage(from, now());
    if (view.sent > 0 && view.lost === 0) return;
  }
}

before(async () => {
  network = new BridgeNetwork([
    { name: "a", address: "172.16.0.16", isNode: true },
    { name: "b", address: "172.16.0.14", isNode: true },
    { name: "client", address: "172.16.0.200", isNode: false },
  ]);
  for (const host of ["a", "b", "client"] as const) {
    const kernel = network.namespaceOf(host).within(() => must(openRtnetlink()));
    kernels.set(host, kernel);
    const link = must(kernel.links()).find(({ name }) => name === "eth0");
    assert.ok(link);
    links.set(host, link);
  }
  instruments = new Instruments({
    network,
    nodes: ["a", "b"],
    client: "client",
    virtualAddress: VIP_TEXT,
  });
  await instruments.ready();
});

after(async () => {
  await instruments.close();
  for (const kernel of kernels.values()) kernel.close();
  network.close();
});

beforeEach(async () => {
  hold("b", false);
  hold("a", true);
  announce("a");
  await untilAnswered();
});

test("a window from before the prober's time is refused, not called quiet", async () => {
  await assert.rejects(instruments.outage(0 as Instant, now()), /was not running/);
});

test("the outage lies between what the address's absence allows", async () => {
  const from = now();
  await sleep(50);
  const gone = hold("a", false);
  await sleep(150);
  const back = hold("a", true);
  await sleep(100);
  const view = await instruments.outage(from, now());
  // The lower bound must hold whatever the machine does; the upper one allows for the prober's
  // own pauses, which it reports.
  const longest = toMillis(elapsed(gone.before, back.after));
  assert.ok(
    view.atLeastMilliseconds <= longest,
    `${view.atLeastMilliseconds} of at most ${longest}`,
  );
  const shortest = toMillis(elapsed(gone.after, back.before)) - 2;
  assert.ok(
    view.outageMilliseconds >= shortest,
    `${view.outageMilliseconds} of at least ${shortest}`,
  );
  const bound = longest + 2 * view.longestPauseMilliseconds + 1;
  assert.ok(view.outageMilliseconds <= bound, `${view.outageMilliseconds} of at most ${bound}`);
});

test("an announced move: the answers change over, and the prober says from whom to whom", async () => {
  const from = now();
  await sleep(100);
  hold("a", false);
  hold("b", true);
  announce("b");
  await sleep(100);
  const { turns, lost, sent } = await instruments.outage(from, now());
  assert.deepEqual(
    turns.map(({ mac }) => mac),
    [macOf("a"), macOf("b")],
  );
  const [first, second] = turns;
  assert.ok(first !== undefined && second !== undefined && first.to < second.from);
  assert.equal(first.answers + second.answers, sent - lost);
});

test("a move without an announcement: the client keeps asking the old owner", async () => {
  const from = now();
  await sleep(50);
  const gone = hold("a", false);
  hold("b", true);
  await sleep(300);
  const until = now();
  const { turns, outageMilliseconds } = await instruments.outage(from, until);
  assert.deepEqual(
    turns.map(({ mac }) => mac),
    [macOf("a")],
  );
  assert.ok(
    outageMilliseconds >= toMillis(elapsed(gone.after, until)) - 5,
    `${outageMilliseconds}`,
  );
});

/** What the prober says of a moment from its first answer on. */
async function askProber(
  program: string,
  args: readonly string[],
  meanwhile: () => Promise<void>,
): Promise<ProberAnswer> {
  const url = new URL(`../../src/probes/${program}.ts`, import.meta.url);
  const child = spawnIn(
    network.namespaceOf("client"),
    [process.execPath, fileURLToPath(url), ...args],
    { stdio: ["ignore", "ignore", "inherit", "pipe"] },
  );
  const pipe = child.stdio[OUTPUT_FD];
  assert.ok(pipe instanceof Duplex);
  const lines = createInterface({ input: pipe })[Symbol.asyncIterator]();
  const ask = async (from: Instant): Promise<ProberAnswer> => {
    pipe.write(
      `${JSON.stringify({ id: 1, from, to: now(), target: 0 } satisfies ProberRequest)}\n`,
    );
    return JSON.parse((await lines.next()).value ?? "") as ProberAnswer;
  };
  try {
    const until = performance.now() + 10_000;
    for (let from = now(); performance.now() < until; from = now()) {
      await sleep(50);
      const { outage } = await ask(from);
      if (outage.sent > 0 && outage.lost === 0) break;
    }
    const from = now();
    await meanwhile();
    return await ask(from);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

for (const [own, vip] of [
  ["172.16.0.200", VIP_TEXT],
  ["2001:db8:16::200", "2001:db8:16::135"],
  ["fe80::200", "fe80::135"],
] as const) {
  test(`everybody is asked for ${vip}: two owners are two answers, by name`, async () => {
    const address = readIp(vip);
    assert.ok(address !== undefined);
    const virtual = { address, prefix: isIpv6(address) ? 128 : 32, scope: 0 };
    const set = (host: Host, present: boolean): void => {
      const [kernel, { index }] = [kernelOf(host), linkOf(host)];
      mustDo(
        present ? kernel.setAddress(index, virtual, 60) : kernel.removeAddress(index, virtual),
      );
    };
    set("a", true);
    const asked = [vip, "eth0", own];
    const alone = await askProber("arp-probe-main", asked, async () => await sleep(100));
    assert.deepEqual([...new Set(alone.turns.map(({ mac }) => mac))], [macOf("a")]);
    assert.equal(alone.twice, 0);
    // The client's kernel hears the second owner too, so echoes come before it.
    const echo = await askProber("icmp-probe-main", asked, async () => await sleep(100));
    assert.deepEqual([...new Set(echo.turns.map(({ mac }) => mac))], [macOf("a")]);
    const both = await askProber("arp-probe-main", asked, async () => {
      set("b", true);
      await sleep(150);
      set("b", false);
    });
    assert.ok((both.twice ?? 0) > 10, `${both.twice} of ${both.outage.sent}`);
    set("a", false);
  });
}

test("probes that wait for ARP do not shorten the outage when they are answered late", async () => {
  const from = now();
  await sleep(50);
  const gone = hold("a", false);
  // Down and up empties the neighbour table: from now on the client asks, and queues.
  const [client, { index }] = [kernelOf("client"), linkOf("client")];
  mustDo(changeLink(client, index, { up: false }));
  mustDo(changeLink(client, index, { up: true }));
  await sleep(400);
  const back = hold("a", true);
  await untilAnswered();
  const { outageMilliseconds } = await instruments.outage(from, now());
  const shortest = toMillis(elapsed(gone.after, back.before)) - 2;
  assert.ok(outageMilliseconds >= shortest, `${outageMilliseconds} of at least ${shortest}`);
});

test("a prober that is paused sees no outage, and says that it was paused", async () => {
  const pid = instruments.clientPid;
  assert.ok(pid !== undefined);
  const from = now();
  await sleep(50);
  process.kill(pid, "SIGSTOP");
  const stoppedAt = now();
  await sleep(200);
  const resumedAt = now();
  process.kill(pid, "SIGCONT");
  await sleep(50);
  const view = await instruments.outage(from, now());
  assert.equal(view.lost, 0);
  assert.equal(view.outageMilliseconds, 0);
  const paused = toMillis(elapsed(stoppedAt, resumedAt)) - 5;
  assert.ok(view.longestPauseMilliseconds >= paused, `${view.longestPauseMilliseconds}, ${paused}`);
});

test("two owners: the watcher's overlap is the time both hold the address", async () => {
  const from = now();
  const both = hold("b", true);
  await sleep(150);
  const one = hold("b", false);
  while (instruments.holders().includes("b")) await sleep(5);
  const { total, open } = instruments.overlap(["a", "b"], from, now());
  // The watcher stamps what it reads, a little after the kernel did it; both ends are late alike.
  const truth = toMillis(elapsed(both.after, one.before));
  assert.ok(Math.abs(toMillis(total) - truth) < 25, `${toMillis(total)}, in truth ${truth}`);
  assert.equal(open, false);
});
