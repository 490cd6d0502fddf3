/**
 * Is it safe, and possible, to run this program? keepalived's rule: what root runs must not be writable by anybody else,
 * neither the file nor a folder on the way to it (a sticky folder such as /tmp excepted), else whoever can write there is root.
 */
import { accessSync, constants, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Identity } from "./account.ts";
import type { StartProblem } from "./start-problem.ts";

export type Inspection =
  /**
   * `path` as it was asked for, links not followed: programs such as BusyBox, or `pidof` where it is a link to `killall5`,
   * go by the name they are called by.
   */
  | { readonly kind: "fine"; readonly path: string }
  | Extract<StartProblem, { readonly kind: "missing" | "not-executable" | "insecure" }>;

/** @param search folders of PATH, for a name without a slash */
export function inspectProgram(
  program: string,
  identity: Identity,
  isDaemonRoot: boolean,
  search: readonly string[],
): Inspection {
  const found = program.includes("/") ? program : searchProgram(program, search);
  if (found === undefined) return { kind: "missing", path: program };
  const path = found;
  let target: string;
  let stats: Stats;
  try {
    target = realpathSync(path);
    stats = statSync(path);
  } catch {
    return { kind: "missing", path };
  }
  if (!stats.isFile())
    return { kind: "not-executable", path, why: "directory", user: identity.name };
  const isAllowed = identity.uid === undefined ? mayOpen(path) : mayExecute(stats, identity);
  if (!isAllowed)
    return { kind: "not-executable", path, why: "no-permission", user: identity.name };
  const runsAsRoot = isDaemonRoot && (identity.uid ?? 0) === 0;
  const culprit = runsAsRoot ? (findCulprit(path, path) ?? findCulprit(path, target)) : undefined;
  return culprit ?? { kind: "fine", path };
}

function searchProgram(name: string, folders: readonly string[]): string | undefined {
  return folders
    .filter(isAbsolute)
    .map((folder) => join(folder, name))
    .find((path) => mayOpen(path) && statSync(path).isFile());
}

/** As the daemon itself, its supplementary groups included. */
function mayOpen(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** As the kernel decides it, for another user: the supplementary groups are dropped, so they do not count. */
function mayExecute({ mode, uid, gid }: Stats, identity: Identity): boolean {
  const asUid = identity.uid ?? 0;
  const asGid = identity.gid ?? 0;
  if (asUid === 0) return (mode & 0o111) !== 0;
  if (asUid === uid) return (mode & 0o100) !== 0;
  return (mode & (asGid === gid ? 0o010 : 0o001)) !== 0;
}

/** On the way from the root folder to `from`, the name or the target of `path`. */
function findCulprit(path: string, from: string): Inspection | undefined {
  for (let at = from; ; at = dirname(at)) {
    const stats = statSync(at);
    const isStickyFolder = stats.isDirectory() && (stats.mode & 0o1000) !== 0;
    if (stats.uid !== 0) return { kind: "insecure", path, culprit: at, why: "not-owned-by-root" };
    if ((stats.mode & 0o022) !== 0 && !isStickyFolder) {
      return { kind: "insecure", path, culprit: at, why: "writable-by-others" };
    }
    if (at === "/") return undefined;
  }
}
