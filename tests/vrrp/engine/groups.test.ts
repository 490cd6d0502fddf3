/** Sync groups: members are in one state, that of the group is emitted after theirs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { priority } from "#units/vrrp";
import { Bench, instance } from "../../support/bench.ts";
import { ETH0, ip, own } from "../../support/fake-world.ts";

const ETH1 = { ...ETH0, index: 3, name: "eth1" };
const GROUP = { groups: [{ name: "G", members: ["VI_1", "VI_2"] }] };
type Options = Parameters<typeof instance>[0];

const a = (options: Options = {}) => instance(options);
const b = (options: Options = {}) =>
  instance({
    vrid: 2,
    addresses: ["192.0.2.200"],
    ...options,
    router: { name: "VI_2", ...options?.router },
  });
const hearB = (bench: Bench, prio: number): void =>
  bench.hear({ vrid: 2, priority: prio, addresses: [ip("192.0.2.200")] });
const phases = (bench: Bench): string => `${bench.phase("VI_1")} ${bench.phase("VI_2")}`;
const order = (bench: Bench): string[] =>
  bench.world.takeEmitted().flatMap((one) => {
    if (one.type === "transition") return [`${one.instance} ${one.to}`];
    return one.type === "groupTransition" ? [`${one.group} ${one.to}`] : [];
  });

test("both become master together, each with its announcements, and the group is last", () => {
  const bench = new Bench();
  bench.configure([a(), b()], GROUP);
  assert.deepEqual(order(bench), ["VI_1 BACKUP", "VI_2 BACKUP", "G BACKUP"]);
  bench.until(3.7);
  assert.equal(phases(bench), "master master");
  assert.deepEqual(order(bench), ["VI_2 MASTER", "VI_1 MASTER", "G MASTER"]);
  const calls = bench.world.take();
  assert.ok(calls.includes("arp request 192.0.2.100") && calls.includes("arp request 192.0.2.200"));
});

test("a member that hears its master holds the other back", () => {
  const bench = new Bench();
  bench.configure([a(), b()], GROUP);
  for (let at = 1; at <= 8; at++) {
    hearB(bench, 150);
    bench.until(at);
  }
  assert.equal(phases(bench), "backup backup");
  assert.ok(!bench.world.take().some((call) => call.startsWith("advert")));
  bench.until(12);
  assert.equal(phases(bench), "master master");
});

test("members out of step take over from a weaker master all the same", () => {
  const bench = new Bench();
  bench.configure([a({ priority: 150 }), b({ priority: 150 })], GROUP);
  // A's master was stronger until 2 s, B's never: A's timer runs out 2 s after B's.
  for (let tenth = 1; tenth <= 120; tenth++) {
    bench.until(tenth / 10);
    if (tenth % 10 === 3) bench.hear({ priority: tenth < 20 ? 200 : 100 });
    if (tenth % 10 === 7) hearB(bench, 100);
  }
  assert.equal(phases(bench), "master master");
});

test("one gives up to a better router, all do; the others say so", () => {
  const bench = new Bench();
  bench.configure([a(), b()], GROUP);
  bench.until(4);
  bench.world.take();
  bench.world.takeEmitted();
  bench.hear({ priority: 150 });
  assert.equal(phases(bench), "backup backup");
  assert.ok(bench.world.take().includes("advert vrid 2 priority 0 to 192.0.2.2"));
  assert.deepEqual(order(bench), ["VI_1 BACKUP", "VI_2 BACKUP", "G BACKUP"]);
});

test("a member in FAULT keeps all others there, and releases them when it is over", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  bench.configure([a(), b({ interface: "eth1" })], GROUP);
  bench.until(4);
  bench.world.take();
  bench.world.takeEmitted();
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  assert.equal(phases(bench), "fault fault");
  assert.deepEqual(order(bench), ["VI_2 FAULT", "VI_1 FAULT", "G FAULT"]);
  const release = "advert vrid 1 priority 0 to 192.0.2.2";
  assert.ok(!bench.world.take().includes(release), "the link may be back in time");
  // Last advertisement at 3.6 s, 3 intervals and the shortest skew time, less a tenth of a second.
  bench.until(6.5);
  assert.ok(!bench.world.take().includes(release));
  bench.until(6.6);
  assert.deepEqual(bench.world.take(), [release], "once, for the peers of the network that works");
  bench.until(20);
  assert.deepEqual(bench.world.take(), []);
  bench.event({ kind: "link", link: ETH1 });
  assert.equal(phases(bench), "backup backup");
  bench.until(25);
  assert.equal(phases(bench), "master master");
});

test("two sick members: the group leaves FAULT when the second has recovered", () => {
  const check = (name: string) => ({ kind: "script", name, weight: 0, reverse: false }) as const;
  const bench = new Bench();
  const result = (name: string, value: "up" | "down"): void =>
    bench.supervisor({ type: "tracker", kind: "script", name, result: value });
  bench.configure(
    [a({ router: { trackers: [check("x")] } }), b({ router: { trackers: [check("y")] } })],
    GROUP,
  );
  result("x", "down");
  result("y", "down");
  assert.equal(phases(bench), "fault fault");
  result("x", "up");
  assert.equal(phases(bench), "fault fault");
  result("y", "up");
  assert.equal(phases(bench), "backup backup");
});

const flapping = (away: number): Bench => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  bench.configure([a(), b({ interface: "eth1" })], GROUP);
  bench.until(4);
  bench.world.take();
  bench.world.takeEmitted();
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  bench.until(4 + away);
  bench.event({ kind: "link", link: ETH1 });
  return bench;
};

test("a link flap of one member costs the flap and nothing more: no peer took over, both are back", () => {
  const bench = flapping(0.3);
  assert.equal(phases(bench), "master master");
  assert.ok(bench.world.has("192.0.2.100") && bench.world.has("192.0.2.200"));
  assert.ok(!bench.world.take().some((call) => call.includes("priority 0")));
  const expected = "VI_2 FAULT, VI_1 FAULT, G FAULT, VI_2 MASTER, VI_1 MASTER, G MASTER";
  assert.equal(order(bench).join(", "), expected);
  bench.until(9);
  assert.deepEqual(order(bench), []);
});

test("a longer one does: neither owns its address any more, both wait as backups", () => {
  const bench = flapping(4);
  assert.equal(phases(bench), "backup backup");
});

test("a flap of one member during which the other is heard to be owned elsewhere: none comes back", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  bench.configure([a(), b({ interface: "eth1" })], GROUP);
  bench.until(4);
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  bench.hear({ priority: 90 });
  bench.event({ kind: "link", link: ETH1 });
  assert.equal(phases(bench), "backup backup");
});

test("a member that fails by itself while another's link is away: priority 0 goes out at once", () => {
  const trackers = [{ kind: "script", name: "x", weight: 0, reverse: false }] as const;
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  const result = (value: "up" | "down"): void =>
    bench.supervisor({ type: "tracker", kind: "script", name: "x", result: value });
  bench.configure([a({ router: { trackers } }), b({ interface: "eth1" })], GROUP);
  result("up");
  bench.until(4);
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  bench.world.take();
  result("down");
  assert.deepEqual(bench.world.take(), ["advert vrid 1 priority 0 to 192.0.2.2"]);
  bench.event({ kind: "link", link: ETH1 });
  result("up");
  assert.equal(phases(bench), "backup backup");
});

test("a stop while another's link is away sends priority 0 too", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  bench.configure([a(), b({ interface: "eth1" })], GROUP);
  bench.until(4);
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  bench.world.take();
  bench.supervisor({ type: "stop" });
  assert.deepEqual(bench.world.take(), ["advert vrid 1 priority 0 to 192.0.2.2"]);
});

const THREE = { groups: [{ name: "G", members: ["VI_1", "VI_2", "VI_3"] }] };
const c = (options: Options = {}) =>
  instance({
    vrid: 3,
    addresses: ["192.0.2.103"],
    ...options,
    router: { name: "VI_3", ...options?.router },
  });

test("a member that a reload adds takes the group's state, and the others do not notice", () => {
  const bench = new Bench();
  bench.configure([a(), b()], GROUP);
  bench.until(4);
  bench.world.take();
  bench.world.takeEmitted();
  bench.configure([a(), b(), c()], THREE);
  assert.equal(bench.phase("VI_3"), "master");
  assert.deepEqual(order(bench), ["VI_3 BACKUP", "VI_3 MASTER"]);
  assert.ok(bench.world.take().every((call) => !/vrid [12]|\.(100|200)/.test(call)));
  bench.configure([a(), b()], GROUP);
  assert.equal(phases(bench), "master master");
});

test("a new member that waits for its first result joins when it has one", () => {
  const trackers = [{ kind: "script", name: "x", weight: 0, reverse: false }] as const;
  const bench = new Bench();
  bench.configure([a(), b()], GROUP);
  bench.until(4);
  bench.configure([a(), b(), c({ router: { trackers } })], THREE);
  assert.equal(`${phases(bench)} ${bench.phase("VI_3")}`, "master master init");
  bench.supervisor({ type: "tracker", kind: "script", name: "x", result: "up" });
  assert.equal(`${phases(bench)} ${bench.phase("VI_3")}`, "master master master");
});

test("a backup that a reload puts into the group joins, unless another owns its address", () => {
  for (const [heard, expected] of [
    [undefined, "master"],
    [50, "master"],
    [150, "backup"],
  ] as const) {
    const bench = new Bench();
    bench.configure([a(), b()], GROUP);
    bench.until(2);
    bench.configure([a(), b(), c()], GROUP);
    bench.until(4);
    if (heard !== undefined)
      bench.hear({ vrid: 3, priority: heard, addresses: [ip("192.0.2.103")] });
    bench.configure([a(), b(), c()], THREE);
    assert.equal(`${phases(bench)} ${bench.phase("VI_3")}`, `master master ${expected}`);
  }
});

test("a link flap of one member ends with all in one state", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  bench.configure([a(), b({ interface: "eth1" })], GROUP);
  bench.until(4);
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  bench.until(4.1);
  bench.event({ kind: "link", link: ETH1 });
  assert.equal(bench.phase("VI_1"), bench.phase("VI_2"));
  bench.until(9);
  assert.equal(phases(bench), "master master");
});

test("a member that waits for its first result holds the others back", () => {
  const trackers = [{ kind: "script", name: "x", weight: 0, reverse: false }] as const;
  const bench = new Bench();
  bench.configure([a(), b({ router: { trackers } })], GROUP);
  bench.until(10);
  assert.equal(phases(bench), "backup init");
  bench.supervisor({ type: "tracker", kind: "script", name: "x", result: "up" });
  bench.until(15);
  assert.equal(phases(bench), "master master");
});

test("stop: every member hands over, the group emits one message", () => {
  const bench = new Bench();
  bench.configure([a(), b()], GROUP);
  bench.until(4);
  bench.world.takeEmitted();
  bench.supervisor({ type: "stop" });
  assert.deepEqual(order(bench), ["VI_1 STOP", "VI_2 STOP", "G STOP"]);
  bench.until(7);
  assert.equal(bench.engine.finished, true);
});

test("a group that a reload removes no longer keeps anybody in FAULT", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  const configs = [a(), b({ interface: "eth1" })];
  bench.configure(configs, GROUP);
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  assert.equal(phases(bench), "fault fault");
  bench.configure(configs);
  assert.equal(phases(bench), "backup fault");
});

test("a group that a reload makes shares a fault at once", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  const configs = [a(), b({ interface: "eth1" })];
  bench.configure(configs);
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  assert.equal(phases(bench), "backup fault");
  bench.configure(configs, GROUP);
  assert.equal(phases(bench), "fault fault");
});

test("a group of one is like none", () => {
  const bench = new Bench();
  bench.configure([a({ priority: priority(150) })], { groups: [{ name: "G", members: ["VI_1"] }] });
  bench.until(4);
  assert.equal(bench.phase(), "master");
  assert.deepEqual(order(bench), ["VI_1 BACKUP", "G BACKUP", "VI_1 MASTER", "G MASTER"]);
});

test("an address owner waits for its group too, at its start and after a fault", () => {
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  bench.event({ kind: "link", link: { ...ETH1, up: false } });
  bench.configure([a({ priority: 255 }), b({ interface: "eth1", priority: 255 })], GROUP);
  bench.until(10);
  assert.equal(phases(bench), "fault fault");
  bench.event({ kind: "link", link: ETH1 });
  bench.until(11);
  assert.equal(phases(bench), "master master");
  bench.event({ kind: "link", link: { ...ETH0, up: false } });
  assert.equal(phases(bench), "fault fault");
  bench.until(20);
  bench.event({ kind: "link", link: ETH0 });
  bench.until(22);
  assert.equal(phases(bench), "master master");

  const fresh = new Bench();
  const trackers = [{ kind: "script", name: "x", weight: 0, reverse: false }] as const;
  fresh.configure([a({ priority: 255 }), b({ priority: 255, router: { trackers } })], GROUP);
  fresh.until(10);
  assert.equal(phases(fresh), "backup init", "held until the other has its first result");
  assert.equal(fresh.world.has("192.0.2.100"), false);
  assert.deepEqual(order(fresh), ["VI_1 BACKUP"]);
  fresh.supervisor({ type: "tracker", kind: "script", name: "x", result: "up" });
  fresh.until(12);
  assert.equal(phases(fresh), "master master");
});

test("a member that waited in FAULT for the first result of its check joins the owner, and pulls nobody down", () => {
  const trackers = [{ kind: "script", name: "x", weight: 0, reverse: false }] as const;
  const bench = new Bench([ETH0, ETH1], [own(2, "192.0.2.1"), own(3, "198.51.100.1")]);
  const waiting = b({ interface: "eth1", router: { trackers } });
  bench.configure([a(), waiting], { groups: [] });
  bench.event({ kind: "linkGone", index: 3, name: "eth1" });
  bench.event({ kind: "link", link: ETH1 });
  bench.event({ kind: "address", address: own(3, "198.51.100.1") });
  bench.until(4);
  assert.equal(phases(bench), "master fault");
  bench.configure([a(), waiting], GROUP);
  assert.equal(phases(bench), "master fault");
  bench.supervisor({ type: "tracker", kind: "script", name: "x", result: "up" });
  assert.equal(phases(bench), "master master");
});

test("a member that left the group and came back is not ready because it once was", () => {
  const c = instance({ vrid: 3, addresses: ["192.0.2.201"], router: { name: "VI_3" } });
  const all = [a(), b(), c];
  const group = (...members: readonly string[]) => ({ groups: [{ name: "G", members }] });
  const hear = (bench: Bench, ...vrids: readonly number[]): void => {
    const addresses = [undefined, "192.0.2.100", "192.0.2.200", "192.0.2.201"];
    for (const vrid of vrids)
      bench.hear({ vrid, priority: 150, addresses: [ip(addresses[vrid] ?? "")] });
  };
  const bench = new Bench();
  bench.configure(all, group("VI_1", "VI_2", "VI_3"));
  // Nobody is master of VI_1: it would take over, and waits for the others.
  for (let at = 1; at <= 5; at++) {
    hear(bench, 2, 3);
    bench.until(at);
  }
  assert.equal(phases(bench), "backup backup");
  bench.configure(all, group("VI_2", "VI_3"));
  // The masters of the others have gone; its own has not.
  for (const at of [5, 6, 7]) {
    bench.until(at);
    hear(bench, 1);
  }
  bench.until(7.5);
  bench.configure(all, group("VI_1", "VI_2", "VI_3"));
  bench.until(8);
  hear(bench, 1);
  bench.until(9);
  assert.equal(phases(bench), "backup backup");
  assert.ok(!bench.world.take().some((call) => call.startsWith("advert")));
});
