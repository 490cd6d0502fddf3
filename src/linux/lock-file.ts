/** A lock that ends with the process, however it ends: flock(2) on a file. */
import { closeSync, constants, openSync } from "node:fs";
import type { Failure } from "#vrrp/engine/world";
import * as libc from "./ffi.ts";
import { LinuxError } from "./result.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;

export type Locked =
  | { readonly kind: "locked"; readonly release: () => void }
  /** Another process has it. */
  | { readonly kind: "taken" }
  | { readonly kind: "failed"; readonly failure: Failure };

/**
 * The file stays; only the lock on it counts. Node.js opens with O_CLOEXEC, so children do not keep
 * it.
 */
export function lockFile(path: string): Locked {
  let fd: number;
  try {
    const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? "EIO";
    return { kind: "failed", failure: { ok: false, errno, call: `open ${path}` } };
  }
  if (libc.flock(fd, LOCK_EX | LOCK_NB) === 0) {
    return { kind: "locked", release: () => closeQuietly(fd) };
  }
  const failure = libc.failure(`flock ${path}`);
  closeQuietly(fd);
  return failure.errno === "EAGAIN" ? { kind: "taken" } : { kind: "failed", failure };
}

/**
 * Does the work while no other process does its own under the lock of the same file, which must be
 * there. Blocks until then: for tools and tests.
 */
export function doLocked(path: string, work: () => void): void {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    if (libc.flock(fd, LOCK_EX) !== 0) throw new LinuxError(libc.failure(`flock ${path}`));
    work();
  } finally {
    closeQuietly(fd);
  }
}

/** The descriptor is closed in any case, and the lock with it (close(2)). */
function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // EIO: nothing of ours was waiting to be written.
  }
}
