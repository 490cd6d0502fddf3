/**
 * Contains the work that the outside world causes in the supervisor: a timer's work, a client's
 * request, the cloud's answer. If it fails, the failure is reported and only that piece of work
 * is lost, not the daemon and with it the address.
 *
 * `uncaughtException` (daemon.ts) is the last resort behind this, and ends the daemon in an
 * orderly way.
 */
import type { Log } from "./log.ts";

/**
 * A failure for a log line: the error name if it came from the system, else where it happened.
 */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined && syscall !== undefined) return `${syscall}: ${code}`;
  return error.stack ?? error.message;
}

/** @param what names the piece of work, for the log */
export function contain<T>(log: Log, what: string, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    log("error", `${what}: ${failureText(error)}`);
    return undefined;
  }
}

/** Work that nobody waits for. */
export function background(log: Log, what: string, work: () => Promise<unknown>): void {
  const report = (error: unknown): void => log("error", `${what}: ${failureText(error)}`);
  try {
    work().catch(report);
  } catch (error) {
    report(error);
  }
}

/** Errors of a machine that lacks resources. They say nothing about what was asked. */
const SHORTAGES = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "ENOBUFS", "EIO", "EINTR"]);

/**
 * Whether the machine refused for lack of descriptors, memory or processes. If so, the previous
 * result is still the best one known.
 */
export const isShortage = (errno: string | undefined): boolean =>
  errno !== undefined && SHORTAGES.has(errno);

export const errnoOf = (error: unknown): string => {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : "";
  return typeof code === "string" && code !== "" ? code : String(error);
};
