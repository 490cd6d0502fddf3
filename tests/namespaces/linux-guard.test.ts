/** The sub-second lease on a real kernel: who answers for a guarded address, and for how long. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, SOCKADDR_IN } from "#linux/abi";
import { openArpSocket } from "#linux/arp-socket";
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { flushNeighbours } from "#linux/links";
import { canUpdateElements, type NftGuard, openNftGuard } from "#linux/nft-guard";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { after, fromMillis, type Instant, toMillis } from "#units/time";
import { parseArp } from "#vrrp/wire/arp";
import { address, type Cable, layCable, virtual } from "../support/linux-net.ts";
import { Probe } from "../support/linux-probe.ts";

const VIP = "192.0.2.100";
const OTHER = "192.0.2.101";
const BOTH = { echo: true, arp: true };
const NEITHER = { echo: false, arp: false };
const TIMEOUT = 200;

/** As this kernel does it, and as every older one does. */
const WAYS = canUpdateElements() ? [true, false] : [false];
const wayOf = (canUpdate: boolean): string => (canUpdate ? "updated" : "replaced");

function setUp(canUpdate = canUpdateElements()): {
  cable: Cable;
  guard: NftGuard;
  probe: Probe;
  [Symbol.dispose](): void;
} {
  const cable = layCable();
  const { left, right } = cable;
  mustDo(left.rtnetlink.setAddress(left.link.index, virtual(VIP), 0));
  const guard = left.namespace.within(() => must(openNftGuard({ canUpdate })));
  const probe = new Probe(right, left, address(VIP));
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

test("an address does not answer from `open` on, answers while prolonged, and freely after `close`", () => {
  using it = setUp();
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "unguarded");
  mustDo(it.guard.open([address(VIP)]));
  assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "guarded, never prolonged");
  mustDo(it.guard.prolong([address(VIP)], 60_000));
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "prolonged");
  mustDo(it.guard.prolong([address(VIP)], 0));
  assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "a lease of nothing ends at once");
  mustDo(it.guard.close([address(VIP)]));
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "closed");
});

test("a lease of 500 ms does not answer after 500 ms, for echo and for ARP, and not before", (t) => {
  using it = setUp();
  mustDo(it.guard.open([address(VIP)]));
  const began = now();
  mustDo(it.guard.prolong([address(VIP)], 500));
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

for (const canUpdate of WAYS) {
  test(`prolonging again and again leaves no gap (${wayOf(canUpdate)})`, () => {
    using it = setUp(canUpdate);
    mustDo(it.guard.open([address(VIP)]));
    let promised: Instant = now();
    const until = after(now(), fromMillis(1_000));
    while (now() < until) {
      const began = now();
      mustDo(it.guard.prolong([address(VIP)], 200));
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
    using it = setUp(canUpdate);
    const wait = (milliseconds: number): void =>
      it.probe.listen(after(now(), fromMillis(milliseconds)));
    mustDo(it.guard.open([address(VIP)]));
    mustDo(it.guard.prolong([address(VIP)], 100));
    mustDo(it.guard.prolong([address(VIP)], 60_000));
    wait(300);
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "longer");
    mustDo(it.guard.prolong([address(VIP)], 100));
    wait(300);
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "shorter");
    mustDo(it.guard.prolong([address(VIP)], 60_000));
    assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "again, after it was over");
    mustDo(it.guard.prolong([address(VIP)], 0));
    assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "none");
  });
}

test("Linux 6.12 and later update an element, older ones and unknown ones replace it", () => {
  const versions = ["6.12.0", "6.18.44-fc", "7.0", "6.11.9", "6.2", "5.18.0", "x"];
  assert.deepEqual(versions.map(canUpdateElements), [true, true, true, false, false, false, false]);
});

test("one of many closed: it answers, and the others stay guarded, however often", () => {
  using it = setUp();
  const others = Array.from({ length: 50 }, (_, place) => address(`198.51.100.${place + 1}`));
  mustDo(it.guard.open([address(VIP), ...others]));
  assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
  for (const one of others.slice(0, 20)) mustDo(it.guard.close([one]));
  mustDo(it.guard.close([address(VIP)]));
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
  const left = must(it.guard.guarded()).toSorted((a, b) => a - b);
  assert.deepEqual(left, others.slice(20));
  mustDo(it.guard.close(left));
  assert.deepEqual(must(it.guard.guarded()), []);
});

test("two addresses: each has its own lease; closing one leaves the other guarded", () => {
  using it = setUp();
  const { left, right } = it.cable;
  mustDo(left.rtnetlink.setAddress(left.link.index, virtual(OTHER), 0));
  using other = new Probe(right, left, address(OTHER));
  mustDo(it.guard.open([address(VIP), address(OTHER)]));
  mustDo(it.guard.prolong([address(VIP)], 60_000));
  assert.deepEqual([it.probe.answers(TIMEOUT), other.answers(TIMEOUT)], [BOTH, NEITHER]);
  mustDo(it.guard.close([address(VIP)]));
  assert.deepEqual([it.probe.answers(TIMEOUT), other.answers(TIMEOUT)], [BOTH, NEITHER]);
  mustDo(it.guard.close([address(OTHER)]));
  assert.deepEqual(other.answers(TIMEOUT), BOTH);
});

test("addresses that are not guarded are left alone", () => {
  using it = setUp();
  const { left, right } = it.cable;
  mustDo(it.guard.open([address(VIP)]));
  using host = new Probe(right, left, left.address);
  assert.deepEqual(host.answers(TIMEOUT), BOTH);
});

test("open, prolong and close may be repeated, and may name nothing", () => {
  using it = setUp();
  const one = [address(VIP)];
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
    mustDo(guard.open([address(VIP)]));
    for (let place = 0; place < 8; place++) {
      mustDo(guard.prolong([address(VIP)], 60_000));
      assert.deepEqual(must(guard.alive()), [address(VIP)]);
    }
    mustDo(guard.close([address(VIP)]));
  }
});

test("rules that a firewall's reload removed are back with the next prolongation", () => {
  using it = setUp();
  const { left } = it.cable;
  mustDo(it.guard.open([address(VIP)]));
  mustDo(it.guard.prolong([address(VIP)], 60_000));
  // As `nft flush ruleset` would.
  using firewall = left.namespace.within(() => must(openNftGuard()));
  mustDo(firewall.clean(() => false));
  mustDo(it.guard.prolong([address(VIP)], 60_000));
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
  mustDo(it.guard.prolong([address(VIP)], 0));
  assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "it is guarded again");
  mustDo(firewall.clean(() => false));
  mustDo(it.guard.open([address(OTHER)]));
  assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "opening another one heals too");
});

test("the guard outlives the process that made it; the next one takes it over without a gap", () => {
  using it = setUp();
  const { left } = it.cable;
  mustDo(it.guard.open([address(VIP), address(OTHER)]));
  mustDo(it.guard.prolong([address(VIP)], 60_000));
  // The end of a process is the end of its socket.
  it.guard[Symbol.dispose]();
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "what was prolonged lasts as long as promised");
  using next = left.namespace.within(() => must(openNftGuard()));
  mustDo(next.open([address(VIP)]));
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH, "alive is alive, whoever said so");
  mustDo(next.prolong([address(VIP)], 0));
  assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
  mustDo(left.rtnetlink.setAddress(left.link.index, virtual(OTHER), 0));
  using other = new Probe(it.cable.right, left, address(OTHER));
  assert.deepEqual(other.answers(TIMEOUT), NEITHER, "what the former guarded stays");
  mustDo(next.clean((one) => one === address(VIP)));
  assert.deepEqual(other.answers(TIMEOUT), BOTH, "until it is found to be nobody's");
  assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
});

test("two daemons in one namespace share the rules: neither ends what the other guards", () => {
  using it = setUp();
  const { left } = it.cable;
  using second = left.namespace.within(() => must(openNftGuard()));
  mustDo(it.guard.open([address(VIP)]));
  mustDo(it.guard.prolong([address(VIP)], 60_000));
  mustDo(second.open([address(OTHER)]));
  mustDo(second.close([address(OTHER)]));
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
  mustDo(it.guard.prolong([address(VIP)], 0));
  assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER, "still guarded");
  mustDo(second.open([address(OTHER)]));
  mustDo(it.guard.close([address(VIP)]));
  mustDo(left.rtnetlink.setAddress(left.link.index, virtual(OTHER), 0));
  using other = new Probe(it.cable.right, left, address(OTHER));
  assert.deepEqual(other.answers(TIMEOUT), NEITHER, "the other way round too");
});

test("a guard that another process left is closed by whoever removes the address", () => {
  using it = setUp();
  const { left } = it.cable;
  mustDo(it.guard.open([address(VIP), address(OTHER)]));
  it.guard[Symbol.dispose]();
  using supervisor = left.namespace.within(() => must(openNftGuard()));
  mustDo(supervisor.close([address(VIP)]));
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
  mustDo(supervisor.close([address(OTHER)]));
  const listed = left.namespace.within(() => spawnSync("nft", ["list", "ruleset"]));
  assert.equal(listed.stdout.toString(), "", "with the last element the rules go");
});

test("a process that is killed leaves its address unanswered", () => {
  using it = setUp();
  const { left } = it.cable;
  const program = `
    import { openNftGuard } from "#linux/nft-guard";
    import { must, mustDo } from "#linux/result";
    const guard = must(openNftGuard());
    mustDo(guard.open([${address(VIP)}]));
    mustDo(guard.prolong([${address(VIP)}], 50));
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
  assert.deepEqual(must(release.guarded()), [address(VIP)], "whoever guarded it");
  mustDo(release.clean(() => false));
  assert.deepEqual(must(release.guarded()), []);
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
  mustDo(release.clean(() => false));
});

test("two guards with tables of their own do not disturb each other", () => {
  using it = setUp();
  const { left } = it.cable;
  using second = left.namespace.within(() => must(openNftGuard({ table: "baton-test" })));
  mustDo(it.guard.open([address(VIP)]));
  mustDo(it.guard.prolong([address(VIP)], 60_000));
  mustDo(second.open([address(OTHER)]));
  mustDo(second.close([address(OTHER)]));
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
  mustDo(it.guard.prolong([address(VIP)], 0));
  assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
});

test("an address that is closed and opened again has lost its lease, though others kept the rules alive", () => {
  using it = setUp();
  mustDo(it.guard.open([address(VIP), address(OTHER)]));
  mustDo(it.guard.prolong([address(VIP)], 60_000));
  mustDo(it.guard.close([address(VIP)]));
  mustDo(it.guard.open([address(VIP)]));
  assert.deepEqual(it.probe.answers(TIMEOUT), NEITHER);
});

/**
 * Makes the kernel ask for a neighbour's MAC in the name of the VIP, and counts the frames that
 * say so.
 */
function claimsOf({ left, right }: Cable): number {
  const receiver = right.namespace.within(() => must(openArpSocket(right.link.index)));
  left.namespace.within(() => {
    const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const name = (text: string, port: number): Uint8Array => {
      const bytes = new Uint8Array(SOCKADDR_IN.size);
      const view = new DataView(bytes.buffer);
      view.setUint16(SOCKADDR_IN.family, AF_INET, true);
      view.setUint16(SOCKADDR_IN.port, port);
      view.setUint32(SOCKADDR_IN.address, address(text));
      return bytes;
    };
    assert.equal(libc.bind(fd, name(VIP, 0), SOCKADDR_IN.size), 0);
    const neighbour = name("192.0.2.77", 9);
    assert.equal(libc.sendto(fd, Uint8Array.of(1), 1, 0, neighbour, neighbour.length), 1);
    libc.close(fd);
  });
  const buffer = new Uint8Array(64);
  const reactor = new Reactor();
  let claims = 0;
  reactor.add(receiver.fd, () => {
    for (let length = receiver.receive(buffer); length > 0; length = receiver.receive(buffer)) {
      const parsed = parseArp(buffer, 0, length);
      if (parsed.kind === "arp" && parsed.arp.senderAddress === address(VIP)) claims++;
    }
  });
  const until = after(now(), fromMillis(TIMEOUT));
  while (now() < until) reactor.wait(until);
  receiver.close();
  // What is being asked for is not asked for again at once.
  mustDo(flushNeighbours(left.rtnetlink, left.link.index));
  return claims;
}

test("the kernel does not speak ARP for an address after its lease", () => {
  using it = setUp();
  assert.ok(claimsOf(it.cable) > 0, "it does without a guard");
  mustDo(it.guard.open([address(VIP)]));
  assert.equal(claimsOf(it.cable), 0);
  mustDo(it.guard.prolong([address(VIP)], 60_000));
  assert.ok(claimsOf(it.cable) > 0);
});

test("hundreds of addresses are guarded and prolonged in one go", () => {
  using it = setUp();
  const many = Array.from({ length: 1_000 }, (_, at) => address(`198.18.${at >> 8}.${at & 255}`));
  mustDo(it.guard.open([address(VIP), ...many]));
  mustDo(it.guard.prolong([address(VIP), ...many], 60_000));
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
  mustDo(it.guard.close(many));
  assert.deepEqual(it.probe.answers(TIMEOUT), BOTH);
});
