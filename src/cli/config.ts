/** `baton config fmt` and `baton config show --effective`. */

import { defineCommand } from "#command-line/command";
import { type Command, flag, type Line, type Operand, text, value } from "#command-line/definition";
import type { CommandIo } from "#command-line/io";
import type { Language } from "#diagnostics/diagnostic";
import { renderTerminal } from "#diagnostics/render/terminal";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { mapSources, positionAt, type SourceMap } from "#diagnostics/source";
import { formatText } from "#keepalived/format";
import { type Origin, showEffective } from "#keepalived/show";
import { DEFAULT_FILE, loadFile, readFiles } from "./config-files.ts";
import { notWritten, replaceFile } from "./replace-file.ts";

const COMMON = {
  "use-file": value(
    text("FILE", "文件"),
    text(`the file (default ${DEFAULT_FILE})`, `配置文件（默认 ${DEFAULT_FILE}）`),
    { short: "f", completes: "files" },
  ),
} as const;

const FMT_OPTIONS = {
  write: flag(text("put the result in place", "直接写回文件"), "w"),
  check: flag(
    text(
      "only report whether it would change (exit status 1)",
      "只判断是否会改动（退出码 1 表示会）",
    ),
  ),
} as const;

const SHOW_OPTIONS = {
  "config-id": value(
    text("ID", "ID"),
    text(
      "which of the lines that begin with @ID count (default: this host's name)",
      "以 @ID 开头的行按哪台机器判断（默认为本机主机名）",
    ),
    { short: "i" },
  ),
  effective: flag(text("every value, which is the default", "列出所有值（默认）")),
  json: flag(text("for programs", "供程序读取的输出")),
} as const;

const FILE: Operand = {
  name: text("FILE", "文件"),
  about: text("the same as -f FILE", "同 -f 文件"),
  isOptional: true,
  completes: "files",
};

const fmt = defineCommand({
  name: "fmt",
  summary: text("Prints the file with tidy indentation.", "按统一的缩进输出文件。"),
  details: text(
    "Comments, quotes and definitions stay, and so does what keepalived reads.",
    "注释、引号和定义保持不变，keepalived 读到的内容也不变。",
  ),
  operands: [FILE],
  options: FMT_OPTIONS,
  common: COMMON,
  examples: [{ line: "baton config fmt -w a.conf", about: text("in place", "直接写回") }],
  run: format,
});

const show = defineCommand({
  name: "show",
  summary: text(
    "Shows every value that counts, and the line it comes from.",
    "列出每一个生效的值，以及它来自哪一行。",
  ),
  operands: [FILE],
  options: SHOW_OPTIONS,
  common: COMMON,
  examples: [
    { line: "baton config show a.conf", about: text("as Baton reads it", "Baton 读到的配置") },
  ],
  run: showValues,
});

export const command: Command = defineCommand({
  name: "config",
  summary: text(
    "Formats a keepalived.conf, or shows its effective values.",
    "整理 keepalived.conf 的格式，或查看生效的值。",
  ),
  common: COMMON,
  commands: [fmt, show],
  examples: [
    { line: "baton config fmt --check", about: text("for a hook", "用于提交钩子") },
    { line: "baton config show", about: text("what counts, and why", "生效的值及其来源") },
  ],
});

type FmtLine = Line<typeof FMT_OPTIONS & typeof COMMON>;
type ShowLine = Line<typeof SHOW_OPTIONS & typeof COMMON>;

const fileOf = ({ options, operands }: FmtLine | ShowLine): string => {
  const [file = options["use-file"] ?? DEFAULT_FILE] = operands;
  return file;
};

/** Prints why the file cannot be processed. Undefined if it can. */
function unreadable(file: string, language: Language, io: CommandIo): number | undefined {
  const { findings, source } = loadFile(file);
  const [problem] = findings.filter(({ code }) => code !== "VR5003");
  if (problem === undefined) return undefined;
  const sources = mapSources([source]);
  io.stderr(renderTerminal(toDiagnostic(problem, language), sources, { language, color: false }));
  return 1;
}

function format(line: FmtLine): number {
  const { options, language, io } = line;
  const file = fileOf(line);
  const failed = unreadable(file, language, io);
  if (failed !== undefined) return failed;
  const { source, writable } = loadFile(file);
  const complain = (en: string, zh: string): number => {
    io.stderr(`baton config fmt: ${language === "en" ? en : zh}\n`);
    return 1;
  };
  const formatted = formatText(source);
  if (formatted === undefined) {
    return complain(
      `${file} cannot be formatted as it is; \`baton check\` reports why`,
      `${file} 目前无法整理格式，原因见 \`baton check\``,
    );
  }
  if (options.check) {
    if (formatted === source.text) return 0;
    io.stdout(`${file}\n`);
    return 1;
  }
  if (!options.write) {
    io.stdout(formatted);
    return 0;
  }
  if (!writable) {
    return complain(`${file} is not UTF-8 and is left alone`, `${file} 不是 UTF-8 编码，未作改动`);
  }
  const result = formatted === source.text ? undefined : replaceFile(file, source.text, formatted);
  if (result?.kind !== "refused") return 0;
  const why = notWritten(file, result.why, language);
  return complain(why, why);
}

function showValues(line: ShowLine): number {
  const { options, language, io } = line;
  const configId = options["config-id"];
  const file = fileOf(line);
  const failed = unreadable(file, language, io);
  if (failed !== undefined) return failed;
  const { source } = loadFile(file);
  const reading = readFiles(source, {
    environment: io.env,
    language,
    ...(configId === undefined ? {} : { configId }),
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
      return `    ${left.padEnd(Math.min(width, 60))}  # ${printOrigin(origin, sources, language)}`;
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
