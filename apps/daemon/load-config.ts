/** Files and environment for `readConfiguration`: the operating system's side of reading a configuration. */
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { IncludeLoader } from "#config/include";
import { type Reading, readConfiguration } from "#config/read";
import type { Language } from "#diagnostics/diagnostic";

export type Loaded =
  | { readonly kind: "read"; readonly reading: Reading }
  /** There is no text to read; `message` says what and why, `help` what to do. */
  | { readonly kind: "unreadable"; readonly message: string; readonly help: string };

export interface LoadOptions {
  readonly configId: string | undefined;
  readonly language: Language;
}

export function loadConfiguration(file: string, options: LoadOptions): Loaded {
  const text = readText(file);
  if (typeof text !== "string") return text;
  const reading = readConfiguration([{ name: file, text }], {
    configId: options.configId ?? hostname().split(".")[0] ?? "",
    environment: process.env,
    random: (min, max) => min + Math.floor(Math.random() * (max - min + 1)),
    include: includeLoader,
    language: options.language,
  });
  return { kind: "read", reading };
}

function readText(file: string): string | Extract<Loaded, { kind: "unreadable" }> {
  const unreadable = (message: string, help: string): Extract<Loaded, { kind: "unreadable" }> => ({
    kind: "unreadable",
    message: `${file}: ${message}`,
    help,
  });
  if (!existsSync(file)) {
    return unreadable("no such file", "give the configuration with -f FILE");
  }
  if (statSync(file).isDirectory()) return unreadable("is a directory", "give a file with -f FILE");
  try {
    // Every byte stays itself, whatever the encoding; `check` says what is odd about it.
    return readFileSync(file, "utf8");
  } catch (error) {
    return unreadable(
      error instanceof Error ? error.message : String(error),
      "check its permissions",
    );
  }
}

/** keepalived: a glob relative to the including file; regular files only, and none that may be executed. */
const includeLoader: IncludeLoader = (pattern, from) => {
  const absolute = isAbsolute(pattern) ? pattern : join(dirname(from), pattern);
  const files: { name: string; text: string }[] = [];
  const skipped: {
    path: string;
    why: "directory" | "executable" | "unreadable" | "not-regular";
  }[] = [];
  for (const path of globSync(absolute).toSorted()) {
    const info = statSync(path);
    if (!info.isFile())
      skipped.push({ path, why: info.isDirectory() ? "directory" : "not-regular" });
    else if ((info.mode & 0o111) !== 0) skipped.push({ path, why: "executable" });
    else {
      try {
        files.push({ name: path, text: readFileSync(path, "utf8") });
      } catch {
        skipped.push({ path, why: "unreadable" });
      }
    }
  }
  return { files, skipped, unmatched: [] };
};
