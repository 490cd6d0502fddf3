/** `--lang`, anywhere on the line. */
import type { Language } from "#diagnostics/diagnostic";
import { languageOf, readLanguage } from "#diagnostics/language";
import {
  type Accepts,
  type FlagOption,
  flag,
  text,
  type ValueOption,
  value,
} from "./definition.ts";
import type { CommandIo, HelpStyle } from "./io.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const LANGUAGES: Accepts = {
  test: (name) => readLanguage(name) !== undefined,
  wanted: text("en or zh-CN", "en 或 zh-CN"),
  list: ["en", "zh-CN"],
};

const LANG_OPTION: ValueOption<"value"> = value(
  text("LANG", "语言"),
  text(
    "en or zh-CN (default: from LC_ALL, LC_MESSAGES, LANG)",
    "en 或 zh-CN（默认取自 LC_ALL、LC_MESSAGES、LANG）",
  ),
  { accepts: LANGUAGES },
);

/** The option that every command has. */
export const GLOBAL_OPTIONS: {
  readonly lang: ValueOption<"value">;
  readonly help: FlagOption;
} = {
  lang: LANG_OPTION,
  help: flag(text("show this help", "显示本帮助"), "h"),
};

/**
 * The language for messages printed before a line has been read, or if it cannot be read: the
 * last `--lang` of the line that names a language, else the environment's. After `exec` or `--`
 * the line belongs to another program.
 */
export function languageAmong(args: readonly string[], env: Environment): Language {
  const end = args.findIndex((word) => word === "--" || word === "exec");
  let found = languageOf(env);
  for (const [index, word] of args.slice(0, end < 0 ? args.length : end).entries()) {
    const name = word === "--lang" ? args[index + 1] : /^--lang=(.*)$/s.exec(word)?.[1];
    found = readLanguage(name ?? "") ?? found;
  }
  return found;
}

export const styleFor = (io: CommandIo, language: Language): HelpStyle => ({
  language,
  columns: io.columns,
  color: io.isTty && io.env["NO_COLOR"] === undefined,
});
