/** The figures and pages of a drill, from values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printHtml } from "#drill/html";
import { printMarkdown } from "#drill/markdown";
import { phasesOf } from "#drill/phases";
import type { DrillRun } from "#drill/report";
import { makeReport, medianOf, passes } from "#drill/summary";

const RUN: DrillRun = {
  plan: "switch",
  at: "2026-11-30T18:15:02.123Z",
  from: "db1",
  to: "db2",
  outageMs: 0,
  atLeastMs: 0,
  sent: 2_300,
  lost: 0,
  bothAnsweredMs: 5.4,
  phases: { elect: 3, announce: 2 },
  pass: true,
  parts: [
    { at: -300, sent: 300, lost: 0, slowest: 0.4, by: "02:00:00:00:00:01" },
    { at: 0, sent: 300, lost: 12, by: "02:00:00:00:00:02" },
    { at: 300, sent: 300, lost: 0, slowest: 0.3, by: "02:00:00:00:00:02" },
  ],
};
const HEAD = {
  title: "Drill of <VI_1>",
  at: RUN.at,
  measuredFrom: "client",
  instance: "VI|1`x`",
  address: "192.0.2.100",
  probe: "arp",
  periodMs: 2,
  objectiveMs: 200,
} as const;

test("a run passes by its objective; without one a planned move may lose nothing", () => {
  assert.equal(passes(RUN, undefined), true);
  assert.equal(passes({ ...RUN, lost: 1 }, undefined), false);
  assert.equal(passes({ ...RUN, plan: "kill-engine", lost: 900 }, undefined), true);
  assert.equal(passes({ ...RUN, lost: 150, outageMs: 200 }, 200), true);
  assert.equal(passes({ ...RUN, outageMs: 200.1 }, 200), false);
  assert.equal(passes({ ...RUN, problem: { en: "x", "zh-CN": "x" } }, 200), false);
  const { to, ...nobody } = RUN;
  assert.equal(passes(nobody, 10_000), false, `without ${to}`);
});

test("a phase lasts from the end of the last one that was seen", () => {
  assert.deepEqual(phasesOf({ noticedAt: 10, electedAt: 60, answeredAt: 65 }), {
    detect: 10,
    elect: 50,
    announce: 5,
  });
  assert.deepEqual(phasesOf({ electedAt: 60, answeredAt: 58 }), { elect: 60, announce: 0 });
  assert.deepEqual(phasesOf({}), {});
});

test("a report with a run too few has not passed, and its summary counts each plan", () => {
  const killed: DrillRun = { ...RUN, plan: "kill-engine", outageMs: 41, pass: false };
  const all = [RUN, { ...RUN, outageMs: 3 }, { ...RUN, outageMs: 1 }, killed];
  assert.equal(makeReport(HEAD, [RUN], 2).pass, false);
  assert.equal(makeReport(HEAD, [RUN], 1).pass, true);
  assert.deepEqual(makeReport(HEAD, all, 4).summary, [
    { plan: "switch", medianMs: 1, worstMs: 3, passed: 3, of: 3 },
    { plan: "kill-engine", medianMs: 41, worstMs: 41, passed: 0, of: 1 },
  ]);
  assert.equal(medianOf([]), 0);
});

test("the pages say the same in both languages, and names are only text", () => {
  const report = makeReport(
    HEAD,
    [RUN, { ...RUN, pass: false, problem: { en: "too *busy*", "zh-CN": "过于繁忙" } }],
    2,
  );
  const markdown = printMarkdown(report, "en", (iso) => iso);
  assert.match(markdown, /^# Drill of \\<VI\\_1\\>: not passed\n/);
  assert.match(markdown, /- Instance: `VI1x`/);
  assert.match(markdown, /\| 1 \| planned move \| db1 \| db2 \| 0 ms \| 5\.4 ms \| 0 of 2300 \|/);
  assert.match(markdown, /2\. too \\\*busy\\\*/);
  const chinese = printMarkdown(report, "zh-CN", (iso) => iso);
  assert.equal(chinese.split("\n").length, markdown.split("\n").length);
  assert.match(chinese, /过于繁忙/);
  for (const language of ["en", "zh-CN"] as const) {
    const html = printHtml(report, language, (iso) => iso);
    assert.ok(!html.includes("<VI_1>"), "a name is escaped");
    assert.equal(html.match(/<svg/g)?.length, 2);
    assert.equal(html.match(/class="lost"/g)?.length, 2);
    assert.ok(!/https?:\/\//.test(html), "the page needs nothing else");
    assert.match(html, new RegExp(`<html lang="${language}">`));
  }
});
