/**
 * `maintenance.json` in the state directory: what an operator has asked of this node, so that it
 * outlasts every restart. Written whole and flushed before anybody is answered; by the wall clock,
 * since nothing else outlasts a reboot.
 */
import { closeSync, constants, fsyncSync, lstatSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseJson, readShape } from "#json/shape";
import { errnoOf } from "./contain.ts";
import { MAINTENANCE, type Maintenance } from "./maintenance-shape.ts";
import { readOwnFile, removeFile, takeFolder, writeOwnFile } from "./own-files.ts";

export type ReadMaintenance =
  | { readonly kind: "none" }
  | { readonly kind: "read"; readonly maintenance: Maintenance }
  /** Somebody has edited it, or it cannot be read. */
  | { readonly kind: "unreadable" };

const FILE = "maintenance.json";

export const maintenancePath = (stateDir: string): string => join(stateDir, FILE);

export function readMaintenance(stateDir: string): ReadMaintenance {
  const path = maintenancePath(stateDir);
  const text = readOwnFile(path);
  if (text === undefined) return { kind: isThere(path) ? "unreadable" : "none" };
  const read = readShape(MAINTENANCE, parseJson(text));
  return read.kind === "value" ? { kind: "read", maintenance: read.value } : { kind: "unreadable" };
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** Returns why it could not be kept, or undefined: then it is on the disk. */
export function writeMaintenance(stateDir: string, maintenance: Maintenance): string | undefined {
  const problem = takeFolder(stateDir, 0o700);
  if (problem !== undefined)
    return problem.kind === "failed" ? problem.errno : `${problem.path}: ${problem.kind}`;
  const path = maintenancePath(stateDir);
  const failed = writeOwnFile(path, `${JSON.stringify(maintenance, undefined, 2)}\n`, 0o600);
  return failed ?? flush(path) ?? flush(dirname(path));
}

/** Returns why it is still there, or undefined. */
export function removeMaintenance(stateDir: string): string | undefined {
  const path = maintenancePath(stateDir);
  if (!isThere(path)) return undefined;
  removeFile(path);
  return isThere(path) ? "EPERM" : flush(dirname(path));
}

function flush(path: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    fsyncSync(fd);
    return undefined;
  } catch (error) {
    return errnoOf(error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
