/** The fence on a real kernel: which packets of which connections reach a service behind it. */
import assert from "node:assert/strict";
import { test as nodeTest } from "node:test";
import { now } from "#linux/clock";
import { openFenceWatch } from "#linux/fence-watch";
import { KernelFence } from "#linux/kernel-fence";
import { changeLink } from "#linux/links";
import { type NftFence, openNftFence } from "#linux/nft-fence";
import { NFPROTO_IPV4, NFPROTO_IPV6 } from "#linux/nft-messages";
import { openNftSocket } from "#linux/nft-socket";
import { Reactor } from "#linux/reactor";
import { must, mustDo } from "#linux/result";
import { after, fromMillis } from "#units/time";
import type { FenceEntry, FenceMode } from "#vrrp/engine/world";
import { type Cable, ip, layCable, linkOf, virtual } from "../support/linux-net.ts";
import { awaitAnswers } from "../support/linux-probe.ts";
import { connectIn, listenIn, type TcpServer, untilTrue } from "../support/linux-tcp.ts";

/** Each version of IP is tried in the same way. */
const FAMILIES = [
  { name: "IPv4", proto: NFPROTO_IPV4, net: "192.0.2.", on: "0.0.0.0" },
  { name: "IPv6", proto: NFPROTO_IPV6, net: "2001:db8::", on: "::" },
] as const;
const PORT = 3_306;
/** Nothing happens for that long; what passes does so in less than a millisecond. */
const QUIET_MS = 150;

interface SetUp extends AsyncDisposable {
  readonly cable: Cable;
  readonly fence: NftFence;
  readonly server: TcpServer;
}

/** The service is on the left, its clients on the right. */
async function setUpFor({ net, on }: (typeof FAMILIES)[number], hasFib: boolean): Promise<SetUp> {
  const cable = layCable();
  const { left, right } = cable;
  mustDo(changeLink(left.rtnetlink, linkOf(left.rtnetlink, "lo").index, { up: true }));
  for (const one of [`${net}100`, `${net}101`]) {
    mustDo(left.rtnetlink.setAddress(left.link.index, virtual(one), 0));
    awaitAnswers(right, left, ip(one));
  }
  const fence = left.namespace.within(() => must(openNftFence({ hasFib })));
  const server = await listenIn(left.namespace, PORT, on);
  return {
    cable,
    fence,
    server,
    async [Symbol.asyncDispose]() {
      server[Symbol.dispose]();
      fence[Symbol.dispose]();
      await new Promise((resolve) => setImmediate(resolve));
      cable[Symbol.dispose]();
    },
  };
}

const quiet = async (): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));

for (const family of FAMILIES) {
  const { proto, net, on } = family;
  const [VIP, OTHER] = [`${net}100`, `${net}101`];
  const ENTRY: FenceEntry = { address: ip(VIP), protocol: "tcp", port: PORT };
  const setUp = (hasFib = true): Promise<SetUp> => setUpFor(family, hasFib);
  const test = (name: string, run: () => Promise<void>): void =>
    void nodeTest(`${family.name}: ${name}`, run);

  for (const hasFib of [true, false]) {
    const way = hasFib ? "with nft_fib" : "without nft_fib";

    test(`closed for all: nothing reaches the service, what leaves passes, and it goes on after that (${way})`, async () => {
      await using it = await setUp(hasFib);
      const { right } = it.cable;
      using client = connectIn(right.namespace, VIP, PORT);
      assert.ok(await untilTrue(() => it.server.connections.length === 1));
      mustDo(it.fence.close([ENTRY], "all"));
      client.socket.write("question");
      it.server.connections[0]?.write("answer");
      using late = connectIn(right.namespace, VIP, PORT);
      assert.ok(await untilTrue(() => client.received.length === 1), "what leaves passes");
      await quiet();
      assert.deepEqual([it.server.received, late.events], [[], []]);
      mustDo(it.fence.open([ENTRY]));
      assert.ok(await untilTrue(() => it.server.received.length === 1), "TCP sends it again");
      assert.ok(await untilTrue(() => late.events.includes("connect")), "and the SYN");
    });
  }

  test("closed for what is new: connections that are there go on", async () => {
    await using it = await setUp();
    const { right } = it.cable;
    using client = connectIn(right.namespace, VIP, PORT);
    assert.ok(await untilTrue(() => it.server.connections.length === 1));
    mustDo(it.fence.close([ENTRY], "new"));
    using late = connectIn(right.namespace, VIP, PORT);
    client.socket.write("question");
    assert.ok(await untilTrue(() => it.server.received.length === 1));
    it.server.connections[0]?.end("answer");
    assert.ok(await untilTrue(() => client.events.includes("end")));
    await quiet();
    assert.deepEqual(late.events, []);
    mustDo(it.fence.close([ENTRY], "all"));
    mustDo(it.fence.open([ENTRY]));
    assert.ok(await untilTrue(() => late.events.includes("connect")));
  });

  test("held: the end of a connection is not heard of until the fence is open again", async () => {
    await using it = await setUp();
    const { right } = it.cable;
    using client = connectIn(right.namespace, VIP, PORT);
    using other = connectIn(right.namespace, OTHER, PORT);
    assert.ok(await untilTrue(() => it.server.connections.length === 2));
    mustDo(it.fence.close([ENTRY], "held"));
    for (const one of it.server.connections) one.end();
    assert.ok(await untilTrue(() => other.events.includes("end")));
    await quiet();
    assert.deepEqual(client.events, ["connect"]);
    mustDo(it.fence.open([ENTRY]));
    assert.ok(await untilTrue(() => client.events.includes("end")), "TCP sends the FIN again");
  });

  test("other ports and other addresses are left alone; a client on this machine is not", async () => {
    await using it = await setUp();
    const { left, right } = it.cable;
    mustDo(it.fence.close([ENTRY, { ...ENTRY, protocol: "udp", port: 53 }], "held"));
    using elsewhere = await listenIn(left.namespace, 80, on);
    using port = connectIn(right.namespace, VIP, 80);
    using other = connectIn(right.namespace, OTHER, PORT);
    using local = connectIn(left.namespace, VIP, PORT);
    assert.ok(await untilTrue(() => port.events.includes("connect")));
    assert.ok(await untilTrue(() => other.events.includes("connect")));
    await quiet();
    assert.deepEqual([local.events, elsewhere.connections.length], [[], 1]);
    mustDo(it.fence.open([ENTRY]));
    assert.ok(await untilTrue(() => local.events.includes("connect")), "its SYN is repeated");
  });

  test("a client here reaches the owner on another node though the fence is closed here", async () => {
    await using it = await setUp();
    const { left, right } = it.cable;
    const remote = `${net}102`;
    mustDo(right.rtnetlink.setAddress(right.link.index, virtual(remote), 0));
    awaitAnswers(left, right, ip(remote));
    using server = await listenIn(right.namespace, PORT, on);
    mustDo(it.fence.close([{ ...ENTRY, address: ip(remote) }], "all"));
    using client = connectIn(left.namespace, remote, PORT);
    assert.ok(await untilTrue(() => client.events.includes("connect")));
    client.socket.write("question");
    assert.ok(await untilTrue(() => server.received.length === 1));
  });

  test("it outlives who closed it, and is opened by another; the last takes the table", async () => {
    await using it = await setUp();
    const { left } = it.cable;
    const second: FenceEntry = { ...ENTRY, address: ip(OTHER) };
    mustDo(it.fence.close([ENTRY], "all"));
    mustDo(it.fence.close([second], "new"));
    using next = left.namespace.within(() => must(openNftFence()));
    assert.deepEqual(must(next.closed()), [ENTRY, second]);
    mustDo(next.open([ENTRY]));
    assert.deepEqual(must(next.closed()), [second]);
    mustDo(next.clean(({ address: one }) => one === second.address));
    assert.deepEqual(must(next.closed()), [second]);
    mustDo(next.clean(() => false));
    using rules = left.namespace.within(() => must(openNftSocket()));
    const gone = rules.keys(proto, "baton_fence", "closed");
    assert.ok(!gone.ok && gone.errno === "ENOENT");
    mustDo(next.open([ENTRY]));
    mustDo(next.clean(() => false));
  });

  test("each mode takes the place of the one before", async () => {
    await using it = await setUp();
    const modes: readonly FenceMode[] = ["new", "held", "all", "held", "new", "all"];
    using rules = it.cable.left.namespace.within(() => must(openNftSocket()));
    for (const mode of modes) {
      mustDo(it.fence.close([ENTRY], mode));
      const sets = ["closed", "new", "held"].filter(
        (set) => must(rules.keys(proto, "baton_fence", set)).length === 1,
      );
      const wanted = { all: ["closed"], new: ["new"], held: ["closed", "held"] }[mode];
      assert.deepEqual(sets, wanted);
    }
  });

  test("a hundred ports of twenty addresses are more than a message of the kernel takes", async () => {
    await using it = await setUp();
    const { left } = it.cable;
    const entries = Array.from({ length: 2_000 }, (_, n): FenceEntry => {
      return {
        ...ENTRY,
        address: ip(`${net}${Math.floor(n / 100)}`),
        port: 1_000 + (n % 100),
      };
    });
    const count = (): number => must(it.fence.closed()).length;
    for (const mode of ["held", "new", "all"] as const) {
      mustDo(it.fence.close(entries, mode));
      assert.equal(count(), 2_000);
      mustDo(it.fence.open(entries));
      assert.equal(count(), 0);
    }
    mustDo(it.fence.close(entries, "held"));
    using rules = left.namespace.within(() => must(openNftSocket()));
    const batch = rules.batch();
    batch.deleteTable(proto, "baton_fence");
    mustDo(rules.commit(batch));
    assert.equal(must(it.fence.restore()), true);
    assert.equal(count(), 2_000);
    assert.equal(must(it.fence.restore()), false);
    using next = left.namespace.within(() => must(openNftFence()));
    const [kept] = entries;
    mustDo(next.clean((entry) => entry.address === kept?.address));
    assert.equal(count(), 100);
  });

  test("what another program removes is noticed and comes back", async () => {
    await using it = await setUp();
    const { left, right } = it.cable;
    mustDo(it.fence.close([ENTRY], "all"));
    using watch = left.namespace.within(() => must(openFenceWatch()));
    using rules = left.namespace.within(() => must(openNftSocket()));
    mustDo(it.fence.close([{ ...ENTRY, port: 80 }], "all"));
    assert.equal(watch.read(), false, "elements are no news");
    for (const remove of [
      (): void => {
        const batch = rules.batch();
        batch.deleteTable(proto, "baton_fence");
        mustDo(rules.commit(batch));
      },
      (): void => {
        const batch = rules.batch();
        batch.flushChain(proto, "baton_fence", "input");
        mustDo(rules.commit(batch));
      },
    ]) {
      remove();
      assert.equal(watch.read(), true);
      assert.equal(must(it.fence.restore()), true, "something was missing");
      assert.equal(watch.read(), true, "our own rules are news too");
      assert.equal(must(it.fence.restore()), false, "and nothing is missing");
      using client = connectIn(right.namespace, VIP, PORT);
      await quiet();
      assert.deepEqual(client.events, []);
    }
    assert.equal(watch.read(), false);
  });

  test("a request after the table has gone brings everything back", async () => {
    await using it = await setUp();
    using rules = it.cable.left.namespace.within(() => must(openNftSocket()));
    const second: FenceEntry = { ...ENTRY, port: 80 };
    mustDo(it.fence.close([ENTRY, second], "held"));
    const batch = rules.batch();
    batch.deleteTable(proto, "baton_fence");
    mustDo(rules.commit(batch));
    mustDo(it.fence.open([second]));
    assert.deepEqual(must(it.fence.closed()), [ENTRY]);
  });

  test("the engine's fence has no socket before it is closed, comes back by itself, and says so once", async () => {
    await using it = await setUp();
    const { left } = it.cable;
    const reactor = new Reactor();
    const warnings: string[] = [];
    const fence = new KernelFence(reactor, (text) => warnings.push(text));
    using rules = left.namespace.within(() => must(openNftSocket()));
    left.namespace.within(() => {
      mustDo(fence.clean(() => false));
      mustDo(fence.open([ENTRY]));
      mustDo(fence.close([ENTRY], "all"));
    });
    for (let times = 0; times < 3; times++) {
      const batch = rules.batch();
      batch.deleteTable(proto, "baton_fence");
      mustDo(rules.commit(batch));
      reactor.wait(after(now(), fromMillis(1_000)));
      assert.deepEqual(must(it.fence.closed()), [ENTRY]);
      reactor.wait(after(now(), fromMillis(1_000)));
    }
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /another program removed the rules of the fence/);
  });
}

nodeTest(
  "entries of both versions in one request, and each version's rules by themselves",
  async () => {
    await using it = await setUpFor(FAMILIES[0], true);
    const { left } = it.cable;
    const both = FAMILIES.map(({ net }): FenceEntry => {
      return { address: ip(`${net}100`), protocol: "tcp", port: PORT };
    });
    mustDo(it.fence.close(both, "held"));
    assert.deepEqual(must(it.fence.closed()), both);
    using rules = left.namespace.within(() => must(openNftSocket()));
    for (const { proto } of FAMILIES) {
      const batch = rules.batch();
      batch.deleteTable(proto, "baton_fence");
      mustDo(rules.commit(batch));
      assert.equal(must(it.fence.restore()), true);
      assert.deepEqual(must(it.fence.closed()), both);
    }
    mustDo(it.fence.open(both));
    assert.deepEqual(must(it.fence.closed()), []);
  },
);
