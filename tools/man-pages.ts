/**
 * The manual pages, made from the definitions of the commands and the keyword tables: baton(8),
 * baton.conf(5), and one for each command, in English and in Chinese.
 *
 *     node tools/bootstrap.mjs man-pages [--out FOLDER]      (default dist/man)
 *
 * Nothing of them is kept in the repository: they take a tenth of a second, and cannot be outdated.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listCommands, ROOT_OPTIONS } from "#cli/command-list";
import { dispatch } from "#cli/dispatch";
import { BATON_VERSION } from "#cli/version";
import type { Language } from "#diagnostics/diagnostic";
import { commandPage, sectionOf } from "./man/command-page.ts";
import { configPage } from "./man/config-page.ts";
import { mainPage } from "./man/main-page.ts";
import { toolOptions } from "./tool-options.ts";

export interface ManFile {
  /** Below the folder of manual pages: `man8/baton.8`, `zh_CN/man8/baton.8`. */
  readonly path: string;
  readonly text: string;
}

/** @param date of the pages, `2026-11-30`; nothing else in them changes from one day to another */
export async function manPages(date: string): Promise<readonly ManFile[]> {
  const groups = listCommands(dispatch);
  const head = { date, version: BATON_VERSION };
  const entries = groups.flatMap(({ commands }) => commands);
  const loaded = await Promise.all(
    entries.map(async (entry) => ({ entry, command: await entry.load() })),
  );
  return (["en", "zh-CN"] as const).flatMap((language) => {
    const page = (name: string, section: number, text: string): ManFile => ({
      path: join(FOLDERS[language], `man${section}`, `${name}.${section}`),
      text,
    });
    return [
      page("baton", 8, mainPage(groups, ROOT_OPTIONS, head, language)),
      page("baton.conf", 5, configPage(head, language)),
      ...loaded.map(({ entry, command }) =>
        page(
          `baton-${entry.name}`,
          sectionOf(entry.name),
          commandPage(entry, command, head, language),
        ),
      ),
    ];
  });
}

const FOLDERS: Readonly<Record<Language, string>> = { en: "", "zh-CN": "zh_CN" };
const SECOND_MS = 1_000;

/** Of the build (SOURCE_DATE_EPOCH, for reproducible packages), else of the last commit. */
export function dateOfPages(): string {
  const epoch = process.env["SOURCE_DATE_EPOCH"];
  const commit = (): string =>
    spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: ROOT, encoding: "utf8" }).stdout ?? "";
  const seconds = Number(epoch ?? commit().trim());
  return new Date(seconds * SECOND_MS).toISOString().slice(0, 10);
}

const ROOT = join(import.meta.dirname, "..");

/** Writes them below `folder`, in which nothing else is left. */
export async function writeManPages(folder: string, date: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  for (const { path, text } of await manPages(date)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

if (process.argv[1] === import.meta.filename) {
  const { out } = toolOptions(import.meta.filename, { options: { out: { type: "string" } } });
  await writeManPages(out ?? join(ROOT, "dist", "man"), dateOfPages());
}
