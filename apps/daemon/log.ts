/**
 * The daemon's log: lines on stderr, as text or JSON. Never blocks and never throws: a full disk or a reader that went
 * away costs log lines (counted), not ownership.
 */
import { writeSync } from "node:fs";

export type Level = "error" | "warning" | "info" | "debug";
export type LogFormat = "text" | "json";

export interface Log {
  (level: Level, text: string, fields?: Readonly<Record<string, unknown>>): void;
  readonly dropped: () => number;
}

const LEVELS: Readonly<Record<Level, number>> = { error: 0, warning: 1, info: 2, debug: 3 };

export function openLog(format: LogFormat, most: Level, fd = 2): Log {
  let dropped = 0;
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
      writeSync(fd, `${line}\n`);
    } catch {
      // EAGAIN, ENOSPC, EPIPE: there is no better place to say it than the status.
      dropped += 1;
    }
  };
  return Object.assign(log, { dropped: () => dropped });
}
