/** Reports of drills, read from a folder in which there may be anything. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Hono } from "hono";
import type { ReportList } from "#console/base/report-shape";
import { reportExtension } from "#console-server/report-routes";

const REPORT = {
  title: "VI_1",
  at: "2026-11-30T08:00:00.000Z",
  objectiveMs: 200,
  more: "is allowed",
  runs: [
    {
      plan: "switch",
      outageMs: 0,
      bothAnsweredMs: 41.5,
      phases: { detect: 1, elect: null },
      pass: true,
    },
  ],
};

function setUp(context: TestContext): { readonly folder: string; readonly app: Hono } {
  const folder = mkdtempSync(join(tmpdir(), "baton-reports-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const app = new Hono();
  reportExtension(folder).add(app);
  return { folder, app };
}

const listIn = async (app: Hono): Promise<ReportList> =>
  (await (await app.request("/api/reports")).json()) as ReportList;

test("reports are listed newest first, with the files of the same name", async (context) => {
  const { folder, app } = setUp(context);
  const put = (name: string, value: unknown): void =>
    writeFileSync(join(folder, name), typeof value === "string" ? value : JSON.stringify(value));
  put("a.json", REPORT);
  put("a.html", "<p>a</p>");
  put("a.zh-CN.md", "# a");
  put("b.json", { ...REPORT, at: "2026-12-01T08:00:00Z", objectiveMs: null });
  const { reports, others } = await listIn(app);
  assert.equal(others, 0);
  assert.deepEqual(
    reports.map(({ id }) => id),
    ["b", "a"],
  );
  assert.deepEqual(reports[1], {
    id: "a",
    report: {
      title: "VI_1",
      at: "2026-11-30T08:00:00.000Z",
      objectiveMs: 200,
      runs: [
        { plan: "switch", outageMs: 0, bothAnsweredMs: 41.5, phases: { detect: 1 }, pass: true },
      ],
    },
    files: ["a.json", "a.html", "a.zh-CN.md"],
  });
  assert.equal(reports[0]?.report.objectiveMs, undefined);
  const file = await app.request("/api/reports/a.html");
  assert.equal(await file.text(), "<p>a</p>");
  assert.equal(file.headers.get("content-disposition"), 'attachment; filename="a.html"');
});

test("what is no report is counted, and nothing outside of the folder is read", async (context) => {
  const { folder, app } = setUp(context);
  const outside = join(folder, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret.json"), JSON.stringify(REPORT));
  symlinkSync(join(outside, "secret.json"), join(folder, "link.json"));
  mkdirSync(join(folder, "folder.json"));
  for (const [name, text] of [
    ["broken.json", "{"],
    ["list.json", "[]"],
    ["negative.json", JSON.stringify({ ...REPORT, runs: [{ ...REPORT.runs[0], outageMs: -1 }] })],
    ["large.json", `{"title":"${"x".repeat(2_100_000)}"}`],
    ["notes.txt", "no"],
  ] as const)
    writeFileSync(join(folder, name), text);
  assert.deepEqual(await listIn(app), { reports: [], others: 4 });
  for (const name of [
    "link.json",
    "notes.txt",
    "..%2Fx.json",
    "outside%2Fsecret.json",
    "none.json",
  ])
    assert.equal((await app.request(`/api/reports/${name}`)).status, 404, name);
});

test("a folder that is not there yet has no reports", async () => {
  const app = new Hono();
  reportExtension("/nonexistent/folder").add(app);
  assert.deepEqual(await listIn(app), { reports: [], others: 0 });
});
