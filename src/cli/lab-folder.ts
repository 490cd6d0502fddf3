/**
 * The folders of labs. Whoever can put something there decides which process `baton lab exec`
 * enters, and root enters it. Therefore the folders have to be ours, nobody else may be able to
 * write to them, and nobody else may own a folder on the path to them. Anything else is
 * refused.
 *
 * A lock beside each folder, held by `baton lab up`, ends with that process however it ends. A
 * folder without a lock belongs to a dead lab, and the next start removes it.
 */

import { accessSync, constants, lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FolderProblem, takeFolder } from "#daemon/own-files";
import type { Language } from "#diagnostics/diagnostic";
import { askSocket } from "#lab/sandbox/ask-socket";
import { type LabAnswer, type LabRequest, SOCKET } from "#lab/vpc/lab-protocol";
import { readLabAnswer } from "#lab/vpc/lab-protocol-shapes";
import { lockFile } from "#linux/lock-file";

type Environment = Readonly<Record<string, string | undefined>>;

const NAME = /^[a-z0-9][a-z0-9-]*$/i;
const LOCK = ".lock";
const MODE = 0o700;

const self = (): number => process.getuid?.() ?? 0;

/** Each user has one, so that two users' labs do not conflict. */
export function labBase(env: Environment): string {
  const given = env["BATON_LAB_DIR"];
  if (given !== undefined && given !== "") return given;
  // `sudo -E` may have left somebody else's in the environment.
  const runtime = env["XDG_RUNTIME_DIR"] ?? "";
  if (runtime.startsWith("/") && ownerOf(runtime) === self()) return join(runtime, "baton-lab");
  if (self() === 0 && isWritable("/run")) return "/run/baton-lab";
  return join(tmpdir(), `baton-lab-${self()}`);
}

export const isLabName = (name: string): boolean => NAME.test(name);

/** @throws for a name that `isLabName` refuses: it could lead out of the base folder */
export function labFolder(name: string, env: Environment): string {
  if (!isLabName(name)) throw new Error(`${name} is not a name for a lab`);
  return join(labBase(env), name);
}

const ownerOf = (path: string): number | undefined =>
  lstatSync(path, { throwIfNoEntry: false })?.uid;

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

export type Found =
  | { readonly kind: "found" }
  | { readonly kind: "nobody" }
  | { readonly kind: "unsafe"; readonly problem: FolderProblem };

/**
 * Checks a lab's folder and the socket in it before anything is sent to it. Creates nothing.
 */
export function findLab(folder: string, socket: string): Found {
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return { kind: "nobody" };
  const problem = takeFolder(join(folder, ".."), MODE) ?? takeFolder(folder, MODE);
  if (problem !== undefined) return { kind: "unsafe", problem };
  const path = join(folder, socket);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isSocket() !== true) return { kind: "nobody" };
  return stats.uid === self()
    ? { kind: "found" }
    : { kind: "unsafe", problem: { kind: "owned-by-another", path, uid: stats.uid } };
}

export type TakenLab =
  | { readonly kind: "ours"; readonly release: () => void }
  | { readonly kind: "up" }
  | { readonly kind: "unsafe"; readonly problem: FolderProblem };

/**
 * Makes an empty folder for a lab of that name, which is ours until `release`. Folders of dead
 * labs are removed.
 */
export function takeLab(name: string, env: Environment): TakenLab {
  const folder = labFolder(name, env);
  const base = labBase(env);
  const problem = takeFolder(base, MODE);
  if (problem !== undefined) return { kind: "unsafe", problem };
  clearDead(base, name);
  const path = join(base, `${name}${LOCK}`);
  const locked = lockFile(path);
  if (locked.kind === "taken") return { kind: "up" };
  if (locked.kind === "failed")
    return { kind: "unsafe", problem: { kind: "failed", path, errno: locked.failure.errno } };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: MODE });
  return {
    kind: "ours",
    release: () => {
      rmSync(folder, { recursive: true, force: true });
      locked.release();
    },
  };
}

/** While we hold a lab's lock nobody can start it. */
function clearDead(base: string, except: string): void {
  for (const entry of readdirSync(base)) {
    const name = entry.slice(0, -LOCK.length);
    if (!entry.endsWith(LOCK) || !NAME.test(name) || name === except) continue;
    const locked = lockFile(join(base, entry));
    if (locked.kind !== "locked") continue;
    rmSync(join(base, name), { recursive: true, force: true });
    locked.release();
  }
}

/** Why the folder is not used, and what to do. */
export function unsafeSentence(problem: FolderProblem, language: Language): string {
  const en = language === "en";
  const { path } = problem;
  const advice = en
    ? "remove it, or name another folder in BATON_LAB_DIR"
    : "请删除它，或用 BATON_LAB_DIR 指定其他目录";
  switch (problem.kind) {
    case "failed":
      return en ? `${path}: ${problem.errno}` : `${path}：${problem.errno}`;
    case "not-a-folder":
      return en ? `${path} is not a folder: ${advice}` : `${path} 不是目录：${advice}`;
    case "link":
      return en ? `${path} is a link: ${advice}` : `${path} 是符号链接：${advice}`;
    case "owned-by-another":
      return en
        ? `${path} belongs to user ${problem.uid}, who could make us run anything: ${advice}`
        : `${path} 属于用户 ${problem.uid}，该用户可借此执行任意程序：${advice}`;
    case "writable-by-others":
      return en
        ? `others may write in ${path} (mode ${problem.mode.toString(8)}): chmod go-w, or name another folder in BATON_LAB_DIR`
        : `其他用户可写 ${path}（权限 ${problem.mode.toString(8)}）：请执行 chmod go-w，或用 BATON_LAB_DIR 指定其他目录`;
  }
}

const ANSWER_MS = 5_000;

export type Asked =
  | { readonly kind: "answer"; readonly answer: LabAnswer }
  /** Whatever answers is not a lab, or is one of another version. */
  | { readonly kind: "unknown-answer" }
  | Exclude<Found, { readonly kind: "found" }>;

/** Sends one request to a lab, and returns the part of the answer that is trusted. */
export async function askLab(folder: string, request: LabRequest): Promise<Asked> {
  const found = findLab(folder, SOCKET);
  if (found.kind !== "found") return found;
  const answerLine = await askSocket(join(folder, SOCKET), request, ANSWER_MS);
  if (answerLine === undefined) return { kind: "nobody" };
  const answer = readLabAnswer(answerLine);
  return answer === undefined ? { kind: "unknown-answer" } : { kind: "answer", answer };
}
