/** Times and durations for people. Pure; the reader's time zone is that of the browser. */
import type { Language } from "#diagnostics/diagnostic";

const pad = (value: number, digits = 2): string => String(value).padStart(digits, "0");

const isSameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString();

/**
 * `2026-11-30 18:04:05.123`: sorts as it reads, and is the same in both languages.
 *
 * @param at ISO 8601; its microseconds are kept with `us`
 * @param today if given, that day's date is left out
 */
export function localTime(at: string, precision: "s" | "ms" | "us" = "s", today?: Date): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  const date = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
  const clock = `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;
  const fraction = (/\.(\d+)/.exec(at)?.[1] ?? "").padEnd(6, "0");
  const digits = { s: "", ms: `.${fraction.slice(0, 3)}`, us: `.${fraction.slice(0, 6)}` };
  const day = today !== undefined && isSameDay(today, time) ? "" : `${date} `;
  return `${day}${clock}${digits[precision]}`;
}

/** `+08:00`, for a heading beside such times. */
export function zoneText(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

const UNITS: readonly (readonly [seconds: number, en: string, zh: string])[] = [
  [86_400, "d", "天"],
  [3_600, "h", "小时"],
  [60, "min", "分"],
  [1, "s", "秒"],
];

/** Its two largest units: `2 h 5 min`, `2 小时 5 分`; under ten seconds with a decimal. */
export function durationText(milliseconds: number, language: Language): string {
  const join = (value: number | string, en: string, zh: string): string =>
    language === "en" ? `${value} ${en}` : `${value} ${zh}`;
  const size = Math.max(0, milliseconds);
  if (size < 1_000) return join(Math.round(size), "ms", "毫秒");
  if (size < 10_000) return join(Math.round(size / 100) / 10, "s", "秒");
  let rest = Math.round(size / 1_000);
  const parts: string[] = [];
  for (const [seconds, en, zh] of UNITS) {
    const count = Math.floor(rest / seconds);
    if (count === 0 && parts.length === 0) continue;
    if (count > 0) parts.push(join(count, en, zh));
    rest -= count * seconds;
    if (parts.length === 2 || count === 0) break;
  }
  return parts.join(" ");
}

/** Whole seconds, because it is counted on. */
export function agoText(milliseconds: number, language: Language): string {
  if (milliseconds < 1_500) return language === "en" ? "just now" : "刚刚";
  const age = wholeSeconds(milliseconds, language);
  return language === "en" ? `${age} ago` : `${age}前`;
}

export function forText(milliseconds: number, language: Language): string {
  const age = wholeSeconds(Math.max(0, milliseconds), language);
  return language === "en" ? `for ${age}` : `已 ${age}`;
}

function wholeSeconds(milliseconds: number, language: Language): string {
  if (milliseconds >= 10_000) return durationText(milliseconds, language);
  return `${Math.round(milliseconds / 1_000)} ${language === "en" ? "s" : "秒"}`;
}
