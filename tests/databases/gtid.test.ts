/** What one server has that another lacks, in both forms of GTIDs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Data, isGtidText, missing, printData } from "#databases/mysql/gtid";

const maria = (state: string, applied = ""): Data => ({ kind: "mariadb", state, applied });
const mysql = (executed: string): Data => ({ kind: "mysql", executed });
const A = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const B = "5c2f9b1e-0000-11ee-8000-0242ac120002";

test("MariaDB: a replica that has everything lacks nothing", () => {
  assert.equal(missing(maria("0-1-100"), maria("0-1-100")), "");
  assert.equal(missing(maria("0-1-100"), maria("0-1-90")), "");
  assert.equal(missing(maria("0-1-100,0-2-105"), maria("0-1-100")), "");
  assert.equal(missing(maria(""), maria("")), "");
});

test("MariaDB: what is lacking is a range of one server's", () => {
  assert.equal(missing(maria("0-1-90"), maria("0-1-100")), "0-1-91…100");
  assert.equal(missing(maria("0-1-99"), maria("0-1-100")), "0-1-100");
  assert.equal(missing(maria("0-1-90"), maria("0-1-90,0-2-95,1-1-7")), "0-2-95,1-1-7");
});

test("MariaDB: two servers that went apart, though one has the higher number", () => {
  const old = maria("0-1-100");
  const promoted = maria("0-1-95,0-2-205", "0-1-95");
  assert.equal(missing(promoted, old), "0-1-96…100");
  assert.equal(missing(old, promoted), "0-2-205");
});

test("MariaDB: a server that was set up from a copy has a position, and no log of it", () => {
  const primary = maria("0-1-900,0-2-1000");
  assert.equal(missing(maria("", "0-2-1000"), primary), "");
  assert.equal(missing(maria("0-2-1001", "0-2-1001"), maria("0-1-900,0-2-1001")), "");
  assert.equal(missing(maria("", "0-2-990"), primary), "0-2-991…1000");
  assert.equal(missing(primary, maria("", "0-2-1000")), "");
  assert.equal(missing(maria("0-1-900"), maria("", "0-2-1000")), "0-2-1000");
});

test("MariaDB: a position that is not in the other's log stands for nothing there", () => {
  assert.equal(missing(maria("", "0-3-5000"), maria("0-1-900")), "0-1-900");
});

test("MySQL: intervals, several servers, tags, and line ends of the server", () => {
  assert.equal(missing(mysql(`${A}:1-100`), mysql(`${A}:1-100`)), "");
  assert.equal(missing(mysql(`${A}:1-90`), mysql(`${A}:1-100`)), `${A}:91-100`);
  assert.equal(missing(mysql(`${A}:1-50:60-70`), mysql(`${A}:1-100`)), `${A}:51-59:71-100`);
  assert.equal(missing(mysql(`${A}:1-100`), mysql(`${A}:1-100,\n${B}:1-3:7`)), `${B}:1-3:7`);
  assert.equal(missing(mysql(`${A}:1-5:tag:1-2`), mysql(`${A}:1-5:tag:1-4`)), `${A}:tag:3-4`);
  assert.equal(missing(mysql(""), mysql(`${A.toUpperCase()}:5`)), `${A}:5`);
  assert.equal(printData(mysql(`${A}:1-3,\n${B}:1`)), `${A}:1-3,${B}:1`);
});

test("different kinds cannot be compared", () => {
  assert.equal(missing(maria("0-1-1"), mysql(`${A}:1`)), undefined);
});

test("MySQL: what is missing is what a set of single numbers says", () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });
  const print = (all: readonly number[]): string =>
    all.length === 0 ? "" : `${A}:${all.join(":")}`;
  fc.assert(
    fc.property(numbers, numbers, (own, other) => {
      const text = missing(mysql(print(own)), mysql(print(other))) ?? "";
      const found = new Set<number>();
      for (const piece of text.split(":").slice(1)) {
        const [from = 0, to = from] = piece.split("-").map(Number);
        for (let n = from; n <= to; n += 1) found.add(n);
      }
      assert.deepEqual(found, new Set(other.filter((n) => !own.includes(n))));
    }),
  );
});

test("nothing but GTIDs goes into a statement", () => {
  assert.ok(isGtidText("0-1-100,0-2-105"));
  assert.ok(isGtidText(`${A}:1-3:tag:5,\n${B}:1`));
  assert.ok(!isGtidText("0-1-1'); DROP TABLE t; --"));
});
