/** Addresses on a real kernel: lifetimes that run out, marks, labels, removal. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { openAddressLifetimes } from "#linux/address-lifetimes";
import { now } from "#linux/clock";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { openMonitor, openRtnetlink } from "#linux/rtnetlink";
import type { IpAddress } from "#units/address";
import { after, fromMillis, fromSeconds, type Instant, instant, toMillis } from "#units/time";
import {
  type AddressInfo,
  type AddressLifetime,
  BATON_PROTO,
  type WorldEvent,
} from "#vrrp/engine/world";
import { type Cable, ip, layCable, type Side, virtual } from "../support/linux-net.ts";
import { awaitAnswers } from "../support/linux-probe.ts";

const VIP = "192.0.2.100";
const VIP6 = "2001:db8::100";
const EACH: readonly string[] = [VIP, VIP6];

const find = (side: Side, text: string): AddressInfo | undefined =>
  must(side.rtnetlink.addresses()).find((one) => one.address === virtual(text).address);

/** When the kernel says that the address is gone; undefined: not until `until`. */
function goneAt(
  cable: Cable,
  until: Instant,
  meanwhile: () => Instant,
  vip = VIP,
): Instant | undefined {
  const monitor = cable.left.namespace.within(() => must(openMonitor()));
  const reactor = new Reactor();
  let seen: Instant | undefined;
  const isGone = (event: WorldEvent): boolean =>
    event.kind === "addressGone" && event.address.address === virtual(vip).address;
  reactor.add(monitor.fd, () => {
    if (monitor.read().some(isGone)) seen ??= now();
  });
  while (seen === undefined && now() < until) reactor.wait(meanwhile());
  monitor.close();
  return seen;
}

for (const vip of EACH) {
  test(`an address with a lifetime is taken away by the kernel alone (${vip})`, (t) => {
    using cable = layCable();
    const { left } = cable;
    const added = now();
    mustDo(left.rtnetlink.setAddress(left.link.index, virtual(vip), 1));
    assert.ok(find(left, vip), "it is there at first");
    const until = after(added, fromSeconds(20));
    const gone = goneAt(cable, until, () => until, vip);
    assert.ok(gone !== undefined, "it never went");
    t.diagnostic(`valid_lft 1: gone after ${toMillis((gone - added) as never)} ms`);
    // The kernel counts in whole seconds from a jiffy on; it is never early by more than one of
    // those.
    assert.ok(gone - added >= 980_000);
    assert.equal(find(left, vip), undefined);
  });

  test(`an address that is prolonged stays, and goes when that ends (${vip})`, () => {
    using cable = layCable();
    const { left } = cable;
    const prolong = (): void => mustDo(left.rtnetlink.setAddress(left.link.index, virtual(vip), 2));
    prolong();
    const until = after(now(), fromMillis(3_500));
    const gone = goneAt(
      cable,
      until,
      () => {
        prolong();
        return after(now(), fromMillis(300));
      },
      vip,
    );
    assert.equal(gone, undefined, "gone while it was prolonged");
    const end = after(now(), fromSeconds(20));
    assert.ok(
      goneAt(cable, end, () => end, vip) !== undefined,
      "still there without being prolonged",
    );
  });
}

test("a lifetime can be given to an address that had none, and taken from one that had", () => {
  using cable = layCable();
  const { left } = cable;
  const set = (seconds: number): void =>
    mustDo(left.rtnetlink.setAddress(left.link.index, virtual(VIP), seconds));
  set(1);
  set(0);
  const until = after(now(), fromMillis(2_500));
  assert.equal(
    goneAt(cable, until, () => until),
    undefined,
    "for ever is for ever",
  );
  set(1);
  const end = after(now(), fromSeconds(20));
  assert.ok(goneAt(cable, end, () => end) !== undefined);
});

test("addresses prolonged together go together", () => {
  // The kernel looks for expired addresses at most once a second (net/ipv4/devinet.c,
  // check_lifetime): of two lifetimes that end a little apart, the second lasts up to a second
  // longer than it says. Whoever counts on a lifetime prolongs at once everything that has one.
  using cable = layCable();
  const { left } = cable;
  const monitor = left.namespace.within(() => must(openMonitor()));
  const reactor = new Reactor();
  const gone: { readonly address: IpAddress; readonly at: Instant }[] = [];
  reactor.add(monitor.fd, () => {
    for (const event of monitor.read()) {
      if (event.kind === "addressGone") gone.push({ address: event.address.address, at: now() });
    }
  });
  const all = [VIP, "192.0.2.101", "192.0.2.102"].map((text) => virtual(text));
  const began = now();
  for (const one of all) mustDo(left.rtnetlink.setAddress(left.link.index, one, 1));
  const took = now() - began;
  const until = after(now(), fromSeconds(20));
  while (gone.length < all.length && now() < until) reactor.wait(until);
  assert.equal(gone.length, all.length);
  // A machine that stalls between the three calls has not prolonged them together.
  if (took < 10_000) assert.ok((gone.at(-1)?.at ?? 0) - (gone[0]?.at ?? 0) < 500_000);
  monitor.close();
});

test("mark, label, prefix and secondary are read back", () => {
  using cable = layCable();
  const { left } = cable;
  const { index } = left.link;
  mustDo(left.rtnetlink.setAddress(index, virtual(VIP, { label: "eth0:vip" }), 60));
  mustDo(left.rtnetlink.setAddress(index, virtual("192.0.2.101", { prefix: 24 }), 60));
  const { address: _, ...first } = find(left, VIP) ?? assert.fail("not there");
  assert.deepEqual(first, {
    index,
    prefix: 32,
    secondary: false,
    proto: BATON_PROTO,
    label: "eth0:vip",
    expires: true,
  });
  const second = find(left, "192.0.2.101");
  assert.equal(second?.secondary, true, "behind the host's own address in the same network");
  const host = find(left, "192.0.2.1");
  assert.deepEqual([host?.proto, host?.expires], [0, undefined], "the host's own is not ours");
});

for (const vip of EACH) {
  test(`removing is done when the address is not there, whoever took it (${vip})`, () => {
    using cable = layCable();
    const { left } = cable;
    const { index } = left.link;
    mustDo(left.rtnetlink.setAddress(index, virtual(vip), 60));
    assert.deepEqual(left.rtnetlink.removeAddress(index, virtual(vip)), { ok: true });
    assert.equal(find(left, vip), undefined);
    assert.deepEqual(left.rtnetlink.removeAddress(index, virtual(vip)), { ok: true });
    assert.deepEqual(left.rtnetlink.removeAddress(9_999, virtual(vip)), { ok: true });
  });

  test(`what the kernel refuses is a value that names the call and the error (${vip})`, () => {
    using cable = layCable();
    const { left } = cable;
    const missing = left.rtnetlink.setAddress(9_999, virtual(vip), 60);
    assert.ok(!missing.ok);
    assert.equal(missing.errno, "ENODEV");
    assert.equal(missing.call, "RTM_NEWADDR");
    const impossible = left.rtnetlink.setAddress(
      left.link.index,
      virtual(vip, { prefix: 129 }),
      60,
    );
    assert.ok(!impossible.ok);
    assert.equal(impossible.errno, "EINVAL");
    assert.match(impossible.detail ?? "", /prefix/i, "in the kernel's own text");
    assert.deepEqual(left.rtnetlink.setAddress(left.link.index, virtual(vip), 60), { ok: true });
  });
}

/** So many addresses from 198.51.100.0 or 2001:db8:1:: on, none of them twice. */
const manyOf = (
  interfaceIndex: number,
  count: number,
  seconds: number,
  vip = VIP,
): AddressLifetime[] =>
  Array.from({ length: count }, (_, place) => {
    const v4 = `198.51.${100 + Math.floor(place / 256)}.${place % 256}`;
    const address = virtual(vip === VIP ? v4 : `2001:db8:1::${(place + 1).toString(16)}`);
    return { interfaceIndex, address, seconds };
  });

/** For what only the kernel's clock decides. */
const pause = (milliseconds: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

for (const vip of EACH) {
  test(`many lifetimes with one request are each as set alone, and are no news (${vip})`, () => {
    using cable = layCable();
    const { left } = cable;
    using lifetimes = left.namespace.within(() => must(openAddressLifetimes(true)));
    const monitor = left.namespace.within(() => must(openMonitor()));
    mustDo(monitor.passOver(lifetimes.port));
    const all = manyOf(left.link.index, 300, 60, vip);
    for (const { address } of all) mustDo(left.rtnetlink.setAddress(left.link.index, address, 60));
    let news = 0;
    for (const until = after(now(), fromSeconds(10)); news < all.length && now() < until; ) {
      const read = monitor.read().length;
      assert.ok(read <= 256, "others in the reactor have their turn");
      news += read;
    }
    assert.equal(news, all.length, "those of another socket are news");
    const before = must(left.rtnetlink.addresses());
    // The kernel counts in hundredths of a second what is older than its lifetime.
    pause(20);
    assert.equal(lifetimes.set(all), undefined);
    assert.deepEqual(monitor.read(), []);
    assert.deepEqual(must(left.rtnetlink.addresses()), before);
    mustDo(left.rtnetlink.removeAddress(left.link.index, all[6]?.address ?? assert.fail()));
    assert.deepEqual(
      monitor.read().map(({ kind }) => kind),
      ["addressGone"],
    );
    monitor.close();
  });
}

test("of many lifetimes each refusal is of the one that it concerns", () => {
  using cable = layCable();
  const { left } = cable;
  using lifetimes = left.namespace.within(() => must(openAddressLifetimes(true)));
  const all = manyOf(left.link.index, 150, 60);
  for (const place of [0, 70, 149]) {
    const one = all[place];
    if (one !== undefined) all[place] = { ...one, interfaceIndex: 4_711 };
  }
  const outcomes = lifetimes.set(all) ?? [];
  const refused = outcomes.flatMap((one, place) => (one.ok ? [] : [`${place} ${one.errno}`]));
  assert.deepEqual(refused, ["0 ENODEV", "70 ENODEV", "149 ENODEV"]);
  assert.equal(must(left.rtnetlink.addresses()).filter(isOurs).length, 147);
  assert.equal(
    lifetimes.set(all.slice(1, 70)),
    undefined,
    "the next request is answered by itself",
  );
});

test("lifetimes for which there is no time are left, and have no outcome", () => {
  using cable = layCable();
  const { left } = cable;
  using lifetimes = left.namespace.within(() => must(openAddressLifetimes(true)));
  const all = manyOf(left.link.index, 20, 60);
  const [first] = all;
  if (first !== undefined) all[0] = { ...first, interfaceIndex: 4_711 };
  let readings = 0;
  const outcomes = lifetimes.set(all, instant(2), () => instant(readings++)) ?? [];
  assert.deepEqual(
    outcomes.map(({ ok }) => ok),
    [false, true, true, true, true, true, true, true],
  );
  assert.equal(must(left.rtnetlink.addresses()).filter(isOurs).length, 7);
  assert.deepEqual(
    lifetimes.set(all, instant(0), () => instant(0)),
    [],
  );
});

const isOurs = ({ proto }: AddressInfo): boolean => proto === BATON_PROTO;

/** As `ip -6 -o addr` and `ip -6 route` say it. */
function listed({ namespace }: Side, ...args: readonly string[]): readonly string[] {
  const found = namespace.within(() => spawnSync("ip", ["-6", ...args], { encoding: "utf8" }));
  return found.stdout
    .split("\n")
    .map((line) => line.replaceAll(/ +/g, " ").trim())
    .filter((line) => line !== "");
}

const routes = (side: Side): readonly string[] =>
  listed(side, "route", "show", "dev", "eth0").filter((line) => !line.startsWith("fe80::"));

test("IPv6: no detection of duplicates, deprecated, and the flags that are asked for", () => {
  using cable = layCable();
  const { left } = cable;
  const { index } = left.link;
  mustDo(left.rtnetlink.setAddress(index, virtual(VIP6, { deprecated: true }), 60));
  const more = { prefix: 64, home: true, manageTemporary: true, detectDuplicates: true } as const;
  mustDo(left.rtnetlink.setAddress(index, virtual("2001:db8::101", more), 60));
  const line = (text: string): string | undefined =>
    listed(left, "-o", "addr", "show", "dev", "eth0").find((one) => one.includes(text));
  assert.match(line(`${VIP6}/128`) ?? "", /scope global nodad deprecated dynamic noprefixroute/);
  const other = line("2001:db8::101/64") ?? "";
  assert.match(other, /scope global (tentative |home ){2}dynamic mngtmpaddr noprefixroute/);
  assert.ok(find(left, VIP6));
  assert.deepEqual(find(left, VIP6)?.proto, BATON_PROTO);
});

test("IPv6: a lifetime that ends takes no route of the machine's own with it", () => {
  using cable = layCable();
  const { left } = cable;
  const { index } = left.link;
  const before = routes(left);
  assert.deepEqual(before, ["2001:db8::/64 proto kernel metric 256 pref medium"]);
  const vip = virtual(VIP6, { prefix: 64 });
  // As keepalived left it, then ours.
  const add = ["addr", "add", `${VIP6}/64`, "dev", "eth0", "nodad"];
  assert.deepEqual(listed(left, ...add), []);
  mustDo(left.rtnetlink.setAddress(index, vip, 60));
  mustDo(left.rtnetlink.setAddress(index, vip, 61));
  const ours = "2001:db8::/64 proto keepalived metric 257 pref medium";
  assert.deepEqual(routes(left), [...before, ours]);
  mustDo(left.rtnetlink.removeAddress(index, vip));
  assert.deepEqual(routes(left), before);
});

test("IPv6: the route to a network of our own is there until its last address goes", () => {
  using cable = layCable();
  const { left } = cable;
  const { index } = left.link;
  const before = routes(left);
  const all = ["2001:db8:5::1", "2001:db8:5::2"].map((text) => virtual(text, { prefix: 64 }));
  const [first, second] = all as [ReturnType<typeof virtual>, ReturnType<typeof virtual>];
  for (const one of all) mustDo(left.rtnetlink.setAddress(index, one, 60));
  const ours = "2001:db8:5::/64 proto keepalived metric 257 pref medium";
  assert.deepEqual(routes(left), [...before, ours]);
  mustDo(left.rtnetlink.removeAddress(index, first));
  assert.deepEqual(routes(left), [...before, ours]);
  // What is left of a process that died is removed by another one.
  using other = left.namespace.within(() => must(openRtnetlink()));
  mustDo(left.rtnetlink.setAddress(index, first, 60));
  mustDo(other.removeAddress(index, first));
  assert.deepEqual(routes(left), [...before, ours]);
  mustDo(other.removeAddress(index, second));
  assert.deepEqual(routes(left), before);
  for (const none of [
    virtual("2001:db8:6::1"),
    virtual("2001:db8:7::1", { prefix: 64, noPrefixRoute: true }),
    virtual("fe80::100", { prefix: 64 }),
  ])
    mustDo(left.rtnetlink.setAddress(index, none, 60));
  assert.deepEqual(routes(left), before, "these need none");
});

test("IPv6: a duplicate is reported where the kernel is asked to look for one", () => {
  using cable = layCable();
  const { left, right } = cable;
  mustDo(right.rtnetlink.setAddress(right.link.index, virtual(VIP6), 60));
  awaitAnswers(left, right, ip(VIP6));
  const monitor = left.namespace.within(() => must(openMonitor()));
  const reactor = new Reactor();
  // The kernel removes an address with a lifetime; it says why.
  let said: WorldEvent | undefined;
  reactor.add(monitor.fd, () => {
    said ??= monitor
      .read()
      .find((one) => one.kind === "addressGone" && one.address.address === ip(VIP6));
  });
  const vip = virtual(VIP6, { detectDuplicates: true });
  mustDo(left.rtnetlink.setAddress(left.link.index, vip, 60));
  const until = after(now(), fromSeconds(20));
  while (said === undefined && now() < until) reactor.wait(until);
  assert.ok(said?.kind === "addressGone");
  assert.equal(said.address.duplicate, true);
  monitor.close();
});
