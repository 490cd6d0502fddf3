/** What was wrong on a command line, in one sentence of either language, with the word that was meant. */

import type { Language } from "#diagnostics/diagnostic";
import { nearest } from "#units/nearest";

/** @param known what may stand there */
export function noSuchVerb(
  word: string | undefined,
  known: Iterable<string>,
  language: Language,
): string {
  const en = language === "en";
  if (word === undefined) {
    const list = [...known].join(en ? ", " : "、");
    return en ? `say what to do: ${list}` : `请指明操作：${list}`;
  }
  return withSuggestion(
    en ? `there is no \`${word}\`` : `没有 \`${word}\` 这个操作`,
    nearest(word, known),
    language,
  );
}

export function noSuchOption(word: string, known: Iterable<string>, language: Language): string {
  return withSuggestion(
    language === "en" ? `there is no option \`${word}\`` : `没有选项 \`${word}\``,
    nearest(word, known),
    language,
  );
}

export const needsValue = (option: string, language: Language): string =>
  language === "en" ? `\`${option}\` needs a value` : `\`${option}\` 需要一个值`;

export const noSuchLanguage = (value: string, language: Language): string =>
  language === "en"
    ? `\`--lang\` is en or zh-CN, not \`${value}\``
    : `\`--lang\` 应为 en 或 zh-CN，而不是 \`${value}\``;

/**
 * What `util.parseArgs` threw, whose own words are English and advise about `--`.
 *
 * @param names the options without their dashes
 */
export function parseMistake(error: unknown, names: readonly string[], language: Language): string {
  const text = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? error.code : "";
  const word = /'(-[^\s',]*)/.exec(text)?.[1] ?? "";
  const long = /(--[a-z-]+)/.exec(text)?.[1] ?? word;
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    return noSuchOption(
      word,
      names.map((name) => `--${name}`),
      language,
    );
  }
  if (code !== "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") return text;
  if (!/does not take an argument/.test(text)) return needsValue(long, language);
  return language === "en" ? `\`${long}\` takes no value` : `\`${long}\` 不带值`;
}

function withSuggestion(what: string, near: string | undefined, language: Language): string {
  if (near === undefined) return what;
  return language === "en"
    ? `${what}; did you mean \`${near}\`?`
    : `${what}，是否要用 \`${near}\`？`;
}

/** A misspelled word needs the right one, not the whole help; anything else gets it. */
export function usageComplaint(
  command: string,
  text: string,
  usage: string,
  language: Language,
): string {
  if (!isSuggestion(text)) return `baton ${command}: ${text}\n\n${usage}`;
  const [family = command] = command.split(" ");
  const more =
    language === "en" ? `\`baton help ${family}\` says more` : `详见 \`baton help ${family}\``;
  return `baton ${command}: ${text}\n${more}\n`;
}

const isSuggestion = (text: string): boolean =>
  /; did you mean `[^`]*`\?$|，是否要用 `[^`]*`？$/u.test(text);
