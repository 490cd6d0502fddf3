/** Addresses of both families: text, bytes, order, networks. */
import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { test } from "node:test";
import {
  compareIp,
  type IpAddress,
  type Ipv6,
  ipv6At,
  isInNetwork,
  isLinkLocal,
  isMulticast,
  printIp,
  readIp,
  readIpv6,
  writeIp,
} from "#units/address";
import { createRng } from "#units/rng";

const ip = (text: string): IpAddress => {
  const read = readIp(text);
  assert.ok(read !== undefined, text);
  return read;
};

test("an IPv6 address is its one text of RFC 5952, however it was written", () => {
  const written: Readonly<Record<string, string>> = {
    "::": "::",
    "::1": "::1",
    "0:0:0:0:0:0:0:0": "::",
    "2001:DB8:0:0:8:800:200C:417A": "2001:db8::8:800:200c:417a",
    // RFC 5952 4.2.2 and 4.2.3: not a single group; of two equally long ones the first.
    "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
    "2001:db8::1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
    "2001:db8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
    "2001:0:0:1:0:0:0:1": "2001:0:0:1::1",
    "fe80::0100": "fe80::100",
    "1:2:3:4:5:6:7::": "1:2:3:4:5:6:7:0",
    "::ffff:192.0.2.1": "::ffff:c000:201",
    "64:ff9b::192.0.2.33": "64:ff9b::c000:221",
    "ff02::12": "ff02::12",
  };
  for (const [text, canonical] of Object.entries(written)) assert.equal(ip(text), canonical, text);
});

test("what inet_pton refuses is no address", () => {
  for (const text of [
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "12345::",
    "g::",
    "fe80::1%eth0",
    "fe80::1/64",
    "::1.2.3",
    "1.2.3.4::",
    "::1.2.3.4:5",
    " ::1",
    "",
    "0".repeat(1_000),
    `::${":".repeat(100_000)}`,
  ]) {
    assert.equal(readIp(text), undefined, text.slice(0, 40));
  }
});

test("text, bytes and Node's own reading agree for any address", () => {
  const rng = createRng(6);
  for (let n = 0; n < 5_000; n++) {
    const bytes = Uint8Array.from({ length: 16 }, () =>
      rng.between(0, 2) === 0 ? rng.between(0, 255) : 0,
    );
    const text = ipv6At(bytes, 0);
    assert.ok(isIPv6(text), text);
    // The URL standard serializes as RFC 5952 does.
    assert.equal(new URL(`http://[${text}]/`).hostname, `[${text}]`);
    assert.equal(readIpv6(text), text);
    const back = new Uint8Array(16).fill(0x55);
    assert.equal(writeIp(text, back, 0), 16);
    assert.deepEqual(back, bytes);
  }
});

test("any text is read or refused, and what is read is read again as itself", () => {
  const rng = createRng(61);
  for (let n = 0; n < 20_000; n++) {
    const text = Array.from({ length: rng.between(0, 24) }, () =>
      rng.pick("0 : 1 f . : % /".split(" ")),
    ).join("");
    const read = readIp(text);
    if (read !== undefined) assert.equal(readIp(printIp(read)), read, text);
    if (text.includes(":"))
      assert.equal(read !== undefined, isIPv6(text) && !text.includes("%"), text);
  }
});

test("addresses are compared as unsigned numbers, not as texts", () => {
  const ordered = [
    "10.0.0.2",
    "10.0.0.10",
    "192.0.2.1",
    "::9",
    "::10",
    "fe80::9",
    "fe80::a",
    "fe80::10",
  ];
  for (const [at, low] of ordered.entries()) {
    assert.equal(compareIp(ip(low), ip(low)), 0);
    for (const high of ordered.slice(at + 1)) {
      assert.ok(compareIp(ip(low), ip(high)) < 0, `${low} ${high}`);
      assert.ok(compareIp(ip(high), ip(low)) > 0, `${high} ${low}`);
    }
  }
});

test("networks of both families", () => {
  assert.ok(isInNetwork(ip("2001:db8::1"), ip("2001:db8::ffff"), 64));
  assert.ok(!isInNetwork(ip("2001:db8:0:1::1"), ip("2001:db8::1"), 64));
  assert.ok(isInNetwork(ip("2001:db8:0:1::1"), ip("2001:db8::1"), 63));
  assert.ok(isInNetwork(ip("::1"), ip("ff02::1"), 0));
  assert.ok(!isInNetwork(ip("::1"), ip("::2"), 128));
  assert.ok(!isInNetwork(ip("10.0.0.1"), ip("::a00:1"), 0));
  assert.ok(isInNetwork(ip("10.0.0.1"), ip("10.0.0.254"), 24));
  assert.ok(
    isLinkLocal(ip("fe80::1")) && isLinkLocal(ip("febf::1")) && !isLinkLocal(ip("fec0::1")),
  );
  assert.ok(isLinkLocal(ip("169.254.1.1")) && !isLinkLocal(ip("169.253.1.1")));
  assert.ok(
    isMulticast(ip("ff02::12")) && !isMulticast(ip("fe80::1")) && !isMulticast(ip("ff::1")),
  );
  assert.ok(isMulticast(ip("224.0.0.18")) && !isMulticast(ip("192.0.2.1")));
});

test("addresses that fall on one place of the table are read right all the same", () => {
  const bytes = new Uint8Array(16);
  const seen: Ipv6[] = [];
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 3; n++) {
      bytes[0] = n;
      seen.push(ipv6At(bytes, 0));
    }
  }
  assert.deepEqual(seen, ["::", "100::", "200::", "::", "100::", "200::"]);
});
