/** IPv4 addresses as text: what inet_pton(3) takes, and nothing else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printIpv4, readIpv4 } from "#units/address";

test("what is printed is read again", () => {
  for (const text of ["0.0.0.0", "10.0.0.100", "127.0.0.1", "192.168.99.200", "255.255.255.255"]) {
    const address = readIpv4(text);
    assert.ok(address !== undefined, text);
    assert.equal(printIpv4(address), text);
  }
  assert.equal(readIpv4("1.2.3.4"), 0x01020304);
  assert.equal(readIpv4("255.0.0.1"), 0xff000001, "unsigned");
});

test("what is not four decimal parts from 0 to 255 is no address", () => {
  const counts = [
    "",
    ".",
    "...",
    "1",
    "1.2.3",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.4.",
    "1.2.3.4.5",
  ];
  const values = ["256.0.0.0", "1.2.3.256", "1.2.3.1000", "01.2.3.4", "1.2.3.00", "1.2.3.04"];
  const marks = [" 1.2.3.4", "1.2.3.4 ", "1.2.3.4/24", "-1.2.3.4", "+1.2.3.4", "0x1.2.3.4", "::1"];
  for (const text of [...counts, ...values, ...marks, "1.2.3.٤"])
    assert.equal(readIpv4(text), undefined, JSON.stringify(text));
});
