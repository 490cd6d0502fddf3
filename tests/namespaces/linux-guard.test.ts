/** The sub-second lease on a real kernel: who answers for a guarded address, and for how long. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test as nodeTest, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { AF_INET, AF_INET6, SOCK_CLOEXEC, SOCK_DGRAM, SOCKADDR_IN, SOCKADDR_IN6 } from "#linux/abi";
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { flushNeighbours } from "#linux/links";
import { openNeighbourSocket } from "#linux/neighbour-socket";
import { canUpdateElements, type NftGuard, openNftGuard } from "#linux/nft-guard";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { type IpAddress, isIpv6, printIp, writeIp } from "#units/address";
import { after, fromMillis, type Instant, toMillis } from "#units/time";
import { parseArp } from "#vrrp/wire/arp";
import { parseNeighbour } from "#vrrp/wire/neighbour";
import { type Cable, ip, layCable, ownAddress, virtual } from "../support/linux-net.ts";
import { awaitAnswers, Probe } from "../support/linux-probe.ts";

/** Each version of IP is tried in the same way. */
const FAMILIES = [
  {
    name: "IPv4",
    VIP: "192.0.2.100",
    OTHER: "192.0.2.101",
    nobody: "192.0.2.77",
    many: (place: number): IpAddress => ip(`198.18.${place >> 8}.${place & 255}`),
  },
  {
    name: "IPv6",
    VIP: "2001:db8::100",
    OTHER: "2001:db8::101",
    nobody: "2001:db8::77",
    many: (place: number): IpAddress => ip(`2001:db8:18::${(place + 1).toString(16)}`),
  },
] as const;
const BOTH = { echo: true, arp: true };
const NEITHER = { echo: false, arp: false };
const TIMEOUT = 200;

/** As this kernel does it, and as every older one does. */
const WAYS = canUpdateElements() ? [true, false] : [false];
const wayOf = (canUpdate: boolean): string => (canUpdate ? "updated" : "replaced");

function setUp(
  VIP: string,
  canUpdate = canUpdateElements(),
): {
  cable: Cable;
  guard: NftGuard;
  probe: Probe;
  [Symbol.dispose](): void;
} {
  const cable = layCable();
  const { left, right } = cable;
  mustDo(left.rtnetlink.setAddress(left.link.index, virtual(VIP), 0));
  awaitAnswers(right, left, ip(VIP));
  const guard = left.namespace.within(() => must(openNftGuard({ canUpdate })));
  const probe = new Probe(right, left, ip(VIP));
  return {
    cable,
    guard,
    probe,
    [Symbol.dispose]() {
      probe[Symbol.dispose]();
      guard[Symbol.dispose]();
      cable[Symbol.dispose]();
    },
  };
}

/**
 * Makes the kernel ask for a neighbour's MAC in the name of `from`, and counts the frames that say
 * so.
 */
function claimsOf({ left, right }: Cable, from: IpAddress, nobody: IpAddress): number {
  const version = isIpv6(from) ? 6 : 4;
  const receiver = right.namespace.within(() =>
    must(openNeighbourSocket(right.link.index, version)),
  );
  left.namespace.within(() => {
    const family = version === 6 ? AF_INET6 : AF_INET;
    const end = version === 6 ? SOCKADDR_IN6 : SOCKADDR_IN;
    const fd = libc.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const name = (address: IpAddress, port: number): Uint8Array => {
      const bytes = new Uint8Array(end.size);
      const view = new DataView(bytes.buffer);
      view.setUint16(end.family, family, true);
      view.setUint16(SOCKADDR_IN.port, port);
      writeIp(address, bytes, end.address);
      return bytes;
    };
    assert.equal(libc.bind(fd, name(from, 0), end.size), 0);
    const neighbour = name(nobody, 9);
    assert.equal(libc.sendto(fd, Uint8Array.of(1), 1, 0, neighbour, neighbour.length), 1);
    libc.close(fd);
  });
  const buffer = new Uint8Array(128);
  const reactor = new Reactor();
  let claims = 0;
  reactor.add(receiver.fd, () => {
    for (let length = receiver.receive(buffer); length > 0; length = receiver.receive(buffer)) {
      const arp = parseArp(buffer, 0, length);
      const found = parseNeighbour(buffer, length);
      if (arp.kind === "arp" && arp.arp.senderAddress === from) claims++;
      if (found.kind === "neighbour" && found.neighbour.source === from) claims++;
    }
  });
  const until = after(now(), fromMillis(TIMEOUT));
  while (now() < until) reactor.wait(until);
  receiver.close();
  // What is being asked for is not asked for again at once.
  mustDo(flushNeighbours(left.rtnetlink, left.link.index));
  return claims;
}

for (const { name: family, VIP, OTHER, nobody, many } of FAMILIES) {
  const test = (name: string, run: (t: TestContext) => void): void =>
    void nodeTest(`${family}: ${name}`, run);

  test("an address does not answer from `open` on, answers while prolonged, and freely after `close`", () => {
    using it = setUp(VIP);
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "unguarded");
    mustDo(it.guard.open([ip(VIP)]));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "guarded, never prolonged");
    mustDo(it.guard.prolong([ip(VIP)], 60_000));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "prolonged");
    mustDo(it.guard.prolong([ip(VIP)], 0));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "a lease of nothing ends at once");
    mustDo(it.guard.close([ip(VIP)]));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "closed");
  });

  test("a lease of 500 ms does not answer after 500 ms, for echo and for ARP, and not before", (t) => {
    using it = setUp(VIP);
    mustDo(it.guard.open([ip(VIP)]));
    const began = now();
    mustDo(it.guard.prolong([ip(VIP)], 500));
    const ended = now();
    const until = after(ended, fromMillis(800));
    while (now() < until) {
      it.probe.ask();
      it.probe.listen(after(now(), fromMillis(5)));
    }
    // A timer tick at 250 Hz is 4 ms, and a question takes its way. What counts is when it was
    // sent, whatever the machine's speed.
    const tick = fromMillis(12);
    for (const kind of ["echo", "arp"] as const) {
      const asked = it.probe.questions.filter((one) => one.kind === kind);
      const early = asked.filter((one) => one.sentAt < after(began, fromMillis(500)) - tick);
      const late = asked.filter((one) => one.sentAt > after(ended, fromMillis(500)) + tick);
      assert.ok(early.length > 0 && late.length > 0, `${kind}: asked before and after`);
      if (kind === "echo") {
        assert.deepEqual(
          early.filter((one) => one.answeredAt === undefined),
          [],
          "too early",
        );
      }
      assert.deepEqual(
        late.filter((one) => one.answeredAt !== undefined),
        [],
        `${kind}: too late`,
      );
      const last = asked.findLast((one) => one.answeredAt !== undefined);
      t.diagnostic(
        `${kind}: last answered question ${toMillis(((last?.sentAt ?? 0) - ended) as never)} ms after`,
      );
    }
  });

  // What an older kernel does, it does in the same way for both.
  for (const canUpdate of family === "IPv4" ? WAYS : WAYS.slice(0, 1)) {
    test(`prolonging again and again leaves no gap (${wayOf(canUpdate)})`, () => {
      using it = setUp(VIP, canUpdate);
      mustDo(it.guard.open([ip(VIP)]));
      let promised: Instant = now();
      const until = after(now(), fromMillis(1_000));
      while (now() < until) {
        const began = now();
        mustDo(it.guard.prolong([ip(VIP)], 200));
        // A machine that stalls here for longer than the lease has lost it: then the promise is
        // broken, not the guard.
        if (began > promised && promised > 0) it.probe.questions.length = 0;
        promised = after(began, fromMillis(190));
        it.probe.ask();
        it.probe.listen(after(now(), fromMillis(2)));
      }
      it.probe.listen(after(now(), fromMillis(TIMEOUT)));
      const echoes = it.probe.questions.filter((one) => one.kind === "echo");
      assert.ok(echoes.length > 50);
      assert.deepEqual(
        echoes.filter((one) => one.answeredAt === undefined),
        [],
      );
    });

    test(`a longer lease, a shorter one and none take the place of what was left (${wayOf(canUpdate)})`, () => {
      using it = setUp(VIP, canUpdate);
      const wait = (milliseconds: number): void =>
        it.probe.listen(after(now(), fromMillis(milliseconds)));
      mustDo(it.guard.open([ip(VIP)]));
      mustDo(it.guard.prolong([ip(VIP)], 100));
      mustDo(it.guard.prolong([ip(VIP)], 60_000));
      wait(300);
      assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "longer");
      mustDo(it.guard.prolong([ip(VIP)], 100));
      wait(300);
      assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "shorter");
      mustDo(it.guard.prolong([ip(VIP)], 60_000));
      assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "again, after it was over");
      mustDo(it.guard.prolong([ip(VIP)], 0));
      assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "none");
    });
  }

  test("one of many closed: it answers, and the others stay guarded, however often", () => {
    using it = setUp(VIP);
    const others = Array.from({ length: 50 }, (_, place) => many(place));
    mustDo(it.guard.open([ip(VIP), ...others]));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
    for (const one of others.slice(0, 20)) mustDo(it.guard.close([one]));
    mustDo(it.guard.close([ip(VIP)]));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
    const left = must(it.guard.guarded());
    assert.deepEqual(left.map(printIp).toSorted(), others.slice(20).map(printIp).toSorted());
    mustDo(it.guard.close(left));
    assert.deepEqual(must(it.guard.guarded()), []);
  });

  test("two addresses: each has its own lease; closing one leaves the other guarded", () => {
    using it = setUp(VIP);
    const { left, right } = it.cable;
    mustDo(left.rtnetlink.setAddress(left.link.index, virtual(OTHER), 0));
    awaitAnswers(right, left, ip(OTHER));
    using other = new Probe(right, left, ip(OTHER));
    mustDo(it.guard.open([ip(VIP), ip(OTHER)]));
    mustDo(it.guard.prolong([ip(VIP)], 60_000));
    assert.deepEqual([it.probe.answers(TIMEOUT), other.answers(TIMEOUT)], [BOTH, NEITHER]);
    mustDo(it.guard.close([ip(VIP)]));
    assert.deepEqual([it.probe.answers(TIMEOUT), other.answers(TIMEOUT)], [BOTH, NEITHER]);
    mustDo(it.guard.close([ip(OTHER)]));
    assert.deepEqual(other.answers(TIMEOUT), BOTH);
  });

  test("addresses that are not guarded are left alone", () => {
    using it = setUp(VIP);
    const { left, right } = it.cable;
    mustDo(it.guard.open([ip(VIP)]));
    using host = new Probe(right, left, ownAddress(left, ip(VIP)));
    assert.deepEqual(host.answers(TIMEOUT), BOTH);
  });

  test("open, prolong and close may be repeated, and may name nothing", () => {
    using it = setUp(VIP);
    const one = [ip(VIP)];
    for (const outcome of [
      it.guard.open([]),
      it.guard.prolong([], 100),
      it.guard.close(one),
      it.guard.open(one),
      it.guard.open(one),
      it.guard.prolong(one, 60_000),
      it.guard.close(one),
      it.guard.close(one),
      it.guard.open(one),
    ]) {
      assert.deepEqual(outcome, { ok: true });
    }
    assert.deepEqual(
      it.probe.answers(TIMEOUT),
      NEITHER,
      "closed and opened again: the former lease is not revived",
    );
  });

  test("numbers of requests begin anew before they have more than 32 bits: an engine of months goes on", () => {
    for (const canUpdate of WAYS) {
      using cable = layCable();
      // The rules and the first few prolongations fit.
      const sequence = 2 ** 32 - 50;
      using guard = cable.left.namespace.within(() => must(openNftGuard({ canUpdate, sequence })));
      mustDo(guard.open([ip(VIP)]));
      for (let place = 0; place < 8; place++) {
        mustDo(guard.prolong([ip(VIP)], 60_000));
        assert.deepEqual(must(guard.alive()), [ip(VIP)]);
      }
      mustDo(guard.close([ip(VIP)]));
    }
  });

  test("rules that a firewall's reload removed are back with the next prolongation", () => {
    using it = setUp(VIP);
    const { left } = it.cable;
    mustDo(it.guard.open([ip(VIP)]));
    mustDo(it.guard.prolong([ip(VIP)], 60_000));
    // As `nft flush ruleset` would.
    using firewall = left.namespace.within(() => must(openNftGuard()));
    mustDo(firewall.clean(() => false));
    mustDo(it.guard.prolong([ip(VIP)], 60_000));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
    mustDo(it.guard.prolong([ip(VIP)], 0));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "it is guarded again");
    mustDo(firewall.clean(() => false));
    mustDo(it.guard.open([ip(OTHER)]));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "opening another one heals too");
  });

  test("the guard outlives the process that made it; the next one takes it over without a gap", () => {
    using it = setUp(VIP);
    const { left } = it.cable;
    mustDo(it.guard.open([ip(VIP), ip(OTHER)]));
    mustDo(it.guard.prolong([ip(VIP)], 60_000));
    // The end of a process is the end of its socket.
    it.guard[Symbol.dispose]();
    assert.deepEqual(
      it.probe.answers(TIMEOUT),
      BOTH,
      "what was prolonged lasts as long as promised",
    );
    using next = left.namespace.within(() => must(openNftGuard()));
    mustDo(next.open([ip(VIP)]));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "alive is alive, whoever said so");
    mustDo(next.prolong([ip(VIP)], 0));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
    mustDo(left.rtnetlink.setAddress(left.link.index, virtual(OTHER), 0));
    using other = new Probe(it.cable.right, left, ip(OTHER));
    assert.deepEqual(other.answers(TIMEOUT), NEITHER, "what the former guarded stays");
    mustDo(next.clean((one) => one === ip(VIP)));
    assert.deepEqual(other.answers(TIMEOUT), BOTH, "until it is found to be nobody's");
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
  });

  test("two daemons in one namespace share the rules: neither ends what the other guards", () => {
    using it = setUp(VIP);
    const { left } = it.cable;
    using second = left.namespace.within(() => must(openNftGuard()));
    mustDo(it.guard.open([ip(VIP)]));
    mustDo(it.guard.prolong([ip(VIP)], 60_000));
    mustDo(second.open([ip(OTHER)]));
    mustDo(second.close([ip(OTHER)]));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
    mustDo(it.guard.prolong([ip(VIP)], 0));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "still guarded");
    mustDo(second.open([ip(OTHER)]));
    mustDo(it.guard.close([ip(VIP)]));
    mustDo(left.rtnetlink.setAddress(left.link.index, virtual(OTHER), 0));
    using other = new Probe(it.cable.right, left, ip(OTHER));
    assert.deepEqual(other.answers(TIMEOUT), NEITHER, "the other way round too");
  });

  test("a guard that another process left is closed by whoever removes the address", () => {
    using it = setUp(VIP);
    const { left } = it.cable;
    mustDo(it.guard.open([ip(VIP), ip(OTHER)]));
    it.guard[Symbol.dispose]();
    using supervisor = left.namespace.within(() => must(openNftGuard()));
    mustDo(supervisor.close([ip(VIP)]));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
    mustDo(supervisor.close([ip(OTHER)]));
    const listed = left.namespace.within(() => spawnSync("nft", ["list", "ruleset"]));
    assert.equal(listed.stdout.toString(), "", "with the last element the rules go");
  });

  test("a process that is killed leaves its address unanswered", () => {
    using it = setUp(VIP);
    const { left } = it.cable;
    const program = `
    import { openNftGuard } from "#linux/nft-guard";
    import { must, mustDo } from "#linux/result";
    const guard = must(openNftGuard());
    mustDo(guard.open([${JSON.stringify(ip(VIP))}]));
    mustDo(guard.prolong([${JSON.stringify(ip(VIP))}], 50));
    process.kill(process.pid, "SIGKILL");
  `;
    const argv = ["--input-type=module-typescript", "--eval", program];
    const child = left.namespace.within(() =>
      spawnSync(process.execPath, argv, { cwd: fileURLToPath(new URL("../..", import.meta.url)) }),
    );
    assert.equal(child.signal, "SIGKILL", child.stderr.toString());
    it.probe.listen(after(now(), fromMillis(TIMEOUT)));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
    using release = left.namespace.within(() => must(openNftGuard()));
    assert.deepEqual(must(release.guarded()), [ip(VIP)], "whoever guarded it");
    mustDo(release.clean(() => false));
    assert.deepEqual(must(release.guarded()), []);
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
    mustDo(release.clean(() => false));
  });

  test("two guards with tables of their own do not disturb each other", () => {
    using it = setUp(VIP);
    const { left } = it.cable;
    using second = left.namespace.within(() => must(openNftGuard({ table: "baton-test" })));
    mustDo(it.guard.open([ip(VIP)]));
    mustDo(it.guard.prolong([ip(VIP)], 60_000));
    mustDo(second.open([ip(OTHER)]));
    mustDo(second.close([ip(OTHER)]));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
    mustDo(it.guard.prolong([ip(VIP)], 0));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
  });

  test("an address that is closed and opened again has lost its lease, though others kept the rules alive", () => {
    using it = setUp(VIP);
    mustDo(it.guard.open([ip(VIP), ip(OTHER)]));
    mustDo(it.guard.prolong([ip(VIP)], 60_000));
    mustDo(it.guard.close([ip(VIP)]));
    mustDo(it.guard.open([ip(VIP)]));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
  });

  test("the kernel does not ask for others from an address after its lease", () => {
    using it = setUp(VIP);
    assert.ok(claimsOf(it.cable, ip(VIP), ip(nobody)) > 0, "it does without a guard");
    mustDo(it.guard.open([ip(VIP)]));
    assert.equal(claimsOf(it.cable, ip(VIP), ip(nobody)), 0);
    mustDo(it.guard.prolong([ip(VIP)], 60_000));
    assert.ok(claimsOf(it.cable, ip(VIP), ip(nobody)) > 0);
  });

  test("hundreds of addresses are guarded and prolonged in one go", () => {
    using it = setUp(VIP);
    const all = Array.from({ length: 1_000 }, (_, at) => many(at));
    mustDo(it.guard.open([ip(VIP), ...all]));
    mustDo(it.guard.prolong([ip(VIP), ...all], 60_000));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
    mustDo(it.guard.close(all));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
  });
}

nodeTest("Linux 6.12 and later update an element, older ones and unknown ones replace it", () => {
  const versions = ["6.12.0", "6.18.44-fc", "7.0", "6.11.9", "6.2", "5.18.0", "x"];
  assert.deepEqual(versions.map(canUpdateElements), [true, true, true, false, false, false, false]);
});

nodeTest(
  "addresses of both versions: one request for all, and the rules of one go with its last",
  () => {
    const [four, six] = FAMILIES.map(({ VIP }) => VIP) as [string, string];
    using it = setUp(four);
    const { left, right } = it.cable;
    mustDo(left.rtnetlink.setAddress(left.link.index, virtual(six), 60));
    awaitAnswers(right, left, ip(six));
    using probe = new Probe(right, left, ip(six));
    const both = [ip(four), ip(six)];
    mustDo(it.guard.open(both));
    assert.deepEqual([it.probe.answers(TIMEOUT), probe.answers(TIMEOUT)], [NEITHER, NEITHER]);
    mustDo(it.guard.prolong(both, 60_000));
    assert.deepEqual([it.probe.answers(TIMEOUT), probe.answers(TIMEOUT)], [BOTH, BOTH]);
    assert.deepEqual(must(it.guard.alive()), both);
    mustDo(it.guard.close([ip(six)]));
    const tables = left.namespace.within(() => spawnSync("nft", ["list", "tables"]));
    assert.equal(tables.stdout.toString(), "table ip baton\ntable arp baton\n");
    mustDo(it.guard.open([ip(six)]));
    assert.deepEqual([it.probe.answers(TIMEOUT), probe.answers(TIMEOUT)], [BOTH, NEITHER]);
    mustDo(it.guard.close(both));
    assert.deepEqual(must(it.guard.guarded()), []);
  },
);
