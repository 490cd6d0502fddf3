/** The options that all commands for a running daemon share. */
import { parseArgs } from "node:util";
import type { Language } from "#diagnostics/diagnostic";
import { languageOf, readLanguage } from "#diagnostics/language";
import { RUNTIME_DIR } from "./control-client.ts";
import type { CommandIo } from "./io.ts";
import { noSuchLanguage, parseMistake, usageComplaint } from "./usage-mistakes.ts";

export interface ControlOptions {
  readonly runtimeDir: string;
  readonly language: Language;
  readonly flags: ReadonlySet<string>;
  readonly operands: readonly string[];
}

export interface ControlCommand {
  /** As it is typed. */
  readonly name: string;
  readonly usage: Readonly<Record<Language, string>>;
  readonly flags: readonly string[];
  readonly operandsMax: number;
}

/** The options, or the exit status when everything is said already (help, wrong usage). */
export function readControlOptions(
  args: readonly string[],
  io: CommandIo,
  command: ControlCommand,
): ControlOptions | number {
  const flags = Object.fromEntries(
    [...command.flags, "help"].map((name) => [
      name,
      name === "help" ? ({ type: "boolean", short: "h" } as const) : ({ type: "boolean" } as const),
    ]),
  );
  const options = {
    ...flags,
    "runtime-dir": { type: "string" },
    lang: { type: "string" },
  } as const;
  let values: Readonly<Record<string, unknown>>;
  let positionals: readonly string[];
  try {
    ({ values, positionals } = parseArgs({
      args: [...args],
      options,
      strict: true,
      allowPositionals: true,
    }));
  } catch (error) {
    const language = languageOf(io.env);
    return complain(io, command, language, parseMistake(error, Object.keys(options), language));
  }
  const lang = values["lang"];
  const asked = typeof lang === "string" ? readLanguage(lang) : undefined;
  const language = asked ?? languageOf(io.env);
  if (typeof lang === "string" && asked === undefined) {
    return complain(io, command, language, noSuchLanguage(lang, language));
  }
  if (values["help"] === true) {
    io.stdout(command.usage[language]);
    return 0;
  }
  const extra = positionals[command.operandsMax];
  if (extra !== undefined) {
    const text = language === "en" ? `what is \`${extra}\`?` : `多余的参数 \`${extra}\``;
    return complain(io, command, language, text);
  }
  const dir = values["runtime-dir"];
  return {
    runtimeDir: typeof dir === "string" ? dir : RUNTIME_DIR,
    language,
    flags: new Set(command.flags.filter((name) => values[name] === true)),
    operands: positionals,
  };
}

function complain(
  io: CommandIo,
  command: ControlCommand,
  language: Language,
  text: string,
): number {
  io.stderr(usageComplaint(command.name, text, command.usage[language], language));
  return 2;
}
