/** The filter of `no_accept` on a real kernel: what reaches an address, and what leaves from it. */
import assert from "node:assert/strict";
import { test as nodeTest } from "node:test";
import { now } from "#linux/clock";
import { KernelAccept } from "#linux/kernel-accept";
import { changeLink } from "#linux/links";
import { cleanAccept, type NftAccept, openNftAccept } from "#linux/nft-accept";
import { NFPROTO_IPV4, NFPROTO_IPV6 } from "#linux/nft-messages";
import { openNftSocket } from "#linux/nft-socket";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { after, fromMillis } from "#units/time";
import type { Unanswered } from "#vrrp/engine/world";
import { type Cable, ip, layCable, linkOf, virtual } from "../support/linux-net.ts";
import { awaitAnswers, Probe } from "../support/linux-probe.ts";
import { connectIn, listenIn, untilTrue } from "../support/linux-tcp.ts";

const PORT = 8_080;
/** Nothing comes for that long; what passes does so in less than a millisecond. */
const QUIET_MS = 150;
const TABLE = "baton_accept";

/** Each version of IP is tried in the same way. */
const FAMILIES = [
  { name: "IPv4", proto: NFPROTO_IPV4, vip: "192.0.2.100", other: "192.0.2.101", on: "0.0.0.0" },
  { name: "IPv6", proto: NFPROTO_IPV6, vip: "2001:db8::100", other: "2001:db8::101", on: "::" },
] as const;

interface SetUp extends AsyncDisposable {
  readonly cable: Cable;
  readonly filter: NftAccept;
}

/** The addresses are on the left, their clients on the right. */
function setUpWith(addresses: readonly string[]): SetUp {
  const cable = layCable();
  const { left, right } = cable;
  mustDo(changeLink(left.rtnetlink, linkOf(left.rtnetlink, "lo").index, { up: true }));
  for (const one of addresses) {
    mustDo(left.rtnetlink.setAddress(left.link.index, virtual(one), 0));
    awaitAnswers(right, left, ip(one));
  }
  const filter = left.namespace.within(() => must(openNftAccept()));
  return {
    cable,
    filter,
    async [Symbol.asyncDispose]() {
      filter[Symbol.dispose]();
      await new Promise((resolve) => setImmediate(resolve));
      cable[Symbol.dispose]();
    },
  };
}

const on = (address: string, device = "eth0"): Unanswered => ({
  address: ip(address),
  interface: device,
});

function asked({ left, right }: Cable, address: string): ReturnType<Probe["answers"]> {
  using probe = new Probe(right, left, ip(address));
  return probe.answers(QUIET_MS);
}
const UNANSWERED = { echo: false, arp: true };
const OPEN = { echo: true, arp: true };

const quiet = async (): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));

function removeTable({ left }: Cable, proto: number): void {
  using rules = left.namespace.within(() => must(openNftSocket()));
  const batch = rules.batch();
  batch.deleteTable(proto, TABLE);
  mustDo(rules.commit(batch));
}

for (const { name, proto, vip, other, on: everywhere } of FAMILIES) {
  const test = (text: string, run: () => Promise<void>): void =>
    void nodeTest(`${name}: ${text}`, run);

  test("neither an echo nor a connection is answered; its MAC address is, and so are others", async () => {
    await using it = setUpWith([vip, other]);
    const { left, right } = it.cable;
    using server = await listenIn(left.namespace, PORT, everywhere);
    mustDo(it.filter.set([on(vip)]));
    assert.deepEqual(asked(it.cable, vip), UNANSWERED);
    assert.deepEqual(asked(it.cable, other), OPEN);
    using far = connectIn(right.namespace, vip, PORT);
    using near = connectIn(left.namespace, vip, PORT);
    using open = connectIn(right.namespace, other, PORT);
    assert.ok(await untilTrue(() => open.events.includes("connect")));
    await quiet();
    assert.deepEqual([far.events, near.events, server.connections.length], [[], [], 1]);
    mustDo(it.filter.set([]));
    assert.deepEqual(asked(it.cable, vip), OPEN);
    assert.ok(await untilTrue(() => far.events.includes("connect")), "its SYN is repeated");
  });

  test("a connection that is there sends nothing more", async () => {
    await using it = setUpWith([vip]);
    const { left, right } = it.cable;
    using server = await listenIn(left.namespace, PORT, everywhere);
    using client = connectIn(right.namespace, vip, PORT);
    assert.ok(await untilTrue(() => server.connections.length === 1));
    mustDo(it.filter.set([on(vip)]));
    server.connections[0]?.write("answer");
    await quiet();
    assert.deepEqual(client.received, []);
    mustDo(it.filter.set([]));
    assert.ok(await untilTrue(() => client.received.length === 1), "TCP sends it again");
  });

  test("it outlives who made it, and goes with another; the last takes the table", async () => {
    await using it = setUpWith([vip]);
    const { left } = it.cable;
    mustDo(it.filter.set([on(vip), on(other)]));
    it.filter[Symbol.dispose]();
    assert.deepEqual(asked(it.cable, vip), UNANSWERED);
    using next = left.namespace.within(() => must(openNftAccept()));
    mustDo(next.clean(({ address }) => address === ip(other)));
    assert.deepEqual(asked(it.cable, vip), OPEN);
    left.namespace.within(() => {
      mustDo(cleanAccept(() => true));
      assert.equal(must(next.entries()).length, 1);
      mustDo(cleanAccept(() => false));
    });
    using rules = left.namespace.within(() => must(openNftSocket()));
    const gone = rules.keys(proto, TABLE, "unanswered");
    assert.ok(!gone.ok && gone.errno === "ENOENT");
  });

  test("what another program removes comes back by itself, and is logged once", async () => {
    await using it = setUpWith([vip]);
    const { left } = it.cable;
    const reactor = new Reactor();
    const warnings: string[] = [];
    const filter = new KernelAccept(reactor, (text) => warnings.push(text));
    left.namespace.within(() => {
      mustDo(filter.clean(() => false));
      mustDo(filter.set([]));
      mustDo(filter.set([on(vip)]));
    });
    for (let times = 0; times < 2; times++) {
      removeTable(it.cable, proto);
      reactor.wait(after(now(), fromMillis(1_000)));
      assert.deepEqual(asked(it.cable, vip), UNANSWERED);
      reactor.wait(after(now(), fromMillis(1_000)));
    }
    removeTable(it.cable, proto);
    mustDo(filter.set([on(vip), on(other)]));
    assert.deepEqual(asked(it.cable, vip), UNANSWERED, "a request brings back everything too");
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /another program removed the rules of no_accept/);
  });

  test("more addresses than one message of the kernel takes", async () => {
    await using it = setUpWith([]);
    const all = Array.from({ length: 3_000 }, (_, n) =>
      on(name === "IPv4" ? `10.1.${n >> 8}.${n & 255}` : `2001:db8:1::${n.toString(16)}`),
    );
    const count = (): number => must(it.filter.entries()).length;
    mustDo(it.filter.set(all));
    assert.equal(count(), all.length);
    mustDo(it.filter.set(all.slice(0, 3)));
    assert.equal(count(), 3);
    mustDo(it.filter.set(all));
    mustDo(it.filter.clean(({ address }) => address === all[0]?.address));
    assert.equal(count(), 1);
  });
}

nodeTest("a link-local address is another one on each device", async () => {
  const vip = "fe80::100";
  await using it = setUpWith([vip]);
  mustDo(it.filter.set([on(vip, "eth1")]));
  assert.deepEqual(asked(it.cable, vip), OPEN);
  mustDo(it.filter.set([on(vip), on("2001:db8::1")]));
  assert.deepEqual(asked(it.cable, vip), UNANSWERED);
  assert.deepEqual(must(it.filter.entries()), [{ ...on("2001:db8::1"), interface: "" }, on(vip)]);
});
