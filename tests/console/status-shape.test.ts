/** What a node answers is drawn only if it has the shape that the page relies on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isStatus } from "#console/base/status-shape";
import { OWNER, STANDBY, status, WEAKENED } from "../support/console-status.ts";

const asSent = (value: object): unknown => JSON.parse(JSON.stringify(value));

test("statuses of nodes are taken, with members that nobody knows", () => {
  for (const one of [OWNER, STANDBY, WEAKENED])
    assert.ok(isStatus(asSent(status("web-1", [one], { later: { version: 2 } }))));
});

test("what is no status, or not one that can be drawn, is not", () => {
  const wrong: readonly unknown[] = [
    undefined,
    null,
    7,
    "status",
    [],
    {},
    status("a", [], { instances: null }),
    status("a", [], { instances: [5] }),
    status("a", [], { groups: undefined }),
    status("a", [], { maintenance: { since: 5 } }),
    status("a", [{ ...OWNER, why: 3 as never }]),
    status("a", [{ ...OWNER, peers: [null] as never }]),
    status("a", [{ ...OWNER, addresses: { length: 1 } as never }]),
    status("a", [{ ...OWNER, name: { toString: 1 } as never }]),
  ];
  for (const one of wrong) assert.ok(!isStatus(one), JSON.stringify(one));
});
