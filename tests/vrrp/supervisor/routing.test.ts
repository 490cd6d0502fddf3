/** Routes and rules of a dead engine: removed by the supervisor with the last address. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceConfig } from "#vrrp/router/config";
import { instance } from "../../support/bench.ts";
import { ownerOf } from "../../support/supervisor-bench.ts";

const WAIT = 2.001094;
const A: InstanceConfig = {
  ...instance({ router: { name: "A" } }),
  routes: [
    { text: "r1", version: 4 },
    { text: "r2", version: 4 },
  ],
  rules: [{ text: "p", version: 4, priority: 9, action: { kind: "table", table: 100 } }],
};

test("they stay as long as the addresses, and go with them, the last first", () => {
  const bench = ownerOf(A);
  assert.ok(!bench.exit().some((line) => line.includes("routing")));
  bench.answersQuestions = false;
  bench.until(WAIT - 0.000001);
  assert.ok(bench.until(WAIT).includes("removeAddresses 192.0.2.100@2 routing p, r2, r1"));
});

test("where the lease was over they go at once", () => {
  const bench = ownerOf(A);
  bench.addresses.length = 0;
  const lines = bench.exit();
  assert.ok(
    lines.some((line) => /^removeAddresses .*routing p, r2, r1$/.test(line)),
    lines.join("\n"),
  );
});
