/**
 * Where a file of an instance is kept: instances have folders of their own, everything else is
 * the machine's. Pure.
 */
import { join, normalize } from "node:path";
import { NODE_FOLDERS } from "../sandbox/folders.ts";

export const OWN_FOLDERS: readonly string[] = Object.keys(NODE_FOLDERS);

const PART_MAX = 255;
const PATH_MAX = 1_024;

/** Relative to the instance's folder; undefined: no path of a file in a folder of its own. */
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
