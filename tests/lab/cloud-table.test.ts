/** The table of a run in the VPC. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cloudText } from "#lab/demo/cloud-text";
import { demoText } from "#lab/demo/demo-text";
import { faultTable, legendOf, printOutage } from "#lab/demo/report";
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
  proberPauseMilliseconds: 1.2,
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
    proberPauseMilliseconds: 1.3,
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

test("every column that is explained is there, in both tables and languages", () => {
  for (const [language, colon] of [
    ["en", ":"],
    ["zh-CN", "："],
  ] as const) {
    for (const cloud of [undefined, cloudText(language)]) {
      const text = demoText(language);
      const titles = faultTable([result({})], text, cloud).columns.map(({ title }) => title);
      const terms = legendOf([result({})], text, cloud)
        .split(/[;；。]|\. |\n/)
        .flatMap((part) => (part.includes(colon) ? [part.split(colon)[0]?.trim() ?? ""] : []));
      assert.ok(terms.length >= 3, terms.join());
      for (const term of terms) {
        assert.ok(
          titles.some((title) => title.startsWith(term)),
          `${term} of ${titles.join()}`,
        );
      }
    }
  }
});

test("a row that a busy machine has spoilt is marked, and the legend says so", () => {
  const busy = result({ fault: "hang", proberPauseMilliseconds: 183 });
  const text = demoText("en");
  const { rows } = faultTable([result({}), busy], text, cloudText("en"));
  assert.deepEqual(
    rows.map((row) => row[2]),
    ["4012 ms (4010)", "4012 ms (4010) *"],
  );
  assert.match(legendOf([busy], text, undefined), /pause of up to 183 ms.*\n.*--faults hang$/);
  assert.doesNotMatch(legendOf([result({})], text, undefined), /busy/);
});

test("no probe lost is said together with the time in which none was answered", () => {
  const took = (lost: number, outage: number): string =>
    demoText("en").took("baton", "b", lost, printOutage(outage));
  assert.match(took(0, 0), /; not one probe lost$/);
  assert.match(
    took(0, 322),
    /; not one probe lost, but some were answered late: no answer for 322 ms$/,
  );
  assert.match(took(1, 12), /; 1 probe lost, no answer for 12 ms$/);
});
