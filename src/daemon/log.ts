/**
 * The daemon's log: lines on stderr, as text or JSON. Never blocks and never throws: a full
 * disk or a missing reader costs log lines (counted, and reported afterwards), not ownership.
 *
 * Under systemd the journal records the time and the level, so a line begins with `<N>`
 * (sd-daemon(3)) instead.
 */
import { constants, fstatSync, openSync, type Stats, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { MSG_DONTWAIT } from "#linux/abi";
import * as libc from "#linux/ffi";
import { visible } from "#units/visible";
import { printLocalTime } from "./local-time.ts";

export type Level = "error" | "warning" | "info" | "debug";
export type LogFormat = "text" | "json";

export interface Log {
  (level: Level, text: string, fields?: Readonly<Record<string, unknown>>): void;
  readonly dropped: () => number;
}

export interface LogOptions {
  readonly format: LogFormat;
  /** The least important level that is written. */
  readonly most: Level;
  readonly fd?: number;
  /** `$JOURNAL_STREAM`: device and inode of the journal's socket. */
  readonly journalStream?: string | undefined;
}

const LEVELS: Readonly<Record<Level, number>> = { error: 0, warning: 1, info: 2, debug: 3 };
/** syslog(3) */
const PRIORITIES: Readonly<Record<Level, number>> = { error: 3, warning: 4, info: 6, debug: 7 };
/** A pipe takes up to this many bytes whole or not at all (PIPE_BUF). */
const LINE_MAX = 4_096;
const CUT_TEXT = 2_000;

export function openLog(options: LogOptions): Log {
  const { format, most, fd = 2 } = options;
  const info = fstatSync(fd);
  const write = writerFor(fd, info);
  const shape: LineShape = {
    format,
    isJournal: options.journalStream === `${info.dev}:${info.ino}`,
    isTerminal: isatty(fd),
  };
  let dropped = 0;
  let untold = 0;
  const put = (level: Level, text: string, fields: Readonly<Record<string, unknown>>): boolean => {
    try {
      return write(print(shape, level, text, fields));
    } catch {
      // EAGAIN, ENOSPC, EPIPE: there is no better place to report it than the status.
      return false;
    }
  };
  const log = (
    level: Level,
    text: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void => {
    if (LEVELS[level] > LEVELS[most]) return;
    if (untold > 0 && put("warning", `${untold} log lines were lost`, { lost: untold })) untold = 0;
    if (put(level, text, fields)) return;
    dropped += 1;
    untold += 1;
  };
  return Object.assign(log, { dropped: () => dropped });
}

interface LineShape {
  readonly format: LogFormat;
  readonly isJournal: boolean;
  /**
   * If true, times are local: a person at a terminal compares them with a clock on the wall.
   */
  readonly isTerminal: boolean;
}

function print(
  { format, isJournal, isTerminal }: LineShape,
  level: Level,
  text: string,
  fields: Readonly<Record<string, unknown>>,
): Uint8Array {
  const now = new Date();
  const line = (text: string, more: Readonly<Record<string, unknown>>): string => {
    if (format === "json")
      return `${JSON.stringify({ at: now.toISOString(), level, message: text, ...more })}\n`;
    // A script's output may end up here: an entry must stay one line, and must not control a
    // terminal.
    const shown = visible(text);
    if (isJournal) return `<${PRIORITIES[level]}>${shown.replaceAll("\n", " ")}\n`;
    const plain = shown.replaceAll("\n", "\n    ");
    const at = isTerminal ? printLocalTime(now) : now.toISOString();
    return `${at} ${level === "info" ? "" : `${level}: `}${plain}\n`;
  };
  const bytes = new TextEncoder().encode(line(text, fields));
  if (bytes.length <= LINE_MAX) return bytes;
  const cut = new TextEncoder().encode(line(`${text.slice(0, CUT_TEXT)}…`, {}));
  return cut.length <= LINE_MAX
    ? cut
    : new TextEncoder().encode(line(`${text.slice(0, CUT_TEXT / 4)}…`, {}));
}

/**
 * A reader that has stopped reading must not stop the daemon. The descriptor is shared with
 * others (a shell, a service manager), so its own flags stay as they are: a pipe or a terminal
 * is opened a second time, a socket is written to without waiting. The result is false if the
 * line was not taken.
 */
function writerFor(fd: number, info: Stats): (line: Uint8Array) => boolean {
  const toFile = (line: Uint8Array): boolean => writeSync(fd, line) === line.length;
  if (info.isSocket()) {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return (line) => libc.send(fd, line, line.length, flags) === line.length;
  }
  if (!info.isFIFO() && !info.isCharacterDevice()) return toFile;
  try {
    const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    const own = openSync(`/proc/self/fd/${fd}`, flags);
    return (line) => writeSync(own, line) === line.length;
  } catch {
    return toFile;
  }
}

/** socket.h */
const MSG_NOSIGNAL = 0x4000;
