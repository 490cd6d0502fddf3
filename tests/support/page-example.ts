/**
 * The examples on the pages of codes: configurations (two are a pair), and what a terminal shows of
 * the machine. They are laid into a folder as the page shows them and read from there, with the
 * code of `baton check`.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checkCloud } from "#cli/check-cloud";
import { assessMachine } from "#cli/check-live";
import { assessChecks } from "#cli/check-live-checks";
import { assessDatabases } from "#cli/check-live-databases";
import { assessHearing } from "#cli/check-live-routers";
import { DEFAULT_FILE, includeLoader, loadFile, readFiles } from "#cli/config-files";
import type { AnyFinding } from "#diagnostics/diagnostic";
import { comparePair } from "#keepalived/pair";
import {
  checkIn,
  databaseIn,
  hearingIn,
  listedIn,
  machineIn,
  readConsole,
  type Shown,
} from "./console.ts";
import { cloudIn } from "./console-cloud.ts";

export interface Example {
  readonly files: readonly string[];
  readonly shown: readonly Shown[];
}

/** Section `title` of a page; undefined: it has none, or nothing in it. */
export function exampleIn(page: string, title: string): Example | undefined {
  const section =
    new RegExp(`^## ${title}$([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(page)?.[1] ?? "";
  const fences = (kind: string): readonly string[] =>
    [...section.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
      (match) => match[1] ?? "",
    );
  const files = fences("conf");
  const shown = fences("console").flatMap(readConsole);
  return files.length === 0 && shown.length === 0 ? undefined : { files, shown };
}

/** Everything that `baton check`, and `--live` where the example has a machine, would say. */
export async function examine(example: Example): Promise<readonly AnyFinding[]> {
  const folder = mkdtempSync(join(tmpdir(), "baton-page-"));
  try {
    return await examineIn(folder, example);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function examineIn(
  folder: string,
  { files, shown }: Example,
): Promise<readonly AnyFinding[]> {
  const roots = files.length === 0 ? [folder] : files.map((_, index) => join(folder, `${index}`));
  for (const [index, root] of roots.entries()) layOut(root, files[index], shown);
  const checked = roots.map((root) => {
    const loaded = loadFile(join(root, DEFAULT_FILE));
    const reading = readFiles(loaded.source, { configId: "node1", include: includeLoader });
    const isRead = loaded.findings.every(({ code }) => code === "VR5003");
    return { reading, findings: [...loaded.findings, ...(isRead ? reading.findings : [])] };
  });
  const readings = checked.map(({ reading }) => reading);
  const [first, second] = readings;
  const found = checked.flatMap(({ findings }) => findings);
  if (first !== undefined && second !== undefined) found.push(...comparePair(first, second));
  if (shown.length === 0) return found;
  for (const reading of readings) {
    found.push(...assessMachine(reading.model, machineIn(shown)));
    found.push(...assessHearing(reading, hearingIn(shown)));
    found.push(...(await assessChecks(reading.model, checkIn(shown))));
    found.push(...(await assessDatabases(reading.model, databaseIn(shown))));
  }
  const cloud = cloudIn(shown);
  return cloud === undefined ? found : [...found, ...(await checkCloud(readings, cloud))];
}

/** Secrets of nobody, in the form of tccli. */
const KEY = '{"secretId": "AKIDPAGE", "secretKey": "SECRETPAGE"}\n';

function layOut(root: string, text: string | undefined, shown: readonly Shown[]): void {
  const listed = listedIn(shown);
  const main = join(root, DEFAULT_FILE);
  mkdirSync(dirname(main), { recursive: true });
  if (text !== undefined) writeFileSync(main, bytesOf(text, root, shown));
  for (const { path, type, mode, size, target } of listed) {
    const own = join(root, path);
    mkdirSync(dirname(own), { recursive: true });
    if (target !== undefined) symlinkSync(target, own);
    else if (type === "d") mkdirSync(own, { recursive: true });
    else if (path !== DEFAULT_FILE) writeFileSync(own, path.endsWith(".key") ? KEY : "# nothing\n");
    else {
      assert.ok(text !== undefined, "the file that is listed is on the page");
      const filled = text.padEnd(Math.max(text.length, size), `# ${"-".repeat(70)}\n`);
      writeFileSync(own, bytesOf(filled, root, shown));
    }
    if (target === undefined) chmodSync(own, mode);
  }
}

/** In the encoding that `file` names; a key's file is found in the example's own folder. */
function bytesOf(text: string, root: string, shown: readonly Shown[]): Buffer {
  const placed = text.replace(
    /(credentials_file |file:)(\/\S+\.key)/,
    (_, word, path) => `${word}${root}${path}`,
  );
  const kind = shown.find(({ command }) => command.startsWith("file "))?.output ?? "";
  if (kind.includes("UTF-16")) return Buffer.from(placed, "utf16le");
  return Buffer.from(placed, kind.includes("ISO-8859") ? "latin1" : "utf8");
}
