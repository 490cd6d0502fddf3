/**
 * Checks whether it is safe and possible to run this program. Nobody but root may be able to
 * change what root runs, or whoever can change it becomes root. The check covers everything on
 * the kernel's path from the root folder to the program, and to the interpreter that its first
 * line names: each folder, each link of a chain of links, and the file itself.
 *
 * The check and the later execution are two steps, and nothing can change in between: an entry
 * of a folder that only root can write to stays the same, and so does the target of root's
 * link, and so on down to the file. So a path that passed is still the same when it is
 * executed. (keepalived 2.2.7 looks at the two ends of a chain of links, not at its middle.)
 */
import {
  accessSync,
  constants,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { Identity } from "./account.ts";
import { errnoOf, isShortage } from "./contain.ts";
import { closeQuietly } from "./own-files.ts";
import type { StartProblem } from "./start-problem.ts";

export type Inspection =
  /**
   * `path` as it was given, without following links: programs such as BusyBox, or `pidof` where
   * it is a link to `killall5`, go by the name they are called by.
   */
  | { readonly kind: "fine"; readonly path: string }
  | Extract<StartProblem, { readonly kind: "missing" | "not-executable" | "insecure" }>;

/** The owner and mode of a file, a folder or the link itself. */
export interface Entry {
  readonly kind: "file" | "folder" | "link" | "other";
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/**
 * Questions to the file system. Undefined if there is no such file, or if it cannot be
 * examined. Throws if this machine lacks resources, which says nothing about the file.
 */
export interface Files {
  look(path: string): Entry | undefined;
  target(link: string): string | undefined;
  /** The first line, up to the length that the kernel reads. */
  firstLine(file: string): string | undefined;
  mayExecuteMyself(path: string): boolean;
}

interface Passed {
  readonly path: string;
  readonly entry: Entry;
}

/** As many as the kernel follows. */
const LINKS_MAX = 40;
const INTERPRETERS_MAX = 5;

/** @param search folders of PATH, for a name without a slash */
export function inspectProgram(
  program: string,
  identity: Identity,
  isDaemonRoot: boolean,
  search: readonly string[],
  files: Files = REAL,
): Inspection {
  const path = program.includes("/") ? program : searchProgram(program, search);
  const { passed, end: last } = walk(path ?? "", files);
  if (path === undefined || last === undefined) return { kind: "missing", path: path ?? program };
  if (last.entry.kind !== "file")
    return { kind: "not-executable", path, why: "directory", user: identity.name };
  const isAllowed =
    identity.uid === undefined ? files.mayExecuteMyself(path) : mayExecute(last.entry, identity);
  if (!isAllowed)
    return { kind: "not-executable", path, why: "no-permission", user: identity.name };
  // keepalived: also what runs with root's group only.
  const runsAsRoot = isDaemonRoot && ((identity.uid ?? 0) === 0 || (identity.gid ?? 0) === 0);
  if (!runsAsRoot) return { kind: "fine", path };
  const bad = [...passed, ...interpreters(last.path, files)].find(
    ({ entry }) => whoElse(entry) !== undefined,
  );
  const why = bad && whoElse(bad.entry);
  return bad === undefined || why === undefined
    ? { kind: "fine", path }
    : { kind: "insecure", path, offender: bad.path, why };
}

interface Way {
  /** Everything that the kernel passes on the path, including the end. */
  readonly passed: readonly Passed[];
  /** Undefined if it leads nowhere. */
  readonly end: Passed | undefined;
}

function walk(path: string, files: Files): Way {
  const passed: Passed[] = [];
  const lost = { passed, end: undefined };
  const rest = path.split("/");
  let at = "/";
  let links = 0;
  for (let name: string | undefined = ""; name !== undefined; name = rest.shift()) {
    if (name === "." || (name === "" && passed.length > 0)) continue;
    const next = name === ".." ? dirname(at) : join(at, name);
    const entry = files.look(next);
    if (entry === undefined) return lost;
    passed.push({ path: next, entry });
    if (entry.kind === "link") {
      const target = files.target(next);
      links += 1;
      if (target === undefined || links > LINKS_MAX) return lost;
      rest.unshift(...target.split("/"));
      if (isAbsolute(target)) at = "/";
    } else {
      at = next;
    }
  }
  return { passed, end: passed.at(-1) };
}

/**
 * The interpreter that `#!` names is run by root too, and so is that interpreter's own. If it
 * is missing, the owner of its folder could create it.
 */
function interpreters(script: string, files: Files): readonly Passed[] {
  const all: Passed[] = [];
  let file: string | undefined = script;
  for (let depth = 0; file !== undefined && depth < INTERPRETERS_MAX; depth += 1) {
    const [, interpreter] = /^#![ \t]*([^ \t\n]+)/.exec(files.firstLine(file) ?? "") ?? [];
    if (interpreter === undefined || !isAbsolute(interpreter)) break;
    const { passed, end } = walk(interpreter, files);
    all.push(...passed);
    file = end?.path;
  }
  return all;
}

/** Whether anybody but root can change it. The permission bits of a link mean nothing. */
function whoElse({
  kind,
  uid,
  mode,
}: Entry): "not-owned-by-root" | "writable-by-others" | undefined {
  if (uid !== 0) return "not-owned-by-root";
  if (kind === "link") return undefined;
  // In a sticky folder such as /tmp nobody can replace what belongs to root.
  const isSticky = kind === "folder" && (mode & 0o1000) !== 0;
  return (mode & 0o022) !== 0 && !isSticky ? "writable-by-others" : undefined;
}

function searchProgram(name: string, folders: readonly string[]): string | undefined {
  return folders
    .filter(isAbsolute)
    .map((folder) => join(folder, name))
    .find((path) => REAL.mayExecuteMyself(path) && isFile(path));
}

/**
 * Decides as the kernel does for another user. The supplementary groups are dropped, so they do
 * not count.
 */
function mayExecute({ mode, uid, gid }: Entry, identity: Identity): boolean {
  const asUid = identity.uid ?? 0;
  const asGid = identity.gid ?? 0;
  if (asUid === 0) return (mode & 0o111) !== 0;
  if (asUid === uid) return (mode & 0o100) !== 0;
  return (mode & (asGid === gid ? 0o010 : 0o001)) !== 0;
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** The kernel reads this much of a first line. */
const FIRST_LINE_MAX = 256;

function unlessShort<T>(error: unknown, otherwise: T): T {
  if (isShortage(errnoOf(error))) throw error;
  return otherwise;
}

const REAL: Files = {
  look(path) {
    try {
      const stats = lstatSync(path);
      return { kind: kindOf(stats), uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777 };
    } catch (error) {
      return unlessShort(error, undefined);
    }
  },
  target(link) {
    try {
      return readlinkSync(link);
    } catch (error) {
      return unlessShort(error, undefined);
    }
  },
  firstLine(file) {
    try {
      const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const bytes = Buffer.alloc(FIRST_LINE_MAX);
        const text = bytes.toString("latin1", 0, readSync(fd, bytes));
        return text.split("\n", 1)[0];
      } finally {
        closeQuietly(fd);
      }
    } catch (error) {
      return unlessShort(error, undefined);
    }
  },
  /** Decides for the daemon itself, including its supplementary groups. */
  mayExecuteMyself(path) {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch (error) {
      return unlessShort(error, false);
    }
  },
};

function kindOf(stats: Stats): Entry["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}
