/** Messages as lines that people read in a chat or a mail. */
import type { Language } from "#diagnostics/diagnostic";
import type { AlertMessage } from "./message.ts";

export interface AlertText {
  /** One line. It has "Baton" in it: robots may ask for a keyword. */
  readonly title: string;
  /** One for each message, and what else there is to say. */
  readonly lines: readonly string[];
}

/**
 * @param bytes of all lines together, as UTF-8; what does not fit is counted in the last line
 */
export function alertText(
  node: string,
  messages: readonly AlertMessage[],
  { language, bytes, leftOut }: { language: Language; bytes: number; leftOut: number },
): AlertText {
  const more = (count: number): string =>
    language === "en" ? `and ${count} more, see baton events` : `另有 ${count} 条，见 baton events`;
  const lines: string[] = [];
  let left = bytes - byteCount(more(Number.MAX_SAFE_INTEGER));
  let lost = leftOut;
  for (const message of messages) {
    const line = alertLine(message, language);
    // The newline is one byte; in JSON two.
    left -= byteCount(line) + 2;
    if (left < 0) lost += 1;
    else lines.push(line);
  }
  if (lost > 0) lines.push(more(lost));
  return { title: `Baton: ${alertTitle(node, messages, language)}`, lines };
}

function alertTitle(node: string, messages: readonly AlertMessage[], language: Language): string {
  const [only] = messages;
  const en = language === "en";
  if (only === undefined) return node;
  if (messages.length > 1)
    return en ? `${node}, ${messages.length} alerts` : `${node}，${messages.length} 条告警`;
  const about = only.event.instance ?? only.event.group;
  const named = about === undefined ? node : `${node} ${about}`;
  return en ? `${named}: ${markOf(only, language)}` : `${named}：${markOf(only, language)}`;
}

/** `[error] VI_1: no advertisement for 3.6 s (5 times since 17:02:11 UTC)` */
function alertLine(message: AlertMessage, language: Language): string {
  const { event, status, first } = message;
  const about = event.instance ?? event.group;
  const colon = language === "en" ? ": " : "：";
  // Who reads "resolved" wants to know what is.
  const text = status === "resolved" ? first[language] : event.text[language];
  const named = about === undefined ? text : `${about}${colon}${text}`;
  return `[${markOf(message, language)}] ${named}${remark(message, language)}`;
}

const SEVERITIES = {
  error: { en: "error", "zh-CN": "错误" },
  warning: { en: "warning", "zh-CN": "警告" },
  info: { en: "info", "zh-CN": "提示" },
} as const;

function markOf({ status, severity }: AlertMessage, language: Language): string {
  if (status === "resolved") return language === "en" ? "resolved" : "已恢复";
  return SEVERITIES[severity][language];
}

function remark(message: AlertMessage, language: Language): string {
  const { count, status, isRepeat, seconds, since } = message;
  const en = language === "en";
  const parts: string[] = [];
  const time = `${since.slice(11, 19)} UTC`;
  if (count > 1) parts.push(en ? `${count} times since ${time}` : `自 ${time} 起共 ${count} 次`);
  else if (isRepeat || status === "resolved") parts.push(en ? `since ${time}` : `始于 ${time}`);
  if (status === "resolved")
    parts.push(en ? `for ${duration(seconds, language)}` : `持续 ${duration(seconds, language)}`);
  else if (isRepeat && status === "firing") parts.push(en ? "it still lasts" : "仍在持续");
  if (parts.length === 0) return "";
  return en ? ` (${parts.join(", ")})` : `（${parts.join("，")}）`;
}

function duration(seconds: number, language: Language): string {
  const en = language === "en";
  if (seconds < 120) return `${seconds}${en ? " s" : " 秒"}`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes}${en ? " min" : " 分钟"}`;
  return `${Math.round(minutes / 60)}${en ? " h" : " 小时"}`;
}

/** `TextEncoder` is not everywhere; this counts what UTF-8 needs. */
export function byteCount(text: string): number {
  let count = 0;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    count += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_00_00 ? 3 : 4;
  }
  return count;
}
