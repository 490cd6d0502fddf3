/** `baton config fmt` and `baton config show --effective`. */

import type { Language } from "#diagnostics/diagnostic";
import { languageOf, readLanguage } from "#diagnostics/language";
import { renderTerminal } from "#diagnostics/render/terminal";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { mapSources, positionAt, type SourceMap } from "#diagnostics/source";
import { formatText } from "#keepalived/format";
import { type Origin, showEffective } from "#keepalived/show";
import { DEFAULT_FILE, loadFile, readFiles } from "./config-files.ts";
import type { Command, CommandIo } from "./io.ts";
import { languageAmong } from "./language.ts";
import { replaceFile } from "./replace-file.ts";
import { notWritten } from "./replace-text.ts";
import { needsValue, noSuchOption, noSuchVerb, usageComplaint } from "./usage-mistakes.ts";

const USAGE: Readonly<Record<Language, string>> = {
  en: `baton config: work on a keepalived.conf

  baton config fmt [FILE] [--write | --check]
      print the file with tidy indentation; --write puts it in place, --check only says (exit status 1)
      whether it would change. Comments, quotes and definitions stay, and so does what keepalived reads.

  baton config show [--effective] [FILE] [-i ID]
      every value that counts, and the line it comes from

  The file is ${DEFAULT_FILE} unless another is named. --lang en or zh-CN.
`,
  "zh-CN": `baton config：整理或查看 keepalived.conf

  baton config fmt [文件] [--write | --check]
      按统一的缩进输出文件；--write 直接写回文件，--check 只判断是否会改动（退出码 1 表示会）。
      注释、引号和定义保持不变，keepalived 读到的内容也不变。

  baton config show [--effective] [文件] [-i ID]
      列出每一个生效的值，以及它来自哪一行

  不写文件名时使用 ${DEFAULT_FILE}。--lang 为 en 或 zh-CN。
`,
};

const VERBS: readonly string[] = ["fmt", "show"];
const FLAGS: readonly string[] = ["--write", "--check", "--json", "--effective", "--lang"];

interface Options {
  readonly file: string;
  readonly configId: string | undefined;
  readonly write: boolean;
  readonly check: boolean;
  readonly json: boolean;
  readonly language: Language;
}

export function runConfig(argv: readonly string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = argv;
  const language = languageAmong(argv, io.env);
  if (argv.some((word) => word === "--help" || word === "-h")) {
    io.stdout(USAGE[language]);
    return Promise.resolve(0);
  }
  const wrong = (problem: string): Promise<number> => {
    io.stderr(usageComplaint("config", problem, USAGE[language], language));
    return Promise.resolve(2);
  };
  if (verb !== "fmt" && verb !== "show") return wrong(noSuchVerb(verb, VERBS, language));
  const options = parse(rest, io);
  if (typeof options === "string") return wrong(options);
  return Promise.resolve(verb === "fmt" ? format(options, io) : show(options, io));
}

export const command: Command = runConfig;

function parse(words: readonly string[], io: CommandIo): Options | string {
  const draft = {
    file: undefined as string | undefined,
    configId: undefined as string | undefined,
    write: false,
    check: false,
    json: false,
    language: languageOf(io.env),
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--write" || word === "-w") draft.write = true;
    else if (word === "--check") draft.check = true;
    else if (word === "--json") draft.json = true;
    else if (word === "--effective") continue;
    else if (word === "-f" || word === "-i" || word === "--lang") {
      const value = words[++at];
      if (value === undefined) return needsValue(word, draft.language);
      if (word === "-f") draft.file = value;
      else if (word === "-i") draft.configId = value;
      else draft.language = readLanguage(value) ?? draft.language;
    } else if (word.startsWith("-")) return noSuchOption(word, FLAGS, draft.language);
    else if (draft.file !== undefined) {
      return draft.language === "en" ? "name one file" : "只能指定一个文件";
    } else draft.file = word;
  }
  return { ...draft, file: draft.file ?? DEFAULT_FILE };
}

/** Prints why the file cannot be worked on; undefined: it can. */
function unreadable(options: Options, io: CommandIo): number | undefined {
  const { findings, source } = loadFile(options.file);
  const [problem] = findings.filter(({ code }) => code !== "VR5003");
  if (problem === undefined) return undefined;
  const { language } = options;
  const sources = mapSources([source]);
  io.stderr(renderTerminal(toDiagnostic(problem, language), sources, { language, color: false }));
  return 1;
}

function format(options: Options, io: CommandIo): number {
  const failed = unreadable(options, io);
  if (failed !== undefined) return failed;
  const { source, writable } = loadFile(options.file);
  const text = formatText(source);
  if (text === undefined) {
    io.stderr(
      `baton config fmt: ${options.file} cannot be formatted as it is; \`baton check\` says why\n`,
    );
    return 1;
  }
  if (options.check) {
    if (text === source.text) return 0;
    io.stdout(`${options.file}\n`);
    return 1;
  }
  if (!options.write) {
    io.stdout(text);
    return 0;
  }
  if (!writable) {
    io.stderr(`baton config fmt: ${options.file} is not UTF-8 and is left alone\n`);
    return 1;
  }
  const result = text === source.text ? undefined : replaceFile(options.file, source.text, text);
  if (result?.kind !== "refused") return 0;
  io.stderr(`baton config fmt: ${notWritten(options.file, result.why, options.language)}\n`);
  return 1;
}

function show(options: Options, io: CommandIo): number {
  const failed = unreadable(options, io);
  if (failed !== undefined) return failed;
  const { source } = loadFile(options.file);
  const reading = readFiles(source, {
    environment: io.env,
    language: options.language,
    ...(options.configId === undefined ? {} : { configId: options.configId }),
  });
  const blocks = showEffective(reading.plan, reading.model);
  const sources = mapSources(reading.sources);
  if (options.json) {
    io.stdout(`${JSON.stringify(reading.plan, null, 2)}\n`);
    return 0;
  }
  const parts = blocks.map(({ title, values }) => {
    const width = Math.max(
      ...values.map(({ keyword, value }) => keyword.length + value.length + 1),
    );
    const lines = values.map(({ keyword, value, origin }) => {
      const left = `${keyword} ${value}`.trimEnd();
      return `    ${left.padEnd(Math.min(width, 60))}  # ${printOrigin(origin, sources, options.language)}`;
    });
    return `${title} {\n${lines.join("\n")}\n}\n`;
  });
  io.stdout(parts.join("\n"));
  return 0;
}

function printOrigin(origin: Origin, sources: SourceMap, language: Language): string {
  if (origin.kind === "default") return language === "en" ? "default" : "默认值";
  const index = sources.find(origin.span.file);
  const line = index === undefined ? 0 : positionAt(index, origin.span.start).line;
  const place = `${origin.span.file}:${line}`;
  if (origin.kind === "place") return place;
  if (origin.kind === "preset")
    return language === "en" ? `preset ${origin.name}, ${place}` : `预设 ${origin.name}，${place}`;
  return language === "en" ? `corrected, ${place} says otherwise` : `已修正，${place} 写的不同`;
}
