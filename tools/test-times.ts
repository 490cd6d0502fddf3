/**
 * How long each test file took the last time, so that the longest ones are started first. A file
 * that is not known (the first run in a checkout) keeps its place in the alphabet.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");

const STORE = join(root, "node_modules/.cache/baton-tests/milliseconds.json");

function known(): Record<string, number> {
  try {
    const value: unknown = JSON.parse(readFileSync(STORE, "utf8"));
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter(
        (entry): entry is [string, number] => typeof entry[1] === "number",
      ),
    );
  } catch {
    return {};
  }
}

export function longestFirst(files: readonly string[]): readonly string[] {
  const times = known();
  const timeOf = (file: string): number => times[relative(root, file)] ?? 0;
  return files.toSorted((a, b) => timeOf(b) - timeOf(a));
}

/** A hint only: where nothing can be written, the order stays as it is. */
export function rememberTimes(times: ReadonlyMap<string, number>): void {
  const all = known();
  for (const [file, milliseconds] of times) {
    const name = relative(root, file);
    if (name.startsWith("tests/")) all[name] = Math.round(milliseconds);
  }
  try {
    mkdirSync(dirname(STORE), { recursive: true });
    const draft = `${STORE}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(all, null, 1));
    renameSync(draft, STORE);
  } catch {
    // Not our folder.
  }
}
