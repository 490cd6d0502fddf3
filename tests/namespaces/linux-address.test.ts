/** Addresses on a real kernel: lifetimes that run out, marks, labels, removal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openAddressLifetimes } from "#linux/address-lifetimes";
import { now } from "#linux/clock";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { openMonitor } from "#linux/rtnetlink";
import { after, fromMillis, fromSeconds, type Instant, instant, toMillis } from "#units/time";
import {
  type AddressInfo,
  type AddressLifetime,
  BATON_PROTO,
  type WorldEvent,
} from "#vrrp/engine/world";
import { type Cable, layCable, type Side, virtual } from "../support/linux-net.ts";

const VIP = "192.0.2.100";

const find = (side: Side, text: string): AddressInfo | undefined =>
  must(side.rtnetlink.addresses()).find((one) => one.address === virtual(text).address);

/** When the kernel says that the address is gone; undefined: not until `until`. */
function goneAt(cable: Cable, until: Instant, meanwhile: () => Instant): Instant | undefined {
  const monitor = cable.left.namespace.within(() => must(openMonitor()));
  const reactor = new Reactor();
  let seen: Instant | undefined;
  const isGone = (event: WorldEvent): boolean =>
    event.kind === "addressGone" && event.address.address === virtual(VIP).address;
  reactor.add(monitor.fd, () => {
    if (monitor.read().some(isGone)) seen ??= now();
  });
  while (seen === undefined && now() < until) reactor.wait(meanwhile());
  monitor.close();
  return seen;
}

test("an address with a lifetime is taken away by the kernel alone", (t) => {
  using cable = layCable();
  const { left } = cable;
  const added = now();
  mustDo(left.rtnetlink.setAddress(left.link.index, virtual(VIP), 1));
  assert.ok(find(left, VIP), "it is there at first");
  const until = after(added, fromSeconds(20));
  const gone = goneAt(cable, until, () => until);
  assert.ok(gone !== undefined, "it never went");
  t.diagnostic(`valid_lft 1: gone after ${toMillis((gone - added) as never)} ms`);
  // The kernel counts in whole seconds from a jiffy on; it is never early by more than one of
  // those.
  assert.ok(gone - added >= 980_000);
  assert.equal(find(left, VIP), undefined);
});

test("an address that is prolonged stays, and goes when that ends", () => {
  using cable = layCable();
  const { left } = cable;
  const prolong = (): void => mustDo(left.rtnetlink.setAddress(left.link.index, virtual(VIP), 2));
  prolong();
  const until = after(now(), fromMillis(3_500));
  const gone = goneAt(cable, until, () => {
    prolong();
    return after(now(), fromMillis(300));
  });
  assert.equal(gone, undefined, "gone while it was prolonged");
  const end = after(now(), fromSeconds(20));
  assert.ok(goneAt(cable, end, () => end) !== undefined, "still there without being prolonged");
});

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
  const gone: { readonly address: number; readonly at: Instant }[] = [];
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

test("removing is done when the address is not there, whoever took it", () => {
  using cable = layCable();
  const { left } = cable;
  const { index } = left.link;
  mustDo(left.rtnetlink.setAddress(index, virtual(VIP), 60));
  assert.deepEqual(left.rtnetlink.removeAddress(index, virtual(VIP)), { ok: true });
  assert.equal(find(left, VIP), undefined);
  assert.deepEqual(left.rtnetlink.removeAddress(index, virtual(VIP)), { ok: true });
  assert.deepEqual(left.rtnetlink.removeAddress(9_999, virtual(VIP)), { ok: true });
});

test("what the kernel refuses is a value that names the call and the error", () => {
  using cable = layCable();
  const { left } = cable;
  const missing = left.rtnetlink.setAddress(9_999, virtual(VIP), 60);
  assert.ok(!missing.ok);
  assert.equal(missing.errno, "ENODEV");
  assert.equal(missing.call, "RTM_NEWADDR");
  const impossible = left.rtnetlink.setAddress(left.link.index, virtual(VIP, { prefix: 33 }), 60);
  assert.ok(!impossible.ok);
  assert.equal(impossible.errno, "EINVAL");
  assert.match(impossible.detail ?? "", /prefix/i, "in the kernel's own text");
  assert.deepEqual(left.rtnetlink.setAddress(left.link.index, virtual(VIP), 60), { ok: true });
});

/** So many addresses from 198.51.100.0 on, none of them twice. */
const manyOf = (interfaceIndex: number, count: number, seconds: number): AddressLifetime[] =>
  Array.from({ length: count }, (_, place) => {
    const address = virtual(`198.51.${100 + Math.floor(place / 256)}.${place % 256}`);
    return { interfaceIndex, address, seconds };
  });

test("many lifetimes with one request are each as set alone, and are no news", () => {
  using cable = layCable();
  const { left } = cable;
  using lifetimes = left.namespace.within(() => must(openAddressLifetimes(true)));
  const monitor = left.namespace.within(() => must(openMonitor()));
  mustDo(monitor.passOver(lifetimes.port));
  const all = manyOf(left.link.index, 300, 60);
  for (const { address } of all) mustDo(left.rtnetlink.setAddress(left.link.index, address, 60));
  assert.equal(monitor.read().length, 256, "those of another socket are news");
  assert.equal(monitor.read().length, 44);
  const before = must(left.rtnetlink.addresses());
  assert.equal(lifetimes.set(all), undefined);
  assert.deepEqual(monitor.read(), []);
  assert.deepEqual(must(left.rtnetlink.addresses()), before);
  mustDo(left.rtnetlink.removeAddress(left.link.index, virtual("198.51.100.7")));
  assert.deepEqual(
    monitor.read().map(({ kind }) => kind),
    ["addressGone"],
  );
  monitor.close();
});

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
