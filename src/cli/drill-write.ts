/** The files of a report: JSON for programs and the console, pages in both languages. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { printHtml } from "#drill/html";
import { printMarkdown } from "#drill/markdown";
import type { DrillReport } from "#drill/report";
import { writeWhole } from "./write-whole.ts";

export type ReportsWritten =
  | {
      readonly kind: "written";
      readonly html: Readonly<Record<"en" | "zh-CN", string>>;
    }
  | { readonly kind: "failed"; readonly path: string; readonly errno: string };

const MODE = 0o644;

/** `drill-VI_1-20261130-181502.json`, `.html`, `.md`, `.zh-CN.html`, `.zh-CN.md`. */
export function writeReports(
  folder: string,
  report: DrillReport,
  localTime: (iso: string) => string,
): ReportsWritten {
  const stamp = report.at.replaceAll(/[-:]|\.\d+Z$/g, "").replace("T", "-");
  // An instance may be named as no file should be.
  const name = `drill-${report.instance.replaceAll(/[^\w.-]/g, "_").slice(0, 64)}-${stamp}`;
  const path = (ending: string): string => join(folder, `${name}${ending}`);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    return { kind: "failed", path: folder, errno: (error as NodeJS.ErrnoException).code ?? "?" };
  }
  const files: readonly (readonly [string, string])[] = [
    [".json", `${JSON.stringify(report, undefined, 2)}\n`],
    [".html", printHtml(report, "en", localTime)],
    [".zh-CN.html", printHtml(report, "zh-CN", localTime)],
    [".md", printMarkdown(report, "en", localTime)],
    [".zh-CN.md", printMarkdown(report, "zh-CN", localTime)],
  ];
  for (const [ending, text] of files) {
    const written = writeWhole(path(ending), text, MODE);
    if (written.kind !== "written")
      return {
        kind: "failed",
        path: path(ending),
        errno: written.kind === "failed" ? written.errno : "EEXIST",
      };
  }
  return { kind: "written", html: { en: path(".html"), "zh-CN": path(".zh-CN.html") } };
}
