/** What is wrong with a command line, in one sentence of either language, with a suggestion. */

import type { Language } from "#diagnostics/diagnostic";
import { nearest } from "#units/nearest";
import {
  extraOperand,
  missingOperand,
  NoSuchCommandError,
  type Options,
  type Place,
  takesNoValue,
  UsageError,
} from "./definition.ts";
import type { HelpStyle } from "./io.ts";
import { wrap } from "./wrap.ts";

/** @param known the names that are allowed there */
function noSuchCommand(
  word: string | undefined,
  known: readonly string[],
  language: Language,
): string {
  const en = language === "en";
  if (word === undefined) {
    const list = known.join(en ? ", " : "、");
    return en ? `say what to do: ${list}` : `请指明操作：${list}`;
  }
  return withSuggestion(
    en ? `there is no command \`${word}\`` : `没有命令 \`${word}\``,
    nearest(word, known),
    language,
  );
}

/** @param known the options as typed, with their dashes */
function noSuchOption(word: string, known: readonly string[], language: Language): string {
  return withSuggestion(
    language === "en" ? `there is no option \`${word}\`` : `没有选项 \`${word}\``,
    nearest(word, known),
    language,
  );
}

function withSuggestion(what: string, near: string | undefined, language: Language): string {
  if (near === undefined) return what;
  return language === "en"
    ? `${what}; did you mean \`${near}\`?`
    : `${what}，是否要用 \`${near}\`？`;
}

/**
 * What is printed for a mistake: its sentence, and where to find more. The command's page would
 * push the sentence out of sight; it follows only where a group of commands was named alone.
 * Undefined if the error is not a mistake of the user's.
 */
export async function complaintAbout(
  error: unknown,
  place: Place,
  style: HelpStyle,
): Promise<string | undefined> {
  const sentence = sentenceOf(error, place, style.language);
  if (sentence === undefined) return undefined;
  const { language, columns = COLUMNS } = style;
  const { definition, path } = place;
  const complaint = `${path}: ${sentence}`;
  if (isGroupAlone(error)) {
    const { printHelp } = await import("./help.ts");
    const head = wrap(complaint, Math.min(columns, COLUMNS));
    return `${head}\n\n${printHelp(definition, path, { ...style, color: false })}`;
  }
  const isAnswered = error instanceof UsageError || namesTheRightWord(sentence);
  if (path === "baton" && isAnswered) return `${complaint}\n`;
  const isOurs = definition.program === undefined;
  const more = isOurs ? `\`${helpOf(path)}\`` : `\`${path} --help\``;
  return `${complaint}\n${language === "en" ? `${more} says more` : `详见 ${more}`}\n`;
}

const COLUMNS = 80;

const isGroupAlone = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "commander.help";

/** `baton help havip create`. */
const helpOf = (path: string): string =>
  path === "baton" ? "baton help" : path.replace(" ", " help ");

function sentenceOf(
  error: unknown,
  { node, definition, accepted }: Place,
  language: Language,
): string | undefined {
  if (error instanceof UsageError) return error.sentence[language];
  if (error instanceof NoSuchCommandError) return noSuchCommand(error.word, error.known, language);
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const quoted = /'(.*)'/s.exec(error.message)?.[1] ?? "";
  const names = (definition.commands ?? []).map((one) => one.definition.name);
  switch (error.code) {
    case "commander.unknownOption":
      return unknownOption(quoted, accepted, language);
    case "commander.missingArgument":
      return missingOperand(quoted.replace(/\.\.\.$/, " ..."))[language];
    case "commander.excessArguments": {
      const extra = node.args[definition.operands?.length ?? 0] ?? "";
      return extraOperand(extra, definition.operandAdvice)[language];
    }
    case "commander.unknownCommand":
      return noSuchCommand(node.args[0], names, language);
    case "commander.help":
      return noSuchCommand(undefined, names, language);
    default:
      return undefined;
  }
}

const namesTheRightWord = (sentence: string): boolean =>
  /; did you mean `[^`]*`\?$|，是否要用 `[^`]*`？$/u.test(sentence);

function unknownOption(word: string, accepted: Options, language: Language): string {
  const [name = ""] = word.split("=");
  // Commander reports a flag with a value as an unknown option.
  if (Object.hasOwn(accepted, name.replace(/^--/, "")) && word.includes("=")) {
    return takesNoValue(name)[language];
  }
  // Of `-nZ` only the rest, `-Z`, is reported.
  const written = name.startsWith("--") ? name : name.slice(0, 2);
  const known = Object.keys(accepted).map((one) => `--${one}`);
  return noSuchOption(written, known, language);
}
