/**
 * The daemon's own folders and files, which root writes by name: nobody else may be able to put
 * something in their place.
 *
 * A folder is accepted if it belongs to us, nobody else may write to it, and the same is true
 * of every folder on the path, links included (or that folder is sticky, like /tmp). Then
 * nobody can replace a part of the path between two checks. A file is written whole under
 * another name and renamed, so that a link or somebody's open descriptor is replaced rather
 * than written through, and a reader sees the old text or the new one.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { errnoOf } from "./contain.ts";

export type FolderProblem =
  | { readonly kind: "failed"; readonly path: string; readonly errno: string }
  | { readonly kind: "not-a-folder"; readonly path: string }
  | { readonly kind: "link"; readonly path: string }
  | { readonly kind: "owned-by-another"; readonly path: string; readonly uid: number }
  | { readonly kind: "writable-by-others"; readonly path: string; readonly mode: number };

const OTHERS_WRITE = 0o022;
/** The longest such file, unless its reader says otherwise. */
const BYTES_MAX = 65_536;
const STICKY = 0o1000;
/** As many links as the kernel follows. */
const LINKS_MAX = 40;

const self = (): number => process.geteuid?.() ?? 0;

/**
 * A folder of root counts as ours. The owner of the root folder is root, whatever number a user
 * namespace shows for it.
 */
export function isTrusted(uid: number): boolean {
  return uid === 0 || uid === self() || uid === statSync("/").uid;
}

/** Makes the folder if necessary. Undefined if it is ours alone, otherwise the problem. */
export function takeFolder(path: string, mode: number): FolderProblem | undefined {
  try {
    const folder = resolve(path);
    const above = findProblemOnWay(dirname(folder), false);
    if (above !== undefined) return above;
    const isThere = lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
    if (!isThere) mkdirSync(folder, { recursive: true, mode });
    return findProblemOnWay(dirname(folder), true) ?? findFolderProblem(folder);
  } catch (error) {
    return { kind: "failed", path, errno: errnoOf(error) };
  }
}

function findFolderProblem(path: string): FolderProblem | undefined {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return { kind: "link", path };
  if (!stats.isDirectory()) return { kind: "not-a-folder", path };
  if (stats.uid !== self()) return { kind: "owned-by-another", path, uid: stats.uid };
  if ((stats.mode & OTHERS_WRITE) !== 0)
    return { kind: "writable-by-others", path, mode: stats.mode & 0o7777 };
  return undefined;
}

/**
 * Checks every folder from the root down to `path`. If a folder does not exist, the rest still
 * has to be made (by us).
 */
export function findProblemOnWay(path: string, mustExist: boolean): FolderProblem | undefined {
  let at = "/";
  let names = path.split("/").filter((name) => name !== "");
  for (let links = 0; names.length > 0; ) {
    const [name = "", ...rest] = names;
    const next = name === ".." ? dirname(at) : join(at, name);
    const stats = lstatSync(next, { throwIfNoEntry: false });
    if (stats === undefined) {
      return mustExist ? { kind: "failed", path: next, errno: "ENOENT" } : undefined;
    }
    const problem = findStepProblem(next, stats);
    if (problem !== undefined) return problem;
    if (stats.isSymbolicLink()) {
      links += 1;
      if (links > LINKS_MAX) return { kind: "failed", path: next, errno: "ELOOP" };
      const target = readlinkSync(next);
      names = [...target.split("/").filter((one) => one !== "" && one !== "."), ...rest];
      if (target.startsWith("/")) at = "/";
      continue;
    }
    at = next;
    names = rest;
  }
  return undefined;
}

function findStepProblem(path: string, stats: Stats): FolderProblem | undefined {
  if (!isTrusted(stats.uid)) return { kind: "owned-by-another", path, uid: stats.uid };
  if (stats.isSymbolicLink()) return undefined;
  if (!stats.isDirectory()) return { kind: "not-a-folder", path };
  const isSticky = (stats.mode & STICKY) !== 0;
  if ((stats.mode & OTHERS_WRITE) !== 0 && !isSticky)
    return { kind: "writable-by-others", path, mode: stats.mode & 0o7777 };
  return undefined;
}

/**
 * Returns why the file could not be written, or undefined. An existing file that is not an
 * ordinary one stays as it is.
 */
export function writeOwnFile(path: string, text: string, mode: number): string | undefined {
  const fresh = `${path}.${process.pid}`;
  let fd: number | undefined;
  try {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there !== undefined && !there.isFile()) return there.isSymbolicLink() ? "ELOOP" : "EEXIST";
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    removeFile(fresh);
    fd = openSync(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    renameSync(fresh, path);
    return undefined;
  } catch (error) {
    removeFile(fresh);
    return errnoOf(error);
  } finally {
    closeQuietly(fd);
  }
}

/** Undefined if it is gone, or is not a file that we wrote. */
export const readOwnFile = (path: string, bytesMax: number = BYTES_MAX): string | undefined =>
  readStart(path, constants.O_NOFOLLOW, (stats) => stats.uid === self(), bytesMax);

/**
 * Reads a short text of the operator's. Undefined if it cannot be read, or is not an ordinary
 * file (reading which could block for ever).
 */
export const readShortFile = (path: string): string | undefined => readStart(path, 0, () => true);

function readStart(
  path: string,
  flags: number,
  isFine: (stats: Stats) => boolean,
  bytesMax = BYTES_MAX,
): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
    const stats = fstatSync(fd);
    if (!stats.isFile() || !isFine(stats)) return undefined;
    // A file of /proc says that it is empty.
    const bytes = Buffer.alloc(Math.min(bytesMax, Math.max(stats.size, BYTES_MAX)));
    return bytes.subarray(0, readSync(fd, bytes)).toString("utf8");
  } catch {
    return undefined;
  } finally {
    closeQuietly(fd);
  }
}

/** Failing to remove it is no reason to end. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already, or its folder has become read-only.
  }
}

export function closeQuietly(fd: number | undefined): void {
  try {
    if (fd !== undefined) closeSync(fd);
  } catch {
    // The descriptor is closed in any case (close(2)).
  }
}
