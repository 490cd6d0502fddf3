/**
 * The daemon's log: lines on stderr, as text or JSON. Never blocks and never throws: a full disk or a reader that went
 * away costs log lines (counted), not ownership.
 */
import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { MSG_DONTWAIT } from "#linux/abi";
import * as libc from "#linux/ffi";

export type Level = "error" | "warning" | "info" | "debug";
export type LogFormat = "text" | "json";

export interface Log {
  (level: Level, text: string, fields?: Readonly<Record<string, unknown>>): void;
  readonly dropped: () => number;
}

const LEVELS: Readonly<Record<Level, number>> = { error: 0, warning: 1, info: 2, debug: 3 };

export function openLog(format: LogFormat, most: Level, fd = 2): Log {
  let dropped = 0;
  const write = writerFor(fd);
  const log = (
    level: Level,
    text: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void => {
    if (LEVELS[level] > LEVELS[most]) return;
    const at = new Date().toISOString();
    const line =
      format === "json"
        ? JSON.stringify({ at, level, message: text, ...fields })
        : `${at} ${level === "info" ? "" : `${level}: `}${text}`;
    try {
      write(`${line}\n`);
    } catch {
      // EAGAIN, ENOSPC, EPIPE: there is no better place to say it than the status.
      dropped += 1;
    }
  };
  return Object.assign(log, { dropped: () => dropped });
}

/**
 * A reader that has stopped reading must not stop the daemon. The descriptor is shared with others (a shell, a service
 * manager), so its own flags stay as they are: a pipe is opened a second time, a socket is asked not to wait.
 */
function writerFor(fd: number): (text: string) => void {
  const info = fstatSync(fd);
  if (info.isSocket()) {
    return (text) => {
      const bytes = new TextEncoder().encode(text);
      if (libc.send(fd, bytes, bytes.length, MSG_DONTWAIT) < 0) throw new Error("send");
    };
  }
  if (!info.isFIFO()) return (text) => void writeSync(fd, text);
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    return (text) => void writeSync(own, text);
  } catch {
    return (text) => void writeSync(fd, text);
  }
}
