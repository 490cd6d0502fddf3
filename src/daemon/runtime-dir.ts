/**
 * The runtime directory: control socket, lock, PID file, running scripts. Each has one daemon.
 * The lock decides which, not the socket or the PID, because the lock ends with the process
 * that holds it.
 */
import { join } from "node:path";
import { lockFile } from "#linux/lock-file";
import { printFailure } from "#vrrp/engine/world";
import {
  type FolderProblem,
  readOwnFile,
  removeFile,
  takeFolder,
  writeOwnFile,
} from "./own-files.ts";

export interface RuntimeDir {
  readonly socket: string;
  /** For the group `baton`. */
  readonly readerSocket: string;
  readonly scripts: string;
  readonly statusDump: string;
  readonly pidFile: string;
  readonly release: () => void;
}

export type Taken =
  | { readonly kind: "ours"; readonly dir: RuntimeDir }
  /** `pid` as its file says; undefined if it says nothing. */
  | { readonly kind: "taken"; readonly pid: number | undefined }
  /** Others could replace its files. */
  | { readonly kind: "unsafe"; readonly problem: FolderProblem }
  | { readonly kind: "failed"; readonly why: string };

export function takeRuntimeDir(folder: string): Taken {
  const problem = takeFolder(folder, 0o755) ?? takeFolder(join(folder, "scripts"), 0o700);
  if (problem?.kind === "failed")
    return { kind: "failed", why: `${problem.path}: ${problem.errno}` };
  if (problem !== undefined) return { kind: "unsafe", problem };
  const pidFile = join(folder, "baton.pid");
  const locked = lockFile(join(folder, "lock"));
  switch (locked.kind) {
    case "taken":
      return { kind: "taken", pid: readPid(pidFile) };
    case "failed":
      return { kind: "failed", why: printFailure(locked.failure) };
    case "locked":
      return {
        kind: "ours",
        dir: {
          socket: join(folder, "control.sock"),
          readerSocket: join(folder, "readers.sock"),
          scripts: join(folder, "scripts"),
          statusDump: join(folder, "status.json"),
          pidFile,
          release: locked.release,
        },
      };
  }
}

export type TakenState =
  /** Also where it cannot be locked: whoever writes there says why, and it may be read-only. */
  { readonly kind: "ours"; readonly release: () => void } | { readonly kind: "taken" };

/**
 * The state directory has one daemon too: who was primary (gate-mark.ts) is kept by the name of the
 * instance, and one daemon would take the other's mark away.
 */
export function takeStateDir(folder: string): TakenState {
  const nothing: TakenState = { kind: "ours", release: () => undefined };
  if (takeFolder(folder, 0o755) !== undefined) return nothing;
  const locked = lockFile(join(folder, "lock"));
  if (locked.kind === "failed") return nothing;
  return locked.kind === "taken" ? locked : { kind: "ours", release: locked.release };
}

function readPid(path: string): number | undefined {
  const pid = Number(readOwnFile(path)?.trim());
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** Returns why it could not be written, or undefined. */
export const writePid = (path: string, pid: number): string | undefined =>
  writeOwnFile(path, `${pid}\n`, 0o644);

/**
 * Removes the file only if it is still ours: a later daemon may have written to the same path.
 */
export function removePid(path: string, pid: number): void {
  if (readPid(path) === pid) removeFile(path);
}
