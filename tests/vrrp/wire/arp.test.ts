import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ipv4, type Mac, readIpv4, readMac } from "#units/address";
import {
  ARP_FRAME_LENGTH,
  type Arp,
  arpProbe,
  emitArp,
  gratuitousArp,
  isGratuitous,
  parseArp,
} from "#vrrp/wire/arp";
import { bytesFromHex, hexFromBytes } from "../../support/hex.ts";

const address = (text: string): Ipv4 => readIpv4(text) as Ipv4;
const MAC: Mac = readMac("02:00:00:00:09:01") as Mac;
const VIP = address("10.9.0.100");

const frameOf = (arp: Arp): Uint8Array => {
  const into = new Uint8Array(ARP_FRAME_LENGTH);
  assert.equal(emitArp(into, arp), ARP_FRAME_LENGTH);
  return into;
};
const dropOf = (hex: string) => {
  const result = parseArp(bytesFromHex(hex));
  assert.ok(result.kind === "drop", JSON.stringify(result));
  return result.drop;
};

const BROADCAST = "ffffffffffff 020000000901 0806";
const ETHERNET = "0001 0800 06 04";

test("a gratuitous request has all ones as target hardware address", () => {
  const hex = `${BROADCAST} ${ETHERNET} 0001 020000000901 0a090064 ffffffffffff 0a090064`;
  assert.equal(hexFromBytes(frameOf(gratuitousArp(MAC, VIP, "request"))), hex.replaceAll(" ", ""));
});

test("a gratuitous reply names its own hardware address twice", () => {
  const hex = `${BROADCAST} ${ETHERNET} 0002 020000000901 0a090064 020000000901 0a090064`;
  assert.equal(hexFromBytes(frameOf(gratuitousArp(MAC, VIP, "reply"))), hex.replaceAll(" ", ""));
});

test("a probe has no sender address and claims nothing", () => {
  const probe = arpProbe(MAC, VIP);
  const hex = `${BROADCAST} ${ETHERNET} 0001 020000000901 00000000 000000000000 0a090064`;
  assert.equal(hexFromBytes(frameOf(probe)), hex.replaceAll(" ", ""));
  assert.equal(isGratuitous(probe), false);
  assert.equal(isGratuitous(gratuitousArp(MAC, VIP, "reply")), true);
});

test("the sender of the frame may differ from the sender of the claim, and both are returned", () => {
  const forged = {
    ...gratuitousArp(MAC, VIP, "reply"),
    etherSource: readMac("02:00:00:00:09:ff") as Mac,
  };
  const parsed = parseArp(frameOf(forged));
  assert.deepEqual(parsed, { kind: "arp", arp: forged });
});

test("a refusal names the numbers", () => {
  const body = "0001 020000000901 0a090064 ffffffffffff 0a090064";
  assert.deepEqual(dropOf("ffff"), { kind: "too-short", actual: 2, needed: 42 });
  assert.deepEqual(dropOf(`${BROADCAST} ${ETHERNET} 0001`), {
    kind: "too-short",
    actual: 22,
    needed: 42,
  });
  assert.deepEqual(dropOf(`ffffffffffff 020000000901 8100 2007 0806 ${ETHERNET} ${body}`), {
    kind: "vlan-tagged",
    etherType: 0x8100,
    vlan: 7,
  });
  assert.deepEqual(dropOf(`ffffffffffff 020000000901 0800 ${ETHERNET} ${body}`), {
    kind: "not-arp",
    etherType: 0x0800,
  });
  assert.deepEqual(dropOf(`${BROADCAST} 0006 0800 06 04 ${body}`), {
    kind: "bad-arp-format",
    hardware: 6,
    protocol: 0x0800,
    hardwareLength: 6,
    protocolLength: 4,
  });
  assert.equal(dropOf(`${BROADCAST} 0001 86dd 06 10 ${body}`).kind, "bad-arp-format");
  assert.deepEqual(dropOf(`${BROADCAST} ${ETHERNET} 0003 ${body.slice(5)}`), {
    kind: "bad-arp-operation",
    operation: 3,
  });
});
