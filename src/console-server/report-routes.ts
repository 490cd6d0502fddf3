/**
 * `/api/reports`: the reports of `baton drill` in one folder. Only what is in the folder itself is
 * read, no link is followed, and what is no report of a drill is counted, not shown.
 */
import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Context, Hono } from "hono";
import * as v from "valibot";
import type { DrillReport, ListedReport, ReportList } from "#console/base/report-shape";
import { parseJson, readShape, type Shape } from "#json/shape";
import type { Extension } from "./console-app.ts";
import { problem, text } from "./problem.ts";

/** A drill of a thousand runs is 200 KB. */
const FILE_MAX = 2_000_000;
const REPORTS_MAX = 200;
const RUNS_MAX = 10_000;
const NAME = /^\w[\w.@+-]{0,120}$/;
const READABLE: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".json": "application/json",
};

const MS = v.pipe(v.number("milliseconds"), v.finite("milliseconds"), v.minValue(0, "no less"));
const PHASE = v.nullish(MS);

/** More members than these are allowed: a report says more than the page shows. */
const REPORT: Shape<DrillReport> = v.pipe(
  v.object({
    title: v.pipe(v.string("a title"), v.maxLength(500, "a short title")),
    at: v.pipe(v.string("a time"), v.regex(/^\d{4}-\d\d-\d\dT[\d:.]+Z?/, "ISO 8601")),
    objectiveMs: v.nullish(MS),
    runs: v.pipe(
      v.array(
        v.object({
          plan: v.pipe(v.string("a plan"), v.maxLength(100, "a short plan")),
          outageMs: MS,
          bothAnsweredMs: v.nullish(MS),
          phases: v.nullish(
            v.object({
              detect: PHASE,
              elect: PHASE,
              gate: PHASE,
              announce: PHASE,
              platform: PHASE,
            }),
          ),
          pass: v.boolean("true or false"),
        }),
      ),
      v.maxLength(RUNS_MAX, "runs"),
    ),
  }),
  v.transform(
    ({ title, at, objectiveMs, runs }): DrillReport => ({
      title,
      at,
      ...(typeof objectiveMs === "number" && { objectiveMs }),
      runs: runs.map(({ plan, outageMs, bothAnsweredMs, phases, pass }) => ({
        plan,
        outageMs,
        ...(typeof bothAnsweredMs === "number" && { bothAnsweredMs }),
        phases: Object.fromEntries(
          Object.entries(phases ?? {}).filter(([, value]) => typeof value === "number"),
        ),
        pass,
      })),
    }),
  ),
);

export function reportExtension(folder: string): Extension {
  return {
    session: { reports: folder },
    add: (app: Hono) => {
      app.get("/api/reports", async (context) => context.json(await listReports(folder)));
      app.get("/api/reports/:name", async (context) => await sendFile(context, folder));
    },
  };
}

/** A folder that is not there has no reports yet: `baton drill` makes it. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((one) => one.isFile() && NAME.test(one.name) && extname(one.name) in READABLE)
      .map(({ name }) => name)
      .toSorted();
  } catch {
    return [];
  }
}

async function listReports(folder: string): Promise<ReportList> {
  const names = await namesIn(folder);
  const jsons = names.filter((name) => name.endsWith(".json"));
  const reports: ListedReport[] = [];
  for (const name of jsons.slice(-REPORTS_MAX)) {
    const read = readShape(REPORT, parseJson((await readWhole(folder, name)) ?? ""));
    if (read.kind === "problem") continue;
    const id = name.slice(0, -".json".length);
    const files = names.filter((other) => other.startsWith(`${id}.`) && other !== name);
    reports.push({ id, report: read.value, files: [name, ...files] });
  }
  const sorted = reports.toSorted((a, b) => (a.report.at < b.report.at ? 1 : -1));
  return { reports: sorted, others: jsons.length - reports.length };
}

async function sendFile(context: Context, folder: string): Promise<Response> {
  const name = context.req.param("name") ?? "";
  const names = await namesIn(folder);
  const content = names.includes(name) ? await readWhole(folder, name) : undefined;
  if (content === undefined) {
    return problem(context, {
      status: 404,
      detail: text("there is no such report", "没有此报告"),
    });
  }
  return context.body(content, 200, {
    "Content-Type": READABLE[extname(name)] ?? "application/octet-stream",
    "Content-Disposition": `attachment; filename="${name}"`,
  });
}

/** Undefined: it is gone, no regular file, not readable, or too large. */
async function readWhole(folder: string, name: string): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    file = await open(join(folder, name), flags);
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > FILE_MAX) return undefined;
    return await file.readFile("utf8");
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}
