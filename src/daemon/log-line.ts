/** An entry of the log as the bytes that a reader gets. */
import { visible } from "#units/visible";
import { printLocalTime } from "./local-time.ts";
import type { Fields, Level, LogFormat } from "./log.ts";

/**
 * `text`, `json`: a line for people, or an object with its time in UTC. `journal`: the journal has
 * the time, and reads the level from `<N>` (sd-daemon(3)).
 */
export type LineForm =
  | { readonly kind: LogFormat | "journal" }
  | { readonly kind: "syslog"; readonly tag: SyslogTag; readonly format: LogFormat };

/** Who writes, for syslog. */
export interface SyslogTag {
  /** syslog(3): 3 is daemon, 16 to 23 are local0 to local7. */
  readonly facility: number;
  readonly ident: string;
  readonly pid: number;
}

/** syslog(3) */
const SEVERITIES: Readonly<Record<Level, number>> = { error: 3, warning: 4, info: 6, debug: 7 };
/** A pipe takes up to this many bytes whole or not at all (PIPE_BUF). */
const LINE_MAX = 4_096;
const CUT_TEXT = 2_000;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Never over `LINE_MAX` bytes: a longer text is cut, and loses its fields. */
export function printEntry(
  form: LineForm,
  level: Level,
  text: string,
  fields: Fields,
  now: Date = new Date(),
): Uint8Array {
  const encode = (shown: string, more: Fields): Uint8Array =>
    new TextEncoder().encode(printLine(form, level, shown, more, now));
  const bytes = encode(text, fields);
  if (bytes.length <= LINE_MAX) return bytes;
  const cut = encode(`${text.slice(0, CUT_TEXT)}…`, {});
  return cut.length <= LINE_MAX ? cut : encode(`${text.slice(0, CUT_TEXT / 4)}…`, {});
}

function printLine(form: LineForm, level: Level, text: string, fields: Fields, now: Date): string {
  switch (form.kind) {
    case "json":
      return `${printJson(level, text, fields, now)}\n`;
    case "text":
      return `${printLocalTime(now)} ${marked(level, visible(text).replaceAll("\n", "\n    "))}\n`;
    case "journal":
      return `<${SEVERITIES[level]}>${onOneLine(text)}\n`;
    case "syslog": {
      const body =
        form.format === "json"
          ? printJson(level, text, fields, now)
          : marked(level, onOneLine(text));
      return `${syslogHead(form.tag, level, now)}${body}`;
    }
  }
}

/**
 * A script's output may end up here: an entry must stay one line, and must not control a
 * terminal.
 */
const onOneLine = (text: string): string => visible(text).replaceAll("\n", " ");

const marked = (level: Level, text: string): string =>
  level === "info" ? text : `${level}: ${text}`;

const printJson = (level: Level, text: string, fields: Fields, now: Date): string =>
  JSON.stringify({ at: now.toISOString(), level, message: text, ...fields });

/**
 * What syslog(3) of the C library writes to /dev/log: RFC 3164 without the host's name. Its readers
 * there (rsyslog, journald, BusyBox) do not read RFC 5424; see docs/adr/0025.
 */
function syslogHead({ facility, ident, pid }: SyslogTag, level: Level, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${MONTHS[now.getMonth()] ?? ""} ${String(now.getDate()).padStart(2)}`;
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":");
  return `<${facility * 8 + SEVERITIES[level]}>${day} ${time} ${ident}[${pid}]: `;
}
