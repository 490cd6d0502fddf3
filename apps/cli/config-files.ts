/** The file system's side of reading a configuration: bytes to text, includes, and what can be wrong with a path. */
import {
  closeSync,
  constants,
  fstatSync,
  globSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { IncludeAnswer, IncludeLoader } from "#config/include";
import { type Reading, type ReadOptions, readConfiguration } from "#config/read";
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Source } from "#diagnostics/source";

/** Where keepalived looks when nobody names a file. */
export const DEFAULT_FILE = "/etc/keepalived/keepalived.conf";

export interface LoadedFile {
  readonly source: Source;
  /** About the file itself: not there, not readable, not text. */
  readonly findings: readonly AnyFinding[];
  /** The bytes are exactly the text in UTF-8, so that the text may be written back. */
  readonly writable: boolean;
}

const NOTHING = { start: 0, end: 0 };

export function loadFile(path: string): LoadedFile {
  const failed = (one: AnyFinding): LoadedFile => ({
    source: { name: path, text: "" },
    findings: [one],
    writable: false,
  });
  const place = { file: path, ...NOTHING };
  try {
    const info = statSync(path);
    if (info.isDirectory()) return failed(finding("VR5002", place, { path }));
    const bytes = readBytes(path);
    const text = decode(bytes);
    const executable = info.isFile() && (info.mode & 0o111) !== 0;
    return {
      source: { name: path, text },
      findings: executable ? [finding("VR5003", place, { path })] : [],
      writable: info.isFile() && Buffer.from(text, "utf8").equals(bytes),
    };
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return failed(finding("VR5001", place, { path }));
    return failed(finding("VR5004", place, { path, error: code }));
  }
}

/** No configuration is longer; `/dev/zero` is. */
const BYTES_MAX = 64 * 1024 * 1024;
/** What a pipe such as `/dev/stdin` has to say, it says within this. */
const PIPE_MS = 5_000;
const PIPE_POLL_MS = 10;

/** Bounded in memory and time, whatever has that name; throws a system's error (EFBIG, ETIMEDOUT, ENODATA of ours). */
function readBytes(path: string): Uint8Array {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const parts: Uint8Array[] = [];
    const end = performance.now() + PIPE_MS;
    for (let length = 0; length <= BYTES_MAX; ) {
      const part = readPart(fd, end);
      if (part.length === 0) return whole(parts, length, fstatSync(fd).isFile());
      parts.push(part);
      length += part.length;
    }
    throw systemError("EFBIG");
  } finally {
    closeSync(fd);
  }
}

/** A pipe that nobody writes into is at its end at once: that is no empty configuration. */
function whole(parts: readonly Uint8Array[], length: number, isFile: boolean): Uint8Array {
  if (length === 0 && !isFile) throw systemError("ENODATA");
  return Buffer.concat(parts, length);
}

function readPart(fd: number, end: number): Uint8Array {
  const part = Buffer.alloc(1 << 20);
  for (;;) {
    try {
      return part.subarray(0, readSync(fd, part));
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error;
      if (performance.now() >= end) throw systemError("ETIMEDOUT");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_POLL_MS);
    }
  }
}

const systemError = (code: string): Error => Object.assign(new Error(code), { code });

/** A byte order mark stays: `check` says what it does. */
const decode = (bytes: Uint8Array): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

const errorCode = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);

/** Thirty pairs of braces with two words in each mean a billion paths. */
const ALTERNATIVES_MAX = 1_000;
/** Linux takes no longer path. */
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

/** keepalived: a glob relative to the including file; regular files only, and none that may be executed. */
export const includeLoader: IncludeLoader = (pattern, from) => {
  const absolute = isAbsolute(pattern) ? pattern : join(dirname(from), pattern);
  const files: Source[] = [];
  const skipped: IncludeAnswer["skipped"][number][] = [];
  const unmatched: string[] = [];
  for (const one of expandBraces(absolute)) {
    const paths = /[*?[]/.test(one) ? globSync(one).toSorted() : existing(one);
    if (paths.length === 0) unmatched.push(one);
    for (const path of paths) {
      // A pipe or a device is not even opened.
      const isOther = !isFileOrFolder(path);
      const loaded = isOther ? undefined : loadFile(path);
      const [problem] = loaded?.findings ?? [];
      if (loaded !== undefined && problem === undefined) files.push(loaded.source);
      else skipped.push({ path, why: reasonOf(problem) });
    }
  }
  return { files, skipped, unmatched };
};

/** What is not there is told when it is read. */
function isFileOrFolder(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined || stats.isFile() || stats.isDirectory();
}

function existing(path: string): readonly string[] {
  try {
    lstatSync(path);
    return [path];
  } catch {
    return [];
  }
}

function reasonOf(problem: AnyFinding | undefined): IncludeAnswer["skipped"][number]["why"] {
  if (problem === undefined) return "not-regular";
  if (problem.code === "VR5002") return "directory";
  return problem.code === "VR5003" ? "executable" : "unreadable";
}

/** keepalived's config-id when there is no `-i`. */
export const defaultConfigId = (): string => hostname().split(".")[0] ?? "";

/** keepalived goes into the folder of each file and asks where it is, so links are followed. */
function absoluteFolder(file: string): string {
  const folder = dirname(resolve(file));
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** Reads one configuration with the includes and the environment of this machine. */
export const readFiles = (source: Source, options: ReadOptions): Reading =>
  readConfiguration([source], {
    include: includeLoader,
    folder: absoluteFolder,
    random: (min, max) => min + Math.floor(Math.random() * (max - min + 1)),
    ...options,
    configId: options.configId ?? defaultConfigId(),
  });
