/**
 * The daemon's log: lines on stderr, to syslog (`-S`) and to a file (`--log-file`), as text or
 * JSON. Never blocks and never throws: a full disk or a missing reader costs log lines (counted,
 * and reported afterwards to the same reader), not ownership.
 */
import { constants, fstatSync, openSync, type Stats, statSync, writeSync } from "node:fs";
import type { Language } from "#diagnostics/diagnostic";
import { MSG_DONTWAIT, MSG_NOSIGNAL } from "#linux/abi";
import * as libc from "#linux/ffi";
import { errnoOf } from "./contain.ts";
import type { Fields, Level, Log, LogFormat } from "./log.ts";
import { LogFile } from "./log-file.ts";
import { type LineForm, printEntry } from "./log-line.ts";
import { SYSLOG_PATH, Syslog } from "./syslog.ts";

export interface DaemonLog extends Log {
  /** Opens the log file again by its name. */
  readonly reopen: () => void;
  /** Closes the file and the socket; what still waits for syslog is lost. */
  readonly close: () => void;
}

export interface LogOptions {
  readonly format: LogFormat;
  /** The least important level that is written. */
  readonly most: Level;
  readonly fd?: number;
  /** `$JOURNAL_STREAM`: device and inode of the journal's socket. */
  readonly journalStream?: string | undefined;
  readonly language?: Language;
  /** `--log-file` */
  readonly file?: string | undefined;
  /** Undefined: none. */
  readonly syslog?: SyslogOptions | undefined;
}

export interface SyslogOptions {
  readonly facility: number;
  /** Lines go to stderr too. */
  readonly isConsoleToo: boolean;
  /** The socket, if it is not /dev/log. */
  readonly path?: string;
}

/**
 * The name under which keepalived's VRRP process logs. Filters for it (rsyslog's `$programname`,
 * `journalctl -t`) go on working.
 */
const SYSLOG_IDENT = "Keepalived_vrrp";
const LEVELS: Readonly<Record<Level, number>> = { error: 0, warning: 1, info: 2, debug: 3 };

/** One reader of the log. */
class Sink {
  readonly #form: LineForm;
  readonly #write: (line: Uint8Array) => boolean;
  readonly #language: Language;
  dropped = 0;
  #unreported = 0;

  constructor(form: LineForm, language: Language, write: (line: Uint8Array) => boolean) {
    this.#form = form;
    this.#write = write;
    this.#language = language;
  }

  take(level: Level, text: string, fields: Fields): void {
    const lost = this.#unreported;
    if (lost > 0 && this.#put("warning", LOST[this.#language](lost), { lost }))
      this.#unreported = 0;
    if (this.#put(level, text, fields)) return;
    this.dropped += 1;
    this.#unreported += 1;
  }

  #put(level: Level, text: string, fields: Fields): boolean {
    try {
      return this.#write(printEntry(this.#form, level, text, fields));
    } catch {
      // EAGAIN, ENOSPC, EPIPE: there is no better place to report it than the status.
      return false;
    }
  }
}

export function openLog(options: LogOptions): DaemonLog {
  const { format, most, language = "en", file, syslog } = options;
  const sinks: Sink[] = [];
  const problems: string[] = [];
  const logFile = file === undefined ? undefined : new LogFile(file);
  if (logFile !== undefined) {
    sinks.push(new Sink({ kind: format }, language, (line) => logFile.write(line)));
    if (logFile.errno !== undefined)
      problems.push(CANNOT_OPEN[language](file ?? "", logFile.errno));
  }
  const socket = syslog === undefined ? undefined : new Syslog(syslog.path);
  if (syslog !== undefined && socket !== undefined) {
    const { facility, isConsoleToo, path = SYSLOG_PATH } = syslog;
    const tag = { facility, ident: SYSLOG_IDENT, pid: process.pid };
    const form = { kind: "syslog", tag, format } as const;
    sinks.push(new Sink(form, language, (line) => socket.write(line)));
    const missing = isConsoleToo ? undefined : missingReason(path);
    if (missing !== undefined) problems.push(NO_SYSLOG[language](path, missing));
    if (isConsoleToo || missing !== undefined) sinks.push(stderrSink(options, language));
  } else sinks.push(stderrSink(options, language));
  const log = (level: Level, text: string, fields: Fields = {}): void => {
    if (LEVELS[level] > LEVELS[most]) return;
    for (const sink of sinks) sink.take(level, text, fields);
  };
  for (const text of problems) log("warning", text);
  return Object.assign(log, {
    dropped: () => sinks.reduce((sum, one) => sum + one.dropped, 0),
    reopen: () => logFile?.reopen(),
    close: () => {
      logFile?.close();
      socket?.close();
    },
  });
}

function stderrSink({ format, fd = 2, journalStream }: LogOptions, language: Language): Sink {
  const info = fstatSync(fd);
  const isJournal = format === "text" && journalStream === `${info.dev}:${info.ino}`;
  return new Sink({ kind: isJournal ? "journal" : format }, language, writerFor(fd, info));
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

/** Undefined if there is something of this name. */
function missingReason(path: string): string | undefined {
  try {
    statSync(path);
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}

const LOST: Readonly<Record<Language, (lines: number) => string>> = {
  en: (lines) => `${lines} log lines were lost`,
  "zh-CN": (lines) => `丢失了 ${lines} 行日志`,
};

const CANNOT_OPEN: Readonly<Record<Language, (path: string, errno: string) => string>> = {
  en: (path, errno) => `${path}: ${errno}; the log is not written there until it can be opened`,
  "zh-CN": (path, errno) => `${path}：${errno}；在能够打开之前，日志不会写入该文件`,
};

const NO_SYSLOG: Readonly<Record<Language, (path: string, errno: string) => string>> = {
  en: (path, errno) =>
    `${path}: ${errno}; no syslog daemon runs here, so the log goes to stderr as well`,
  "zh-CN": (path, errno) => `${path}：${errno}；本机没有运行 syslog 服务，日志同时输出到标准错误`,
};
