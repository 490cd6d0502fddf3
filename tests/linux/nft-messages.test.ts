import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attributesOf,
  be32Of,
  messagesOf,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_REQUEST,
  textOf,
} from "#linux/netlink";
import {
  NFPROTO_ARP,
  NFPROTO_IPV4,
  NFPROTO_IPV6,
  NftBatch,
  PreparedBatch,
} from "#linux/nft-messages";
import { type Ipv4, readIpv4 } from "#units/address";
import { hexFromBytes } from "../support/hex.ts";
import { ip } from "../support/linux-net.ts";

const VIP = readIpv4("192.0.2.100") as Ipv4;

const walk = (batch: NftBatch): readonly NetlinkMessage[] => [...messagesOf(batch.finish().bytes)];

test("a batch: begin and end name the subsystem, numbers count up, only the last message asks for an answer", () => {
  const batch = new NftBatch(10);
  batch.addTable(NFPROTO_IPV4, "t");
  batch.addAddressSet(NFPROTO_IPV4, "t", "alive", 1, true);
  batch.deleteTable(NFPROTO_ARP, "t");
  const { bytes, last } = batch.finish();
  const messages = [...messagesOf(bytes)];
  assert.deepEqual(
    messages.map(({ type }) => type),
    [0x10, 0xa00, 0xa09, 0xa02, 0x11],
  );
  assert.deepEqual(
    messages.map(({ sequence }) => sequence),
    [10, 11, 12, 13, 14],
  );
  assert.equal(last, 13);
  assert.deepEqual(
    messages.map(({ flags }) => flags & NLM_F_ACK),
    [0, 0, 0, NLM_F_ACK, 0],
  );
  assert.ok(messages.every(({ flags }) => (flags & NLM_F_REQUEST) !== 0));
  // NFNL_SUBSYS_NFTABLES in network order.
  assert.equal(hexFromBytes(messages[0]?.payload ?? new Uint8Array()), "0000000a");
  assert.equal(hexFromBytes(messages[4]?.payload ?? new Uint8Array()), "0000000a");
});

test("an element: its key, and its lifetime in milliseconds as 64 bits", () => {
  const batch = new NftBatch(0);
  batch.addElements(NFPROTO_IPV4, "t", "alive", [VIP], 500);
  const payload = walk(batch)[1]?.payload ?? new Uint8Array();
  assert.equal(
    hexFromBytes(payload),
    [
      "02000000", // struct nfgenmsg
      "0600" + "0100" + "7400" + "0000", // table
      "0a00" + "0200" + "616c69766500" + "0000", // set
      "2000" + "0380", // elements
      "1c00" + "0180", // one of them
      "0c00" + "0180" + "0800" + "0100" + "c0000264", // key
      "0c00" + "0400" + "00000000000001f4", // lifetime
    ].join(""),
  );
});

test("a rule is a list of expressions: payload, lookup, lookup, immediate", () => {
  const batch = new NftBatch(0);
  batch.addRule(NFPROTO_ARP, "t", "input", [
    { kind: "load", header: "network", offset: 24, length: 4 },
    { kind: "lookup", set: "guarded", inside: true },
    { kind: "lookup", set: "alive", inside: false },
    { kind: "drop" },
  ]);
  const payload = walk(batch)[1]?.payload ?? new Uint8Array();
  const rule = attributesOf(payload, 4);
  assert.equal(textOf(rule.get(1)), "t");
  assert.equal(textOf(rule.get(2)), "input");
  const list = rule.get(4) ?? new Uint8Array();
  const names: (string | undefined)[] = [];
  for (let at = 0; at < list.length; ) {
    const length = (list[at] ?? 0) | ((list[at + 1] ?? 0) << 8);
    names.push(textOf(attributesOf(list.subarray(at + 4, at + length), 0).get(1)));
    at += (length + 3) & ~3;
  }
  assert.deepEqual(names, ["payload", "lookup", "lookup", "immediate"]);
});

test("a lifetime of 0 would be for ever, no elements would be all of them: both are our mistakes", () => {
  const batch = new NftBatch(0);
  for (const milliseconds of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => batch.addElements(NFPROTO_IPV4, "t", "s", [VIP], milliseconds), /lifetime/);
  }
  assert.throws(() => batch.deleteElements(NFPROTO_IPV4, "t", "s", []), /delete them all/);
  assert.throws(() => new NftBatch(0).finish(), /needs a message/);
});

test("more elements than one list can hold go in several messages", () => {
  const batch = new NftBatch(0);
  const all = Array.from({ length: 3_001 }, (_, at) => (VIP + at) as Ipv4);
  batch.addElements(NFPROTO_IPV4, "t", "alive", all, 500);
  const lists = walk(batch)
    .slice(1, -1)
    .map(({ payload }) => attributesOf(payload, 4).get(3) ?? new Uint8Array());
  // 28 bytes each; a length of 16 bits would have wrapped at 2,340 of them.
  assert.deepEqual(
    lists.map(({ length }) => length / 28),
    [700, 700, 700, 700, 201],
  );
});

test("an IPv6 element has sixteen bytes, in a set that says so", () => {
  const batch = new NftBatch(0);
  batch.addAddressSet(NFPROTO_IPV6, "t", "alive", 1, true);
  batch.setElements(NFPROTO_IPV6, "t", "alive", [ip("2001:db8::100")], 500);
  const [, set, element] = walk(batch);
  const described = attributesOf(set?.payload ?? new Uint8Array(), 4);
  assert.equal(be32Of(described.get(4)), 8, "ipv6_addr");
  assert.equal(be32Of(described.get(5)), 16);
  assert.equal(set?.payload[0], 10);
  assert.equal(
    hexFromBytes(element?.payload ?? new Uint8Array()),
    [
      "0a000000", // struct nfgenmsg
      "0600" + "0100" + "7400" + "0000", // table
      "0a00" + "0200" + "616c69766500" + "0000", // set
      "3800" + "0380", // elements
      "3400" + "0180", // one of them
      "1800" + "0180" + "1400" + "0100" + "20010db8000000000000000000000100", // key
      "0c00" + "0400" + "00000000000001f4", // lifetime
      "0c00" + "0500" + "00000000000001f4", // what is left of it
    ].join(""),
  );
});

test("a prepared batch is the one that it was made of, but for its numbers", () => {
  const made = (first: number): NftBatch => {
    const batch = new NftBatch(first);
    batch.setElements(NFPROTO_IPV4, "t", "alive", [VIP], 500);
    batch.setElements(NFPROTO_ARP, "t", "alive", [VIP], 500);
    return batch;
  };
  const prepared = new PreparedBatch(made(3));
  for (const first of [40, 4_000_000_000]) {
    const wanted = made(first).finish();
    assert.equal(prepared.renumber(first), wanted.last);
    assert.deepEqual(prepared.bytes, wanted.bytes);
  }
});
