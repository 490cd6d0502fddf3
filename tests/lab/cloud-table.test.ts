/** The table of a run in the VPC. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cloudText } from "#lab/demo/cloud-text";
import { demoText } from "#lab/demo/demo-text";
import { faultTable } from "#lab/demo/report";
import type { ObservedFault } from "#lab/measure/scenario";

const result = (more: Partial<ObservedFault>): ObservedFault => ({
  fault: "stop",
  profile: "tutorial",
  daemon: "baton",
  before: "a",
  after: ["b"],
  passed: true,
  outageMilliseconds: 4012.4,
  longestOutageMilliseconds: 4012.4,
  lost: 4010,
  takeOverMilliseconds: 10,
  afterLastAdvertMilliseconds: 9,
  dualMilliseconds: 0,
  dualOpen: false,
  dualAnswers: undefined,
  unheldMilliseconds: 0,
  cloud: {
    before: "ins-a",
    after: "ins-b",
    platformMilliseconds: 4000.5,
    outageMilliseconds: 4020,
    lost: 4018,
  },
  ...more,
});

test("both clients' views, the platform's share and the HAVIP's instances are beside each other", () => {
  const rows = [result({}), result({ daemon: "keepalived", cloud: undefined, dualOpen: true })];
  const table = faultTable(rows, demoText("en"), cloudText("en"));
  assert.deepEqual(table.rows, [
    [
      "stop the owner",
      "Baton",
      "4012 ms (4010)",
      "4020 ms (4018)",
      "4001 ms",
      "0 ms",
      "ins-a → ins-b",
    ],
    ["", "keepalived", "4012 ms (4010)", "-", "-", "over 0 ms", "- → -"],
  ]);
  assert.equal(table.columns.length, table.rows[0]?.length);
});

test("without a platform the table is the bridge's", () => {
  const table = faultTable([result({ cloud: undefined })], demoText("zh-CN"));
  assert.equal(table.columns.length, 7);
  assert.deepEqual(table.rows[0]?.slice(-2), ["a", "b"]);
});
