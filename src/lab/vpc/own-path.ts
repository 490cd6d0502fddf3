/**
 * Where a file of an instance is kept: instances have their own folders for some paths, and
 * share everything else with the machine. Pure.
 */
import { join, normalize } from "node:path";
import { NODE_FOLDERS } from "../sandbox/folders.ts";

export const OWN_FOLDERS: readonly string[] = Object.keys(NODE_FOLDERS);

const PART_MAX = 255;
const PATH_MAX = 1_024;

/**
 * The path relative to the instance's folder; undefined if the file is not in one of its own
 * folders.
 */
export function ownPath(path: string): string | undefined {
  const clean = normalize(path);
  const isName =
    !clean.endsWith("/") &&
    !clean.includes("\0") &&
    Buffer.byteLength(clean) <= PATH_MAX &&
    clean.split("/").every((part) => Buffer.byteLength(part) <= PART_MAX);
  if (!isName) return undefined;
  for (const [inside, own] of Object.entries(NODE_FOLDERS)) {
    if (clean.startsWith(`${inside}/`)) return join(own, clean.slice(inside.length));
  }
  return undefined;
}
