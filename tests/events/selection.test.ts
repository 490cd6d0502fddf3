/** Which events are selected, and how a caller is printed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printCaller } from "#events/caller";
import type { EventRecordOf } from "#events/record";
import { isSelected, severitiesFrom } from "#events/selection";

const EVENT: EventRecordOf<"priority"> = {
  id: 7,
  at: "2026-11-30T17:26:25.123456Z",
  node: "db1",
  kind: "priority",
  severity: "warning",
  instance: "VI_1",
  text: { en: "priority", "zh-CN": "优先级" },
  data: { from: 100, to: 50, tracker: "chk" },
};
const AT = Date.parse("2026-11-30T17:26:25.123Z");

test("an event is selected by time, instance, kind, severity and number", () => {
  assert.ok(isSelected(EVENT, {}));
  assert.ok(isSelected(EVENT, { since: AT }));
  assert.ok(!isSelected(EVENT, { since: AT + 1 }));
  assert.ok(!isSelected(EVENT, { until: AT }));
  assert.ok(isSelected(EVENT, { until: AT + 1 }));
  assert.ok(isSelected(EVENT, { instances: ["VI_2", "VI_1"] }));
  assert.ok(!isSelected(EVENT, { instances: ["VI_2"] }));
  assert.ok(isSelected(EVENT, { kinds: ["state", "priority"] }));
  assert.ok(!isSelected(EVENT, { kinds: ["state"] }));
  assert.ok(isSelected(EVENT, { severity: "warning" }));
  assert.ok(!isSelected(EVENT, { severity: "error" }));
  assert.ok(isSelected(EVENT, { after: 6 }));
  assert.ok(!isSelected(EVENT, { after: 7 }));
});

test("severities go up", () => {
  assert.deepEqual(severitiesFrom("info"), ["info", "warning", "error"]);
  assert.deepEqual(severitiesFrom("error"), ["error"]);
});

test("a caller is printed with the way it came", () => {
  assert.equal(printCaller({ via: "socket", uid: 0, user: "root" }), "root (socket)");
  assert.equal(printCaller({ via: "socket", uid: 1007, user: undefined }), "1007 (socket)");
  assert.equal(
    printCaller({ via: "api", name: "ops", from: "127.0.0.1:4711" }),
    "ops (api, 127.0.0.1:4711)",
  );
  assert.equal(printCaller({ via: "signal", signal: "SIGHUP" }), "SIGHUP");
});
