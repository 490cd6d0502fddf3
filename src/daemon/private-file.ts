/**
 * Files of the operator's that decide who may do what: tokens, keys, certificates. Nobody but root
 * (or who runs the daemon) may be able to replace them, and what is secret is readable to nobody
 * else: every folder and link on the way is looked at, and the file itself when it is open.
 */
import { constants, fstatSync, lstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Language } from "#diagnostics/diagnostic";
import { errnoOf } from "./contain.ts";
import { closeQuietly, type FolderProblem, findProblemOnWay, isTrusted } from "./own-files.ts";
import { folderProblem } from "./start-problem.ts";

export type PrivateFile =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "refused"; readonly problem: PrivateFileProblem };

export type PrivateFileProblem =
  | FolderProblem
  | { readonly kind: "not-a-file"; readonly path: string }
  | { readonly kind: "readable-by-others"; readonly path: string; readonly mode: number }
  | { readonly kind: "too-large"; readonly path: string; readonly bytes: number };

const BYTES_MAX = 1_048_576;
/** As many links as the kernel follows. */
const LINKS_MAX = 40;
const OTHERS = { secret: 0o077, public: 0o022 } as const;

/** @param mode "secret": nobody but its owner may read it either */
export function readPrivateFile(path: string, mode: keyof typeof OTHERS): PrivateFile {
  let fd: number | undefined;
  try {
    const found = follow(resolve(path));
    if (typeof found !== "string") return { kind: "refused", problem: found };
    // Between the look and here nothing can change: who could is trusted.
    fd = openSync(found, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const problem = fileProblem(fd, found, mode);
    if (problem !== undefined) return { kind: "refused", problem };
    return { kind: "text", text: readAll(fd) };
  } catch (error) {
    return { kind: "refused", problem: { kind: "failed", path, errno: errnoOf(error) } };
  } finally {
    closeQuietly(fd);
  }
}

/** The file at the end of a chain of links, or who else could change the chain. */
function follow(path: string): string | FolderProblem {
  let at = path;
  for (let links = 0; links <= LINKS_MAX; links += 1) {
    const problem = findProblemOnWay(dirname(at), true);
    if (problem !== undefined) return problem;
    const stats = lstatSync(at);
    if (!stats.isSymbolicLink()) return at;
    if (!isTrusted(stats.uid)) return { kind: "owned-by-another", path: at, uid: stats.uid };
    at = resolve(dirname(at), readlinkSync(at));
  }
  return { kind: "failed", path, errno: "ELOOP" };
}

function fileProblem(
  fd: number,
  path: string,
  mode: keyof typeof OTHERS,
): PrivateFileProblem | undefined {
  const stats = fstatSync(fd);
  if (!stats.isFile()) return { kind: "not-a-file", path };
  if (!isTrusted(stats.uid)) return { kind: "owned-by-another", path, uid: stats.uid };
  const bits = stats.mode & 0o7777;
  if ((bits & OTHERS.public) !== 0) return { kind: "writable-by-others", path, mode: bits };
  if ((bits & OTHERS[mode]) !== 0) return { kind: "readable-by-others", path, mode: bits };
  return stats.size > BYTES_MAX ? { kind: "too-large", path, bytes: stats.size } : undefined;
}

function readAll(fd: number): string {
  const bytes = Buffer.alloc(BYTES_MAX);
  let length = 0;
  for (let more = -1; more !== 0 && length < bytes.length; length += more)
    more = readSync(fd, bytes, length, bytes.length - length, null);
  return bytes.toString("utf8", 0, length);
}

export function privateFileSentence(problem: PrivateFileProblem, language: Language): string {
  const en = language === "en";
  const { path } = problem;
  switch (problem.kind) {
    case "not-a-file":
      return en ? `${path} is no ordinary file` : `${path} 不是普通文件`;
    case "too-large":
      return en ? `${path} has ${problem.bytes} bytes` : `${path} 有 ${problem.bytes} 字节，过大`;
    case "readable-by-others": {
      const mode = problem.mode.toString(8).padStart(4, "0");
      return en
        ? `${path} can be read by others (mode ${mode}); try \`chmod 600 ${path}\``
        : `${path} 可被其他用户读取（权限 ${mode}）；请执行 \`chmod 600 ${path}\``;
    }
    case "failed":
    case "not-a-folder":
    case "link":
    case "owned-by-another":
    case "writable-by-others":
      return folderProblem(problem, language);
  }
}
