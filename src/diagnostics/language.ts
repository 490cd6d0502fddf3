/**
 * The language of messages: `--lang`, else the environment (POSIX order, our own variable first).
 */
import type { Language } from "./diagnostic.ts";

export function readLanguage(text: string): Language | undefined {
  if (/^zh([-_.]|$)/i.test(text)) return "zh-CN";
  return /^(en([-_.]|$)|c$|posix$)/i.test(text) ? "en" : undefined;
}

/** For Baton alone: wins over LC_ALL, which other programs of the same script want to keep. */
export const LANGUAGE_VARIABLE = "BATON_LANG";

export function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const text = [LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"]
    .map((name) => env[name])
    .find((value) => value !== undefined && value !== "");
  return text === undefined ? "en" : (readLanguage(text) ?? "en");
}
