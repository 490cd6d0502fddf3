/** Which language to speak: `--lang`, else what the environment says (POSIX order). */
import type { Language } from "#diagnostics/diagnostic";

export function readLanguage(text: string): Language | undefined {
  if (/^zh([-_.]|$)/i.test(text)) return "zh-CN";
  return /^(en([-_.]|$)|c$|posix$)/i.test(text) ? "en" : undefined;
}

export function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const text = [env["LC_ALL"], env["LC_MESSAGES"], env["LANG"]].find(
    (value) => value !== undefined && value !== "",
  );
  return text === undefined ? "en" : (readLanguage(text) ?? "en");
}
