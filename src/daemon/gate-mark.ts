/**
 * `gate/UNIT.json` in the state directory: the number of the last promotion, and whether this node
 * may still have a primary that was never demoted. It outlasts the daemon and a power cut, since
 * the node that comes back must not take the address with data that others have gone on without.
 *
 * It is written whole and flushed before a promotion begins, without holding up this process:
 * the calls that may wait for the disk are made by Node's own threads.
 */
import { constants, lstatSync } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { parseJson, readShape, type Shape } from "#json/shape";
import { errnoOf } from "./contain.ts";
import { readOwnFile, takeFolder } from "./own-files.ts";

export interface GateMark {
  /** Of the last promotion; 0: there was none. */
  readonly epoch: number;
  /** Set before a promotion, taken back when a demotion was verified. */
  readonly wasPrimary: boolean;
  /** ISO 8601: when `wasPrimary` became what it is. */
  readonly since: string;
}

export type ReadMark =
  | { readonly kind: "none" }
  | { readonly kind: "read"; readonly mark: GateMark }
  /** Somebody has edited it, or it cannot be read: it counts as the mark of a primary. */
  | { readonly kind: "unreadable" };

/**
 * The time in milliseconds is the least an epoch can be (gate-unit-mark.ts), so one that is as high
 * was written by somebody else. There have to be numbers above it.
 */
export const EPOCH_MAX: number = 2 ** 52;

const MARK: Shape<GateMark> = v.object({
  epoch: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(EPOCH_MAX)),
  wasPrimary: v.boolean(),
  since: v.string(),
});

const FOLDER = "gate";
/** A file's name has at most 255 bytes, and a temporary one is longer. */
const NAME_MAX = 200;

/** Names of units may have any character; two that differ have two files. */
export function markPath(stateDir: string, unit: string): string {
  const name = encodeURIComponent(unit);
  const short = name.length <= NAME_MAX ? name : `${name.slice(0, NAME_MAX)}~${sumOf(unit)}`;
  return join(stateDir, FOLDER, `${short}.json`);
}

/** FNV-1a of 32 bits: only names that agree in 200 characters need it. */
function sumOf(text: string): string {
  let sum = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) sum = Math.imul(sum ^ byte, 0x01000193);
  return (sum >>> 0).toString(16);
}

export function readMark(stateDir: string, unit: string): ReadMark {
  const path = markPath(stateDir, unit);
  const text = readOwnFile(path);
  if (text === undefined) return { kind: isThere(path) ? "unreadable" : "none" };
  const read = readShape(MARK, parseJson(text));
  return read.kind === "value" ? { kind: "read", mark: read.value } : { kind: "unreadable" };
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** Resolves to why it could not be kept, or undefined: then it is on the disk. */
export async function writeMark(
  stateDir: string,
  unit: string,
  mark: GateMark,
): Promise<string | undefined> {
  for (const folder of [stateDir, join(stateDir, FOLDER)]) {
    const problem = takeFolder(folder, 0o700);
    if (problem !== undefined)
      return problem.kind === "failed" ? problem.errno : `${problem.path}: ${problem.kind}`;
  }
  const path = markPath(stateDir, unit);
  const fresh = `${path}.${process.pid}`;
  try {
    await removeQuietly(fresh);
    await writeFlushed(fresh, `${JSON.stringify(mark)}\n`);
    await rename(fresh, path);
    await flushFolder(join(stateDir, FOLDER));
    return undefined;
  } catch (error) {
    await removeQuietly(fresh);
    return errnoOf(error);
  }
}

async function writeFlushed(path: string, text: string): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  await withFile(
    await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600),
    async (file) => {
      await file.writeFile(text);
      await file.sync();
    },
  );
}

async function flushFolder(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  await withFile(file, async () => await file.sync());
}

async function withFile(
  file: FileHandle,
  work: (file: FileHandle) => Promise<void>,
): Promise<void> {
  try {
    await work(file);
  } finally {
    await file.close();
  }
}

async function removeQuietly(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch {
    // It is not there, or its folder has become read-only.
  }
}
