/** Connections of an address, counted and reset on a real kernel, and what their clients hear. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeLink } from "#linux/links";
import { must, mustDo } from "#linux/result";
import { countSockets, destroySockets, destroySocketsNow } from "#linux/socket-destroy";
import type { SocketFilter } from "#linux/socket-diag-messages";
import type { Outcome } from "#vrrp/engine/world";
import { type Cable, ip, layCable, linkOf, virtual } from "../support/linux-net.ts";
import { awaitAnswers } from "../support/linux-probe.ts";
import { connectIn, listenIn, type TcpClient, untilTrue } from "../support/linux-tcp.ts";

const VIP = "192.0.2.100";
const OTHER = "192.0.2.101";
const PORT = 3_306;
const OF_VIP = { addresses: [ip(VIP)] };
const VIP6 = "2001:db8::100";
const OTHER6 = "2001:db8::101";

function setUp(): Cable {
  const cable = layCable();
  const { left, right } = cable;
  mustDo(changeLink(left.rtnetlink, linkOf(left.rtnetlink, "lo").index, { up: true }));
  for (const one of [VIP, OTHER, VIP6, OTHER6]) {
    mustDo(left.rtnetlink.setAddress(left.link.index, virtual(one), 0));
    awaitAnswers(right, left, ip(one));
  }
  return cable;
}

/** A request belongs to the namespace in which it begins. */
function beginIn<T>({ left }: Cable, begin: () => Promise<T>): Promise<T> {
  const begun: Promise<T>[] = [];
  left.namespace.within(() => {
    begun.push(begin());
  });
  return begun[0] ?? assert.fail();
}

const destroyIn = async (cable: Cable, filter: SocketFilter): Promise<number> =>
  must(await beginIn(cable, () => destroySockets(filter)));
const countIn = async (cable: Cable, filter: SocketFilter): Promise<number> =>
  must(await beginIn(cable, () => countSockets(filter)));

const allConnected = async (clients: readonly TcpClient[]): Promise<void> =>
  assert.ok(await untilTrue(() => clients.every(({ events }) => events.includes("connect"))));

for (const [family, vip, another] of [
  ["0.0.0.0", VIP, OTHER],
  ["::", VIP, OTHER],
  ["::", VIP6, OTHER6],
] as const) {
  const ofVip = { addresses: [ip(vip)] };
  test(`connections of ${vip} are reset, others and the server that listens on ${family} go on`, async () => {
    using cable = setUp();
    const { left, right } = cable;
    using server = await listenIn(left.namespace, PORT, family);
    const clients = Array.from({ length: 250 }, () => connectIn(right.namespace, vip, PORT));
    using other = connectIn(right.namespace, another, PORT);
    using local = connectIn(left.namespace, vip, PORT);
    await allConnected([...clients, other, local]);
    assert.ok(await untilTrue(() => server.connections.length === 252));
    // The local client's own socket has another port; its address is the same.
    assert.equal(await countIn(cable, ofVip), 252);
    assert.equal(await countIn(cable, { ...ofVip, ports: [PORT] }), 251);
    assert.equal(await countIn(cable, { ...ofVip, ports: [80, 81] }), 0);
    assert.equal(
      await countIn(cable, { addresses: [ip(another), ip(vip)], ports: [80, PORT] }),
      252,
    );
    assert.equal(await countIn(cable, { addresses: [], ports: [PORT] }), 0);
    assert.equal(await destroyIn(cable, { ...ofVip, ports: [PORT] }), 251);
    assert.ok(
      await untilTrue(() => clients.every(({ events }) => events.includes("ECONNRESET"))),
      "every client hears of it",
    );
    assert.equal(await countIn(cable, { ...ofVip, ports: [PORT] }), 0);
    server.connections.find((one) => one.localAddress?.endsWith(another))?.write("answer");
    assert.ok(await untilTrue(() => other.received.length === 1), "another address goes on");
    using again = connectIn(right.namespace, vip, PORT);
    await allConnected([again]);
    for (const one of clients) one[Symbol.dispose]();
  });
}

test("without pauses: all of them, or as many as there is time for", async () => {
  using cable = setUp();
  const { left, right } = cable;
  using server = await listenIn(left.namespace, PORT);
  const clients = Array.from({ length: 350 }, () => connectIn(right.namespace, VIP, PORT));
  await allConnected(clients);
  assert.ok(await untilTrue(() => server.connections.length === 350));
  const now = (isOver: () => boolean): Outcome =>
    left.namespace.within(() => destroySocketsNow(OF_VIP, isOver));
  let asked = 0;
  const late = now(() => ++asked > 1);
  assert.ok(!late.ok && late.errno === "ETIMEDOUT");
  const rest = await countIn(cable, OF_VIP);
  assert.ok(rest >= 150 && rest < 350, `${rest} are left`);
  // Who has lost the processor meanwhile has a hundred ended all the same.
  now(() => true);
  const remain = await countIn(cable, OF_VIP);
  assert.ok(remain < rest, `${remain} of ${rest} are left`);
  mustDo(now(() => false));
  assert.equal(await countIn(cable, OF_VIP), 0);
  assert.ok(await untilTrue(() => clients.every(({ events }) => events.includes("ECONNRESET"))));
  for (const one of clients) one[Symbol.dispose]();
});

test("after the address has gone nobody hears of it: the order of reset and removal", async () => {
  using cable = setUp();
  const { left, right } = cable;
  using server = await listenIn(left.namespace, PORT);
  using client = connectIn(right.namespace, VIP, PORT);
  await allConnected([client]);
  mustDo(left.rtnetlink.removeAddress(left.link.index, virtual(VIP)));
  assert.equal(await destroyIn(cable, OF_VIP), 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(client.events, ["connect"]);
  assert.equal(server.connections.length, 1);
});

test("connections that the service has ended and the client has not are reset too", async () => {
  using cable = setUp();
  const { left, right } = cable;
  using server = await listenIn(left.namespace, PORT);
  using client = connectIn(right.namespace, VIP, PORT);
  await allConnected([client]);
  assert.ok(await untilTrue(() => server.connections.length === 1));
  server.connections[0]?.end();
  assert.ok(await untilTrue(() => client.events.includes("end")));
  assert.equal(await destroyIn(cable, OF_VIP), 1);
  client.socket.write("?");
  assert.ok(await untilTrue(() => client.events.includes("EPIPE")), "as Linux says after an end");
});
