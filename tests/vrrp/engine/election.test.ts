/** One engine alone and with a peer: what it does when it starts, owns, hands over and ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromSeconds, micros } from "#units/time";
import { BATON_PROTO } from "#vrrp/engine/world";
import { IPV4_HEADER_LENGTH } from "#vrrp/wire/ipv4-fields";
import { VRRP_OFFSET } from "#vrrp/wire/vrrp-packet";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, ip, own } from "../../support/fake-world.ts";

const ADVERT = "advert vrid 1 priority 100 to 192.0.2.2";
const RELEASE = "advert vrid 1 priority 0 to 192.0.2.2";
const SET = "set 192.0.2.100/24 for 2 s";
const ARP = "arp request 192.0.2.100";
const REMOVE = "remove 192.0.2.100/24";

function master(...configs: readonly ReturnType<typeof instance>[]): Bench {
  const bench = new Bench();
  bench.configure(configs.length === 0 ? [instance()] : configs);
  bench.until(4);
  assert.equal(bench.phase(), "master");
  bench.world.take();
  bench.world.takeEmitted();
  return bench;
}

test("start: listens, removes what is there, waits as backup", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  assert.deepEqual(bench.world.take(), ["listen eth0/2", REMOVE]);
  assert.deepEqual(bench.transitions(), ["VI_1 INIT -> BACKUP started"]);
  bench.until(3.6);
  assert.deepEqual(bench.world.take(), []);
});

test("nobody there: advertisement, address, announcement, then a message to the supervisor", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.world.take();
  bench.world.takeEmitted();
  bench.until(3.61);
  assert.deepEqual(bench.world.take(), [ADVERT, SET, ARP]);
  assert.deepEqual(bench.transitions(), ["VI_1 BACKUP -> MASTER master-down"]);
  bench.until(4.61);
  assert.deepEqual(bench.world.take(), [SET, ADVERT], "the lease is prolonged before the word");
});

test("unicast: every peer gets each advertisement; multicast: the group", () => {
  const peers = ["192.0.2.2", "192.0.2.3"].map((address) => ({ address: ip(address) }));
  const bench = master(
    instance({ transport: { kind: "unicast", peers, ttl: 255, checkSource: true } }),
  );
  bench.until(4.61);
  assert.deepEqual(bench.world.take(), [SET, ADVERT, "advert vrid 1 priority 100 to 192.0.2.3"]);

  const group = ip("224.0.0.18");
  const other = master(instance({ transport: { kind: "multicast", group } }));
  other.until(4.61);
  assert.deepEqual(other.world.take(), [SET, "advert vrid 1 priority 100 to 224.0.0.18"]);
});

test("a peer is asked for with every advertisement until the kernel knows its MAC address", () => {
  const peers = ["192.0.2.2", "192.0.2.3"].map((address) => ({ address: ip(address) }));
  const bench = master(
    instance({ transport: { kind: "unicast", peers, ttl: 255, checkSource: true } }),
  );
  bench.world.unresolved.add("192.0.2.3");
  bench.until(4.61);
  const toOther = "advert vrid 1 priority 100 to 192.0.2.3";
  const asked = "arp request 192.0.2.1 for 192.0.2.3";
  assert.deepEqual(bench.world.take(), [SET, ADVERT, toOther, asked]);
  bench.world.unresolved.clear();
  bench.until(5.61);
  assert.deepEqual(bench.world.take(), [SET, ADVERT, toOther]);
});

test("a peer that does not answer ARP is reported after five seconds, and again if it was there meanwhile", () => {
  const peers = ["192.0.2.2"].map((address) => ({ address: ip(address) }));
  const bench = master(
    instance({ transport: { kind: "unicast", peers, ttl: 255, checkSource: true } }),
  );
  const reports = (): number =>
    bench.world
      .takeEmitted()
      .filter((one) => one.type === "report" && one.report.kind === "peer-unresolved").length;
  bench.world.unresolved.add("192.0.2.2");
  bench.until(9.5);
  assert.equal(reports(), 0);
  bench.until(20);
  assert.equal(reports(), 1);
  const since = (): unknown => {
    bench.supervisor({ type: "snapshot", id: 1 });
    const snapshot = bench.world.takeEmitted().find((one) => one.type === "snapshot");
    return snapshot?.instances[0]?.peers[0]?.unresolvedSince;
  };
  assert.equal(since(), 4_609_375);
  bench.world.unresolved.clear();
  bench.until(22);
  assert.equal(since(), undefined);
  bench.world.unresolved.add("192.0.2.2");
  bench.until(26.5);
  assert.equal(reports(), 0);
  bench.until(40);
  assert.equal(reports(), 1);
  bench.until(200);
  bench.world.take();
  bench.until(200.7);
  assert.deepEqual(
    bench.world.take().filter((call) => call.startsWith("arp request")),
    ["arp request 192.0.2.1 for 192.0.2.2"],
    "with every advertisement, however long it has been away",
  );
});

test("excluded addresses are owned and announced, not advertised", () => {
  const bench = new Bench();
  bench.world.carry = (kind, _index, bytes) => {
    const count = bytes[IPV4_HEADER_LENGTH + VRRP_OFFSET.addressCount];
    if (kind === "packet") assert.equal(count, 1);
  };
  bench.configure([instance({ excluded: ["192.0.2.101"] })]);
  bench.until(3.7);
  const calls = bench.world.take();
  assert.deepEqual(calls.slice(3), [
    ADVERT,
    SET,
    "set 192.0.2.101/24 for 2 s",
    ARP,
    "arp request 192.0.2.101",
  ]);
});

test("the only peer gives up: the address is there before the first advertisement", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.hear({ priority: 150 });
  bench.world.take();
  bench.until(0.5);
  bench.hear({ priority: 0 });
  assert.deepEqual(bench.world.take(), [SET, ARP, ADVERT]);
  assert.equal(bench.phase(), "master");
});

test("stop: priority 0, the address stays until the successor is heard, then the engine ends", () => {
  const bench = master();
  bench.supervisor({ type: "stop" });
  assert.deepEqual(bench.world.take(), ["set 192.0.2.100/24 for 3 s", RELEASE]);
  assert.deepEqual(bench.transitions(), ["VI_1 MASTER -> STOP stopping"]);
  assert.equal(bench.engine.finished, false);
  bench.until(4.02);
  bench.hear();
  assert.deepEqual(bench.world.take(), []);
  bench.until(4.1);
  assert.deepEqual(bench.world.take(), [REMOVE]);
  assert.deepEqual(
    bench.world.takeEmitted().map(({ type }) => type),
    ["report", "stopped"],
  );
  assert.equal(bench.engine.finished, true);
  assert.equal(bench.engine.deadline(), undefined);
});

test("stop where a platform decides: the address stays until the supervisor says that it has moved", () => {
  const waits = { router: { handoverWait: fromSeconds(15) } };
  const bench = master(instance(waits));
  bench.supervisor({ type: "stop" });
  bench.hear();
  bench.world.take();
  bench.until(10);
  assert.deepEqual(bench.world.take(), []);
  bench.supervisor({ type: "platform", instance: "VI_2", moved: true });
  bench.until(11);
  assert.ok(!bench.engine.finished, "another instance");
  bench.supervisor({ type: "platform", instance: "VI_1", moved: true });
  bench.until(11.01);
  assert.deepEqual(bench.world.take(), [REMOVE]);
  assert.ok(bench.engine.finished);
});

test("stop where a platform decides, and the supervisor is gone: nobody will say that it has moved", () => {
  for (const asked of ["before", "after"] as const) {
    const bench = master(instance({ router: { handoverWait: fromSeconds(15) } }));
    if (asked === "before") bench.supervisor({ type: "stop" });
    bench.engine.supervisorGone(bench.now);
    bench.hear();
    bench.until(4.1);
    assert.ok(bench.engine.finished, asked);
  }
});

test("stop without a successor ends after a skew time and an interval", () => {
  const bench = master();
  bench.supervisor({ type: "stop" });
  bench.until(6);
  assert.equal(bench.engine.finished, false);
  bench.until(6.01);
  assert.equal(bench.engine.finished, true);
  assert.equal(bench.world.has("192.0.2.100"), false);
});

test("stop, break before make: the address goes before the word", () => {
  const bench = master(instance({ router: { handover: "break-before-make" } }));
  bench.supervisor({ type: "stop" });
  assert.deepEqual(bench.world.take(), [REMOVE, RELEASE]);
  assert.equal(bench.engine.finished, true);
});

test("stop as backup ends at once and says nothing to the network", () => {
  const bench = new Bench();
  bench.configure([instance()]);
  bench.world.take();
  bench.supervisor({ type: "stop" });
  assert.deepEqual(bench.world.take(), []);
  assert.deepEqual(bench.emitted("stopped"), [{ type: "stopped" }]);
});

test("stop before anything was configured ends at once", () => {
  const bench = new Bench();
  bench.supervisor({ type: "stop" });
  assert.equal(bench.engine.finished, true);
});

test("stalled: the kernel has taken the address away, and nothing is said", () => {
  const bench = master();
  bench.sleepUntil(7.5);
  assert.equal(bench.world.has("192.0.2.100"), false, "the lease of 3 s from 3.61 s is over");
  bench.wake();
  assert.equal(bench.phase(), "backup");
  assert.deepEqual(bench.world.take(), [REMOVE]);
  assert.equal(bench.logs().length, 0, "an ordinary end of a lease is nobody's fault");
  assert.deepEqual(bench.transitions(), ["VI_1 MASTER -> BACKUP stalled"]);
});

test("a master that yields: address away, then the word to the winner only", () => {
  const peers = ["192.0.2.2", "192.0.2.3"].map((address) => ({ address: ip(address) }));
  const bench = master(
    instance({ transport: { kind: "unicast", peers, ttl: 255, checkSource: true } }),
  );
  bench.hear({ priority: 150 });
  assert.deepEqual(bench.world.take(), [REMOVE, RELEASE]);
});

test("a lost source address: priority 0 still carries it, for peers know no other", () => {
  const bench = master();
  bench.event({ kind: "addressGone", address: own(2, "192.0.2.1") });
  assert.equal(bench.phase(), "fault");
  assert.deepEqual(bench.world.take(), [REMOVE, RELEASE]);
});

test("leftovers with our mark are swept at the first configuration; addresses of others stay", () => {
  const left = { ...own(2, "192.0.2.77", 24), proto: BATON_PROTO };
  const foreign = own(2, "192.0.2.78", 32);
  const bench = new Bench([ETH0], [own(2, "192.0.2.1"), left, foreign]);
  bench.configure([instance()]);
  assert.deepEqual(bench.world.take(), ["remove 192.0.2.77/24", "listen eth0/2", REMOVE]);
  bench.configure([instance(), instance({ vrid: 2, addresses: ["192.0.2.102"] })]);
  assert.equal(bench.world.take().includes("remove 192.0.2.77/24"), false, "only once");
});

test("resume: the supervisor's address stays, and the router waits the skew time", () => {
  const held = { ...own(2, "192.0.2.100"), proto: BATON_PROTO };
  const bench = new Bench([ETH0], [own(2, "192.0.2.1"), held]);
  bench.configure([instance()], { resume: ["VI_1"] });
  assert.deepEqual(bench.world.take(), ["listen eth0/2"]);
  bench.until(0.62);
  assert.deepEqual(bench.world.take(), [SET, ARP, ADVERT]);
});

test("resume, and a stop before it is master again: the address goes too", () => {
  const held = { ...own(2, "192.0.2.100"), proto: BATON_PROTO };
  const bench = new Bench([ETH0], [own(2, "192.0.2.1"), held]);
  bench.configure([instance()], { resume: ["VI_1"] });
  bench.world.take();
  bench.engine.onSupervisor({ type: "stop" }, bench.now);
  assert.deepEqual(bench.world.take(), [REMOVE]);
  assert.ok(bench.engine.finished);
});

test("a sub-second interval: the address lifetime is a backstop, renewed once a second", () => {
  const bench = new Bench();
  const advertInterval = instance().router.advertInterval;
  bench.configure([instance({ router: { advertInterval: (advertInterval / 10) as never } })]);
  bench.until(0.37);
  bench.world.take();
  bench.until(2.37);
  const sets = bench.world.take().filter((call) => call.startsWith("set"));
  assert.equal(sets[0], "set 192.0.2.100/24 for 2 s");
  assert.equal(sets.length, 2);
});

test("with a guard the sub-second lease is opened, prolonged before each word, and closed", () => {
  const bench = new Bench();
  const log: string[] = [];
  const ok = (text: string) => {
    log.push(text);
    return { ok: true } as const;
  };
  bench.world.guard = {
    open: () => ok("open"),
    prolong: (_, milliseconds) => ok(`prolong ${milliseconds}`),
    close: () => ok("close"),
    clean: () => ({ ok: true }),
  };
  const { advertInterval } = instance().router;
  bench.configure([instance({ router: { advertInterval: (advertInterval / 10) as never } })]);
  log.length = 0;
  bench.until(0.5);
  // 0.360938 s less a tenth, in whole milliseconds
  assert.deepEqual(log, ["open", "prolong 296", "prolong 296"]);
  log.length = 0;
  bench.supervisor({ type: "stop" });
  // half a second and 5 ms
  assert.deepEqual(log, ["prolong 505"]);
  bench.until(1.1);
  assert.equal(log.at(-1), "close");
});

test("snapshots show what is, with the asker's number", () => {
  const bench = master();
  bench.hear({ priority: 90 });
  bench.world.takeEmitted();
  bench.supervisor({ type: "snapshot", id: 7 });
  const [snapshot] = bench.emitted("snapshot");
  assert.equal(snapshot?.id, 7);
  const [one] = snapshot.instances;
  assert.equal(one?.state, "MASTER");
  assert.equal(one.addresses[0]?.owned, true);
  assert.equal(one.peers[0]?.priority, 90);
  assert.equal(one.peers[0]?.heardAt, bench.now);
  assert.equal(one.lease.guarantee, "address-lifetime");
  assert.equal(one.lease.micros, micros(2_000_000));
});

test("a guard that cannot be opened: logged, the address works all the same, the lease is a backstop", () => {
  const bench = new Bench();
  const { advertInterval } = instance().router;
  bench.world.guard = {
    open: () => ({ ok: false, errno: "EPERM", call: "NFT_MSG_NEWTABLE" }),
    prolong: () => assert.fail("what is not open is not prolonged"),
    close: () => ({ ok: true }),
    clean: () => ({ ok: true }),
  };
  bench.configure([instance({ router: { advertInterval: (advertInterval / 10) as never } })]);
  bench.until(2);
  assert.equal(bench.phase(), "master");
  assert.equal(bench.engine.instances[0]?.lease.guarantee, "backstop");
  assert.deepEqual(bench.logs(), ["(VI_1) no sub-second lease: NFT_MSG_NEWTABLE: EPERM"]);
});

test("a stronger peer heard as master: the lease gets shorter with the next advertisement", () => {
  const bench = master(instance({ router: { preempt: false } }));
  bench.until(100);
  bench.hear({ priority: 254 });
  bench.until(101);
  assert.equal(bench.phase(), "master", "established, it is patient with a rival");
  assert.ok(bench.world.take().includes("set 192.0.2.100/24 for 2 s"));
});

test("the supervisor may ask for another announcement; only a master makes it", () => {
  const bench = master(instance({ addresses: ["192.0.2.100", "192.0.2.101"] }));
  bench.supervisor({ type: "announce", instance: "VI_1" });
  // Not the first burst of this interface: it begins with the other one.
  assert.deepEqual(bench.world.take(), ["arp request 192.0.2.101", ARP]);
  bench.supervisor({ type: "announce", instance: "VI_9" });
  bench.hear({ priority: 150 });
  bench.world.take();
  bench.supervisor({ type: "announce", instance: "VI_1" });
  assert.deepEqual(bench.world.take(), []);
});
