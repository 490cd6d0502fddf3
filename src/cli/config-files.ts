/**
 * The file system's side of reading a configuration: bytes to text, includes, and what can be wrong
 * with a path.
 */
import { realpathSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Source } from "#diagnostics/source";
import type { IncludeAnswer, IncludeLoader } from "#keepalived/lines/include";
import { type Reading, type ReadOptions, readConfiguration } from "#keepalived/read";
import type { KeyFile } from "#keepalived/values/key-file";
import { globPaths } from "./glob-paths.ts";
import { FILE_BYTES_MAX, readRegular } from "./read-regular.ts";

/** Where keepalived looks if no file is named. */
export const DEFAULT_FILE = "/etc/keepalived/keepalived.conf";

export interface LoadedFile {
  readonly source: Source;
  /** What is wrong with the file itself: missing, unreadable, or not text. */
  readonly findings: readonly AnyFinding[];
  /** The bytes are exactly the text in UTF-8, so that the text may be written back. */
  readonly writable: boolean;
}

const NOTHING = { start: 0, end: 0 };

export function loadFile(path: string, limit?: number): LoadedFile {
  const failed = (one: AnyFinding): LoadedFile => ({
    source: { name: path, text: "" },
    findings: [one],
    writable: false,
  });
  const place = { file: path, ...NOTHING };
  const read = readRegular(path, limit);
  switch (read.kind) {
    case "directory":
      return failed(finding("VR5002", place, { path }));
    case "not-regular":
    case "too-large":
      return failed(finding("VR5004", place, { path, error: read.kind }));
    case "failed": {
      const { error } = read;
      const isMissing = error === "ENOENT" || error === "ENOTDIR";
      return failed(
        isMissing ? finding("VR5001", place, { path }) : finding("VR5004", place, { path, error }),
      );
    }
    case "bytes": {
      const text = decode(read.bytes);
      const executable = read.isRegular && (read.mode & 0o111) !== 0;
      return {
        source: { name: path, text },
        findings: executable ? [finding("VR5003", place, { path })] : [],
        writable: read.isRegular && Buffer.from(text, "utf8").equals(read.bytes),
      };
    }
  }
}

/** A byte order mark stays: `check` says what it does. */
const decode = (bytes: Uint8Array): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** Thirty pairs of braces with two alternatives in each mean a billion paths. */
const ALTERNATIVES_MAX = 1_000;
/** Linux accepts no longer path. */
const PATH_MAX = 4_096;

/** `a{b,c}d` to `abd`, `acd`; nested braces too. */
export function expandBraces(pattern: string): readonly string[] {
  if (pattern.length > PATH_MAX) return [pattern];
  const found: string[] = [];
  for (const one of alternatives(pattern)) if (found.push(one) === ALTERNATIVES_MAX) break;
  return found;
}

function* alternatives(pattern: string): Generator<string, undefined> {
  const open = pattern.indexOf("{");
  if (open < 0) {
    yield pattern;
    return;
  }
  let depth = 0;
  let from = open + 1;
  const parts: string[] = [];
  for (let at = open; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === "{") depth++;
    else if (char === "}") depth--;
    if ((char === "," && depth === 1) || depth === 0) {
      parts.push(pattern.slice(from, at));
      from = at + 1;
    }
    if (depth > 0) continue;
    const head = pattern.slice(0, open);
    const tail = pattern.slice(at + 1);
    for (const part of parts) yield* alternatives(`${head}${part}${tail}`);
    return;
  }
  yield pattern;
}

/**
 * keepalived: a glob relative to the including file; regular files only, and none that may be
 * executed. All files of one include together may be no larger than a single file may be.
 */
export const includeLoader: IncludeLoader = (pattern, from) => {
  const absolute = isAbsolute(pattern) ? pattern : join(dirname(from), pattern);
  const files: Source[] = [];
  const skipped: IncludeAnswer["skipped"][number][] = [];
  const unmatched: string[] = [];
  let left = FILE_BYTES_MAX;
  for (const one of expandBraces(absolute)) {
    const { paths, isCut } = globPaths(one);
    if (paths.length === 0) unmatched.push(one);
    if (isCut) skipped.push({ path: one, why: "too-many" });
    for (const path of paths) {
      const loaded = loadFile(path, left);
      const [problem] = loaded.findings;
      if (problem === undefined) files.push(loaded.source);
      else skipped.push({ path, why: reasonOf(problem) });
      left -= loaded.source.text.length;
    }
  }
  return { files, skipped, unmatched };
};

function reasonOf(problem: AnyFinding): IncludeAnswer["skipped"][number]["why"] {
  if (problem.code === "VR5002") return "directory";
  if (problem.code === "VR5003") return "executable";
  if (problem.code !== "VR5004") return "unreadable";
  const { error } = problem.facts;
  return error === "not-regular" || error === "too-large" ? error : "unreadable";
}

/** keepalived's config-id when there is no `-i`. */
export const defaultConfigId = (): string => hostname().split(".")[0] ?? "";

/**
 * keepalived goes into the folder of each file and asks for the working directory, so links are
 * resolved.
 */
function absoluteFolder(file: string): string {
  const folder = dirname(resolve(file));
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** Far more than a key has. */
const KEY_FILE_MAX = 4_096;

function readKeyFile(path: string): KeyFile {
  const read = readRegular(path, KEY_FILE_MAX);
  if (read.kind === "bytes")
    return { kind: "text", text: read.bytes.toString("latin1"), mode: read.mode };
  return { kind: "refused", error: read.kind === "failed" ? read.error : read.kind };
}

/** Reads one configuration with the includes and the environment of this machine. */
export const readFiles = (source: Source, options: ReadOptions): Reading =>
  readConfiguration([source], {
    include: includeLoader,
    folder: absoluteFolder,
    keyFile: readKeyFile,
    random: (min, max) => min + Math.floor(Math.random() * (max - min + 1)),
    ...options,
    configId: options.configId ?? defaultConfigId(),
  });
