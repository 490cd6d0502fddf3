/** The console's timeline, without its page: order, filters, files, lanes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasText, mergeEntries, printCsv } from "#console/pages/timeline/entries";
import { NO_FILTERS, nodeQuery, printFilters, readFilters } from "#console/pages/timeline/filters";
import { lanesOf } from "#console/pages/timeline/lanes";
import type { EventRecord } from "#events/record";

const event = (id: number, at: string, more: Partial<EventRecord> = {}): EventRecord =>
  ({
    id,
    at: `2026-11-30T08:00:${at}Z`,
    node: "a",
    kind: "daemon",
    severity: "info",
    text: { en: `event ${id}`, "zh-CN": `事件 ${id}` },
    data: { what: "x" },
    ...more,
  }) as EventRecord;

const order = (
  nodes: Readonly<Record<string, readonly EventRecord[]>>,
  clocks: Readonly<Record<string, number>> = {},
): string =>
  mergeEntries(new Map(Object.entries(nodes)), new Map(Object.entries(clocks)))
    .map((one) => `${one.node}${one.event.id}`)
    .join(" ");

test("nodes are merged by microseconds, newest first", () => {
  const a = [event(1, "01.000001"), event(2, "03.000500")];
  const b = [event(1, "03.000499"), event(2, "03.000501")];
  assert.equal(order({ a, b }), "b2 a2 b1 a1");
});

test("a clock that is ahead is taken into account, the network's way is not", () => {
  const a = [event(1, "05.000000")];
  const b = [event(1, "04.000000")];
  assert.equal(order({ a, b }), "a1 b1");
  assert.equal(order({ a, b }, { a: 1_500 }), "b1 a1");
  assert.equal(order({ a, b: [event(1, "04.990000")] }, { a: 50 }), "a1 b1");
});

test("the order of one node's numbers stays where its clock was set back", () => {
  const a = [event(1, "10.000000"), event(2, "02.000000"), event(3, "03.000000")];
  assert.equal(order({ a }), "a3 a2 a1");
});

test("filters survive the address bar, and what is none of them is left out", () => {
  const filters = {
    range: "1h",
    severity: "warning",
    kinds: ["state", "check"],
    node: "n1",
    instance: "VI 1 & 2",
    search: "中文",
  } as const;
  assert.deepEqual(readFilters(new URLSearchParams(printFilters(filters))), filters);
  assert.equal(printFilters(NO_FILTERS), "");
  assert.deepEqual(
    readFilters(new URLSearchParams("range=2y&severity=fatal&kind=none")),
    NO_FILTERS,
  );
});

test("a node is asked by its own clock", () => {
  const now = Date.parse("2026-11-30T08:00:00Z");
  const query = nodeQuery({ ...NO_FILTERS, range: "1h", kinds: ["state"] }, now, 60_000);
  assert.equal(query.get("since"), "2026-11-30T07:01:00.000Z");
  assert.deepEqual(query.getAll("kind"), ["state"]);
  assert.equal(nodeQuery({ ...NO_FILTERS, range: "all" }, now, 0).toString(), "");
});

test("text is found in either language, each part of it", () => {
  const entry = { node: "n1", event: event(7, "01.000000") };
  assert.ok(hasText(entry, "事件 7"));
  assert.ok(hasText(entry, "DAEMON 7"));
  assert.ok(!hasText(entry, "event 8"));
});

test("a table for spreadsheets quotes what it must, and runs no formula", () => {
  const text = { en: '=HYPERLINK("x"), 1', "zh-CN": "两\n行" };
  const entries = [{ node: "n1", event: event(1, "01.000000", { text }) }];
  const [head, line] = printCsv(entries, "en").split("\r\n");
  assert.equal(head, "\uFEFFat,node,severity,kind,instance,group,id,text,data");
  const cells = ['"\'=HYPERLINK(""x""), 1"', '"{""what"":""x""}"'].join(",");
  assert.equal(line, `2026-11-30T08:00:01.000000Z,a,info,daemon,,,1,${cells}`);
  assert.match(printCsv(entries, "zh-CN"), /"两\n行"/);
});

test("lanes begin with the state before the first change, and end now", () => {
  const change = (id: number, at: string, from: string, to: string): EventRecord =>
    event(id, at, { kind: "state", instance: "V", data: { from, to } } as never);
  const entries = mergeEntries(
    new Map([
      [
        "a",
        [change(1, "10.000000", "BACKUP", "MASTER"), change(2, "20.000000", "MASTER", "FAULT")],
      ],
    ]),
    new Map(),
  );
  const at = (seconds: number): number => Date.parse("2026-11-30T08:00:00Z") + seconds * 1_000;
  const current = [{ node: "b", instance: "V", state: "BACKUP", since: at(-100) }];
  const lanes = lanesOf(entries, current, at(5), at(30));
  assert.deepEqual(lanes, [
    {
      node: "a",
      instance: "V",
      segments: [
        { state: "BACKUP", from: at(5), to: at(10) },
        { state: "MASTER", from: at(10), to: at(20) },
        { state: "FAULT", from: at(20), to: at(30) },
      ],
    },
    { node: "b", instance: "V", segments: [{ state: "BACKUP", from: at(5), to: at(30) }] },
  ]);
});
