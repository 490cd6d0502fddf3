/** `baton metrics`: what Prometheus would scrape, to look at or for a collector of files. */
import { defineCommand } from "#command-line/command";
import { type Command, flag, type Line, text, UsageError, value } from "#command-line/definition";
import type { Language } from "#diagnostics/diagnostic";
import { ask, RUNTIME_DIR_OPTION, runtimeDirOf, unreachableSentence } from "./control-client.ts";

const OPTIONS = {
  json: flag(text("the same families as JSON", "以 JSON 输出同样的指标")),
  textfile: value(
    text("FILE", "文件"),
    text(
      "write them to this file, whole or not at all, for the textfile collector of node_exporter; with baton_up 0 if no daemon answers",
      "写入该文件（要么完整写入，要么不写），供 node_exporter 的 textfile 采集器读取；守护进程没有应答时写入 baton_up 0",
    ),
    {
      completes: "files",
      accepts: {
        test: (path: string) => path.endsWith(".prom"),
        wanted: text(
          "the path of a file that ends in .prom (node_exporter reads no others)",
          "以 .prom 结尾的文件路径（node_exporter 只读取这类文件）",
        ),
      },
    },
  ),
  "runtime-dir": RUNTIME_DIR_OPTION,
} as const;

type MetricsLine = Line<typeof OPTIONS>;

/** Read by another user than root. */
const MODE = 0o644;
/** A thousand instances make some megabytes. */
const TIMEOUT_MS = 15_000;

export const command: Command = defineCommand({
  name: "metrics",
  summary: text(
    "Prints the daemon's metrics in Prometheus' text format.",
    "以 Prometheus 文本格式输出守护进程的指标。",
  ),
  options: OPTIONS,
  examples: [
    { line: "baton metrics", about: text("what a scrape would get", "抓取时得到的内容") },
    {
      line: "baton metrics --textfile /var/lib/prometheus/node-exporter/baton.prom",
      about: text(
        "from a timer: node_exporter serves them with its own",
        "由定时器运行：node_exporter 会一并提供这些指标",
      ),
    },
  ],
  notes: text(
    "Exit status: 0 the daemon answers, 1 otherwise, or if the file cannot be written, 2 wrong usage.",
    "退出码：0 守护进程有应答；1 没有应答，或文件无法写入；2 用法错误。",
  ),
  run: async (line) => {
    const { options } = line;
    if (options.json && options.textfile !== undefined) throw new UsageError(NOT_BOTH);
    const asked = await ask(
      runtimeDirOf(line),
      { command: "metrics", ...(options.json ? { format: "json" as const } : {}) },
      TIMEOUT_MS,
    );
    if (asked.kind === "answer" && asked.answer.ok && "text" in asked.answer)
      return await print(line, asked.answer.text);
    const why = (language: Language): string => {
      if (asked.kind === "unreachable") return unreachableSentence(asked.why, language);
      return asked.answer.ok ? "?" : asked.answer.error;
    };
    return await down(line, why);
  },
});

const NOT_BOTH = text(
  "`--json` and `--textfile` exclude each other: node_exporter reads no JSON",
  "`--json` 与 `--textfile` 不能同用：node_exporter 不读取 JSON",
);

async function print(line: MetricsLine, metrics: string): Promise<number> {
  const { options, io } = line;
  if (options.textfile !== undefined) return await write(line, options.textfile, metrics, 0);
  io.stdout(options.json ? `${metrics}\n` : metrics);
  return 0;
}

/** A file that stays as it was would go on showing an owner that there may not be. */
async function down(line: MetricsLine, why: (language: Language) => string): Promise<number> {
  const { options, language, io } = line;
  if (options.json) io.stdout(`${JSON.stringify({ state: "unknown", why: why("en") })}\n`);
  else io.stderr(`baton metrics: ${why(language)}\n`);
  if (options.textfile === undefined) return 1;
  const { printDown } = await import("#metrics/print-metrics");
  return await write(line, options.textfile, printDown(), 1);
}

async function write(
  { language, io }: MetricsLine,
  path: string,
  metrics: string,
  status: number,
): Promise<number> {
  const { writeWhole } = await import("./write-whole.ts");
  const written = writeWhole(path, metrics, MODE);
  switch (written.kind) {
    case "written":
      return status;
    case "not-regular":
      io.stderr(`baton metrics: ${path}: ${NOT_REGULAR[language]}\n`);
      return 1;
    case "failed":
      io.stderr(`baton metrics: ${path}: ${written.errno}\n`);
      return 1;
  }
}

const NOT_REGULAR: Readonly<Record<Language, string>> = {
  en: "it is not a regular file and was left as it is",
  "zh-CN": "它不是普通文件，未改动",
};
