/** Messages as a Linux 6.18 sent them, read into values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageBuilder, messagesOf, type NetlinkMessage } from "#linux/netlink";
import { acknowledged } from "#linux/netlink-socket";
import {
  addressOf,
  appendAddress,
  appendAddressName,
  appendPrefixRoute,
  eventOf,
  linkOf,
  neighbourOf,
} from "#linux/rtnetlink-messages";
import { type IpAddress, isIpv6, printIp, printMac, readIp } from "#units/address";
import { createRng } from "#units/rng";
import { BATON_PROTO } from "#vrrp/engine/world";
import { bytesFromHex, hexFromBytes } from "../support/hex.ts";

function only(hex: string): NetlinkMessage {
  const [message, ...more] = messagesOf(bytesFromHex(hex));
  assert.ok(message);
  assert.equal(more.length, 0);
  return message;
}

/** 192.0.2.100/32 label eth0:vip proto 0xba valid_lft 3, on interface 2. */
const ADDRESS = `5c000000 1400 0000 08000000 950f0000  02 20 00 00 02000000
  08000100 c0000264  08000200 c0000264  0d000300 657468303a766970 00000000
  05000b00 ba000000  08000800 00000000  14000600 03000000 03000000 326f0700 326f0700`;
/**
 * A bridge reports that eth0 is no longer its port: as the end of a link, for its own family.
 */
const PORT_LEFT = `50000000 1100 0000 00000000 00000000  07 00 0100 02000000 43100100 00000000
  09000300 6574683000 000000  08000a00 03000000  08000400 dc050000  05001000 06000000  0a000100 a637d8f58efc 0000`;
/** eth0 itself, in the attributes that matter. */
const LINK = `40000000 1000 0000 00000000 00000000  00 00 0100 02000000 43100100 00000000
  09000300 6574683000 000000  08000400 dc050000  0a000100 a637d8f58efc 0000`;

test("an address with its label, mark and index", () => {
  const message = only(ADDRESS);
  const address = addressOf(message.payload);
  assert.ok(address);
  const { address: value, ...rest } = address;
  assert.equal(printIp(value), "192.0.2.100");
  assert.deepEqual(rest, {
    index: 2,
    prefix: 32,
    secondary: false,
    proto: BATON_PROTO,
    label: "eth0:vip",
    expires: true,
  });
  assert.deepEqual(eventOf(message), { kind: "address", address });
  assert.deepEqual(eventOf({ ...message, type: 21 }), { kind: "addressGone", address });
});

test("IFA_F_SECONDARY is read, in the short flags and in the long ones", () => {
  const { payload } = only(ADDRESS);
  const long = payload.slice();
  // IFA_FLAGS is the fifth attribute: its value lies behind 8 + 8 + 8 + 16 + 8 + 4 bytes.
  long[8 + 8 + 8 + 16 + 8 + 4] = 0x01;
  assert.equal(addressOf(long)?.secondary, true);
  const short = bytesFromHex("02 20 01 00 02000000 08000200 c0000264");
  assert.equal(addressOf(short)?.secondary, true);
});

test("IFA_F_PERMANENT: its lifetime does not end", () => {
  const short = bytesFromHex("02 20 80 00 02000000 08000200 c0000264");
  assert.equal(addressOf(short)?.expires, undefined);
});

test("an address of a cable's end is the local one, not the peer's", () => {
  const payload = bytesFromHex("02 20 00 00 02000000 08000100 c0000201 08000200 c0000264");
  const address = addressOf(payload);
  assert.ok(address);
  assert.equal(printIp(address.address), "192.0.2.100");
});

/** 2001:db8::100/64 on interface 2, IFA_PROTO 0xba, valid_lft 3, nodad and noprefixroute. */
const ADDRESS6 = `50000000 1400 0000 08000000 950f0000  0a 40 02 00 02000000
  14000100 20010db8000000000000000000000100  05000b00 ba000000
  14000600 03000000 03000000 326f0700 326f0700  08000800 02020000`;

test("an IPv6 address; the bit that IPv4 has for a secondary one means a temporary one", () => {
  const message = only(ADDRESS6);
  const address = addressOf(message.payload);
  assert.ok(address);
  const { address: value, ...rest } = address;
  assert.equal(printIp(value), "2001:db8::100");
  const expected = { index: 2, prefix: 64, secondary: false, proto: BATON_PROTO, expires: true };
  assert.deepEqual(rest, expected);
  assert.deepEqual(eventOf(message), { kind: "address", address });
  const flagged = (flags: number): ReturnType<typeof addressOf> => {
    const payload = message.payload.slice();
    payload[payload.length - 4] = flags;
    return addressOf(payload);
  };
  assert.equal(flagged(0x01)?.secondary, false);
  assert.equal(flagged(0x08)?.duplicate, true);
});

test("a family that nobody knows, and an address of another length", () => {
  assert.equal(addressOf(bytesFromHex("0b 40 00 00 02000000 08000200 c0000264")), undefined);
  assert.equal(addressOf(bytesFromHex("0a 40 00 00 02000000 06000200 c0000000")), undefined);
});

const wanted = (hex: string): string => hex.replaceAll(/\s+/g, "");
const ip = (text: string): IpAddress => readIp(text) ?? assert.fail();

/** As `ip -6 addr add … nodad noprefixroute valid_lft 3 preferred_lft 0` asks for it. */
test("an IPv6 address as it is set and removed", () => {
  const address = { address: ip("2001:db8::100"), prefix: 64, scope: 0, deprecated: true };
  const builder = new MessageBuilder().start(20, 0, 0);
  appendAddress(builder, { interfaceIndex: 2, address, seconds: 3 }, true);
  const name = `0a 40 00 00 02000000 14000200 20010db8000000000000000000000100
    14000100 20010db8000000000000000000000100`;
  assert.equal(
    hexFromBytes(builder.bytes().subarray(16)),
    wanted(`${name} 14000600 00000000 03000000 00000000 00000000 08000800 02020000
      05000b00 ba000000`),
  );
  builder.start(21, 0, 0);
  appendAddressName(builder, 2, address);
  assert.equal(hexFromBytes(builder.bytes().subarray(16)), wanted(name));
});

/** As `ip -6 route add 2001:db8:6::/64 dev … proto keepalived metric 257` asks for it. */
test("the route to a network", () => {
  const network = ip("2001:db8:6::");
  assert.ok(isIpv6(network));
  const builder = new MessageBuilder().start(24, 0, 0);
  appendPrefixRoute(builder, { interfaceIndex: 2, network, prefix: 64 });
  assert.equal(
    hexFromBytes(builder.bytes().subarray(16)),
    wanted(`0a 40 00 00 fe 12 00 01 00000000 14000100 20010db8000600000000000000000000
      08000400 02000000 08000600 01010000`),
  );
});

test("a link: up means IFF_UP and IFF_RUNNING both", () => {
  const message = only(LINK);
  const link = linkOf(message.payload);
  assert.ok(link);
  const { mac, ...rest } = link;
  assert.equal(printMac(mac), "a6:37:d8:f5:8e:fc");
  assert.deepEqual(rest, {
    index: 2,
    name: "eth0",
    mtu: 1500,
    up: true,
    arp: true,
    multicast: true,
  });
  const flagged = (flags: number): boolean | undefined => {
    const payload = message.payload.slice();
    payload[8] = flags;
    return linkOf(payload)?.up;
  };
  assert.equal(flagged(0x41), true);
  assert.equal(flagged(0x01), false, "no carrier");
  assert.equal(flagged(0x40), false, "not up");
});

test("a bridge that loses a port does not end the port's device", () => {
  assert.equal(eventOf(only(PORT_LEFT)), undefined);
});

test("a neighbour that is being asked for has no MAC yet", () => {
  const known = "02 00 0000 02000000 0200 00 01 08000100 c0000201 0a000200 a637d8f58efc 0000";
  const found = neighbourOf(bytesFromHex(known));
  assert.ok(found?.mac);
  assert.equal(printMac(found.mac), "a6:37:d8:f5:8e:fc");
  assert.equal(found.state, 2);
  const asked = neighbourOf(bytesFromHex("02 00 0000 02000000 0100 00 01 08000100 c0000201"));
  assert.ok(asked);
  assert.equal(asked.mac, undefined);
});

test("messages cut at every length are values or nothing", () => {
  for (const hex of [ADDRESS, ADDRESS6, LINK]) {
    const { payload, type } = only(hex);
    for (let length = 0; length < payload.length; length++) {
      const cut = payload.slice(0, length);
      const event = eventOf({ type, flags: 0, sequence: 0, payload: cut });
      if (event?.kind === "link") assert.equal(event.link.name, "eth0");
      else if (event !== undefined) assert.equal(event.kind, "address");
    }
  }
});

test("odd bytes, cut messages and lengths that lie: values or undefined, never an exception", () => {
  const random = createRng(1);
  for (let turn = 0; turn < 20_000; turn++) {
    const bytes = bytesFromHex(random.pick([ADDRESS, ADDRESS6, PORT_LEFT, LINK]));
    for (let count = random.between(1, 6); count > 0; count--)
      bytes[random.between(0, bytes.length - 1)] = random.pick([0, 1, 3, 4, 255, turn & 255]);
    const part = bytes.subarray(
      0,
      random.chance(0.3) ? random.between(0, bytes.length) : undefined,
    );
    for (const message of messagesOf(part)) {
      eventOf(message);
      for (const read of [linkOf, addressOf, neighbourOf]) read(message.payload);
      // An exception fails the test; an acknowledgement is a value too.
      void acknowledged(message, "RTM_NEWADDR");
    }
  }
});
