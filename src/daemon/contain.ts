/**
 * The border around what the world makes the supervisor do: a timer's work, a client's request, the
 * cloud's answer. What goes wrong inside is reported and costs that piece of work, not the daemon
 * and with it the address.
 *
 * `uncaughtException` (daemon.ts) is the last resort behind this, and ends the daemon in order.
 */
import type { Log } from "./log.ts";

/** For a log line: the system's name of a failure of the system, else where it happened. */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined && syscall !== undefined) return `${syscall}: ${code}`;
  return error.stack ?? error.message;
}

/** @param what of the daemon's work, for the log */
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

/** Errors of a machine that is short of something, which say nothing about what was asked. */
const SHORTAGES = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "ENOBUFS", "EIO", "EINTR"]);

/**
 * Has the machine refused for want of descriptors, memory or processes? Then what was known before
 * is still the best.
 */
export const isShortage = (errno: string | undefined): boolean =>
  errno !== undefined && SHORTAGES.has(errno);

export const errnoOf = (error: unknown): string => {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : "";
  return typeof code === "string" && code !== "" ? code : String(error);
};
