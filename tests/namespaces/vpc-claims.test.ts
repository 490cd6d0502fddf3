/**
 * The VPC's switch with real frames: who may claim, what moves, what the log says, and what a
 * client outside sees.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { INTERNET, Vpc, type VpcEvent } from "#lab/vpc/vpc";
import { spawnIn } from "#linux/namespace";
import { openNeighbourSocket } from "#linux/neighbour-socket";
import { must, mustDo } from "#linux/result";
import { readIpv4 } from "#units/address";
import { ARP_FRAME_LENGTH, emitArp, gratuitousArp } from "#vrrp/wire/arp";
import { shopLab, VIP } from "../lab/descriptions.ts";
import { parsePcap } from "../support/pcap.ts";

const events: VpcEvent[] = [];
let vpc: Vpc;

before(async () => {
  vpc = await Vpc.start({
    description: shopLab({ members: ["a", "b"], eip: true }),
    onEvent: (event) => events.push(event),
  });
});
after(async () => await vpc.close());

function announce(name: string, address: string): void {
  const host = vpc.host(name);
  const vip = readIpv4(address);
  assert.ok(vip !== undefined);
  const frame = new Uint8Array(ARP_FRAME_LENGTH);
  emitArp(frame, gratuitousArp(host.mac, vip, "request"));
  host.namespace.within(() => {
    const socket = must(openNeighbourSocket(host.index));
    mustDo(socket.send(frame));
    socket.close();
  });
}

function hold(name: string, present: boolean): void {
  const { rtnetlink, index } = vpc.host(name);
  const address = { address: readIpv4(VIP) ?? (0 as never), prefix: 32, scope: 0 };
  mustDo(
    present ? rtnetlink.setAddress(index, address, 0) : rtnetlink.removeAddress(index, address),
  );
}

async function until(what: string, condition: () => boolean, seconds = 10): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(5);
  }
}

const logged = (pattern: RegExp): boolean =>
  events.some((event) => event.kind === "log" && pattern.test(event.text));
const holder = (): string | undefined => vpc.nameOf(vpc.havip(VIP)?.holder?.instanceId);

interface Ended {
  readonly code: number | null;
  readonly output: string;
}
function run(name: string, ...argv: readonly string[]): Promise<Ended> {
  const child = spawnIn(vpc.host(name).namespace, argv, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (bytes) => {
      output += String(bytes);
    });
  }
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, output }));
  });
}
/** A program of our own: `curl` is not everywhere. */
const FETCH = `fetch(process.argv[1], {signal: AbortSignal.timeout(3000)}).then(r => r.text()).then(t => console.log(t), e => { console.log(String(e.cause ?? e)); process.exitCode = 1 })`;
const fetchFrom = (name: string, url: string): Promise<Ended> =>
  run(name, process.execPath, "-e", FETCH, url);

describe("claims", () => {
  it("a HAVIP belongs to nobody until a guest announces it, and then follows announcements", async () => {
    assert.equal(holder(), undefined);
    for (const name of ["a", "b", "a"]) {
      announce(name, VIP);
      await until(`${name} holds it`, () => holder() === name);
    }
    const moves = events.filter((event) => event.kind === "moved").map((event) => event.toName);
    assert.deepEqual(moves, ["a", "b", "a"]);
  });

  it("from another subnet is refused, with the reason in the log", async () => {
    announce("c", VIP);
    await until("log", () => logged(/belongs to subnet-\w+, the interface is in subnet-/));
    assert.equal(holder(), "a");
  });

  it("of an ordinary address is refused", async () => {
    announce("a", "172.16.0.14");
    await until("log", () => logged(/172\.16\.0\.14 is not a HAVIP/));
  });

  it("from outside the drift range is refused", async () => {
    const row = vpc.havip(VIP);
    assert.ok(row !== undefined);
    const { instanceId } = vpc.instance("b");
    await vpc.calls.call("DisassociateHaVipInstance", {
      HaVipAssociationSet: [{ HaVipId: row.id, InstanceId: instanceId, InstanceType: "CVM" }],
    });
    announce("b", VIP);
    await until("log", () => logged(/is in the drift range/));
    assert.equal(holder(), "a");
    await vpc.calls.associate(row.id, [instanceId]);
  });

  it("over the rate is refused, and the address stays", async () => {
    for (let count = 0; count < 60; count++) announce("a", VIP);
    await until("log", () => logged(/announced? .*more than \d+ times a second|announces more/));
    assert.equal(holder(), "a");
  });

  it("swallowed on purpose never arrives; healed, it does", async () => {
    vpc.setFault("b", { swallowClaims: true });
    announce("b", VIP);
    await until("dropped", () =>
      events.some((event) => event.kind === "dropped" && event.drop.kind === "claim-swallowed"),
    );
    assert.equal(holder(), "a");
    vpc.setFault("b", {});
    // The limits of the test before have to recover.
    await until("b holds it", () => {
      announce("b", VIP);
      return holder() === "b";
    });
  });
});

describe("traffic", () => {
  it("reaches the holder through the elastic address from the internet, and follows a move", async () => {
    const row = vpc.havip(VIP);
    assert.ok(row !== undefined);
    const eip = vpc.publicAddressOf(row);
    assert.ok(eip !== undefined);
    const server = `require("http").createServer((q, s) => s.end(process.argv[1].padEnd(100000, "."))).listen(8080, () => console.log("up"))`;
    const children = ["a", "b"].map((name) =>
      spawnIn(vpc.host(name).namespace, [process.execPath, "-e", server, name], {
        stdio: ["ignore", "pipe", "inherit"],
        diesWithParent: true,
      }),
    );
    try {
      await Promise.all(
        children.map(
          (child) =>
            new Promise((resolve) => {
              child.stdout?.once("data", resolve);
            }),
        ),
      );
      for (const name of ["a", "b"]) {
        hold(name, true);
        await until(`${name} holds it`, () => {
          if (holder() !== name) announce(name, VIP);
          return holder() === name;
        });
        for (const from of [INTERNET, "c"]) {
          const url = `http://${from === INTERNET ? eip : VIP}:8080/`;
          const { output } = await fetchFrom(from, url);
          assert.equal(output.trim().length, 100_000, output.slice(0, 200));
          assert.equal(output[0], name);
        }
        hold(name, false);
      }
    } finally {
      for (const child of children) child.kill("SIGKILL");
    }
  });

  it("an instance finds its metadata and the API at 169.254.0.23", async () => {
    const { output } = await fetchFrom("a", "http://169.254.0.23/latest/meta-data/instance-id");
    assert.equal(output.trim(), vpc.instance("a").instanceId);
    const health = await fetchFrom("a", "http://169.254.0.23/_baton/health");
    assert.deepEqual(JSON.parse(health.output), { status: "ok" });
  });

  it("is recorded as it is on the cable", async () => {
    const folder = mkdtempSync(join(tmpdir(), "baton-pcap-"));
    try {
      const file = join(folder, "b.pcap");
      vpc.capture("b", file);
      await vpc.stats();
      announce("b", "172.16.0.16");
      await until("stats", () => parsePcap(readFileSync(file)).length >= 1);
      vpc.capture("b", undefined);
      const [frame] = parsePcap(readFileSync(file));
      assert.deepEqual([...(frame?.bytes.subarray(28, 32) ?? [])], [172, 16, 0, 16]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("counts what it carried and what it refused", async () => {
    const stats = await vpc.stats();
    const a = stats.find((one) => one.port === vpc.instance("a").port);
    assert.ok(a !== undefined);
    assert.ok(a.received > 60 && a.sent > 10, JSON.stringify(a));
    assert.ok((a.drops["not-a-havip"] ?? 0) >= 1);
    assert.equal(a.overrun, 0);
  });
});
