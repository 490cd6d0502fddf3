/**
 * The runtime directory: control socket, lock, PID file, running scripts. One daemon for each: the lock decides, not the
 * socket or the PID, because it ends with the process that has it.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockFile } from "#linux/lock-file";
import { printFailure } from "#linux/result";

export interface RuntimeDir {
  readonly socket: string;
  readonly scripts: string;
  readonly statusDump: string;
  readonly pidFile: string;
  readonly release: () => void;
}

export type Taken =
  | { readonly kind: "ours"; readonly dir: RuntimeDir }
  /** `pid` as its file says; undefined if it says nothing. */
  | { readonly kind: "taken"; readonly pid: number | undefined }
  | { readonly kind: "failed"; readonly why: string };

export function takeRuntimeDir(folder: string): Taken {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  } catch (error) {
    return { kind: "failed", why: `mkdir: ${(error as NodeJS.ErrnoException).code ?? "?"}` };
  }
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
          scripts: join(folder, "scripts"),
          statusDump: join(folder, "status.json"),
          pidFile,
          release: locked.release,
        },
      };
  }
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8").trim());
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Why it could not be written, or undefined. */
export function writePid(path: string, pid: number): string | undefined {
  try {
    writeFileSync(path, `${pid}\n`, { mode: 0o644 });
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** Only a file that still is ours: a later daemon may have written the same path. */
export function removePid(path: string, pid: number): void {
  if (readPid(path) === pid) rmSync(path, { force: true });
}
