/** The journal of `baton migrate` on the disk, and the lock on it. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { errnoOf } from "#daemon/contain";
import { readOwnFile, takeFolder } from "#daemon/own-files";
import { folderProblem } from "#daemon/start-problem";
import type { Language } from "#diagnostics/diagnostic";
import { printJsonProblem } from "#json/problem";
import { openObject, parseJson, readShape, type Shape } from "#json/shape";
import { lockFile } from "#linux/lock-file";
import type { Journal } from "#migrate/journal";
import { writeDurable } from "./migrate-system.ts";

/** Not in /run: it outlives a reboot. */
export const STATE_DIR = "/var/lib/baton/migrate";

const FILE = "journal.json";
const LOCK = "lock";
/** More than the addresses of the longest configuration take. */
const BYTES_MAX = 64 * 1_048_576;

const progress = v.optional(v.picklist(["begun", "done"], "begun or done"));

const SHAPE: Shape<Journal> = openObject(
  {
    version: v.literal(1, "1"),
    startedAt: v.string("a time"),
    direction: v.picklist(["apply", "undo"], "apply or undo"),
    before: openObject(
      {
        keepalivedEnabled: v.boolean("true or false"),
        batonEnabled: v.boolean("true or false"),
        dropIn: v.optional(v.string("a text")),
      },
      "what was there before",
    ),
    keepalivedUnit: v.string("a unit"),
    batonUnit: v.string("a unit"),
    dropIn: openObject({ path: v.string("a path"), text: v.string("a text") }, "a file"),
    addresses: v.array(v.string("an address"), "addresses"),
    progress: openObject(
      {
        "carry-over": progress,
        "enable-baton": progress,
        "disable-keepalived": progress,
        "stop-keepalived": progress,
        "start-baton": progress,
      },
      "the steps",
    ),
  },
  "an object",
) as Shape<Journal>;

export type ReadJournal =
  | { readonly kind: "journal"; readonly journal: Journal }
  | { readonly kind: "none" }
  | { readonly kind: "broken"; readonly path: string; readonly why: string };

export function readJournal(stateDir: string, language: Language): ReadJournal {
  const path = join(stateDir, FILE);
  const text = readOwnFile(path, BYTES_MAX);
  if (text === undefined) {
    if (!isThere(path)) return { kind: "none" };
    const why = { en: "not an ordinary file of ours", "zh-CN": "不是属于我们的普通文件" }[language];
    return { kind: "broken", path, why };
  }
  const read = readShape(SHAPE, parseJson(text));
  return read.kind === "value"
    ? { kind: "journal", journal: read.value }
    : { kind: "broken", path, why: printJsonProblem(read.problem, path, language) };
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Its folder is root's alone, and we are not root.
    return false;
  }
}

/** Why it could not be written, or undefined. */
export function writeJournal(stateDir: string, journal: Journal): string | undefined {
  const path = join(stateDir, FILE);
  const bytes = Buffer.from(`${JSON.stringify(journal, undefined, 2)}\n`);
  // It could not be read again.
  if (bytes.length > BYTES_MAX) return `${path}: EFBIG`;
  try {
    writeDurable(path, bytes, 0o600);
    return undefined;
  } catch (error) {
    return `${path}: ${errnoOf(error)}`;
  }
}

export type Taken =
  | { readonly kind: "locked"; readonly release: () => void }
  | { readonly kind: "refused"; readonly why: string };

/** One at a time, and only where nobody else could replace the journal. */
export function takeStateDir(stateDir: string, language: Language): Taken {
  const problem = takeFolder(stateDir, 0o700);
  if (problem !== undefined) return { kind: "refused", why: folderProblem(problem, language) };
  const locked = lockFile(join(stateDir, LOCK));
  switch (locked.kind) {
    case "locked":
      return locked;
    case "taken":
      return {
        kind: "refused",
        why:
          language === "en"
            ? "another `baton migrate` is at work on this machine"
            : "本机已有另一个 `baton migrate` 正在执行",
      };
    case "failed":
      return { kind: "refused", why: `${locked.failure.call}: ${locked.failure.errno}` };
  }
}
