/** The command line of the demonstration. */
import { parseArgs } from "node:util";
import type { Language } from "#diagnostics/diagnostic";
import { languageOf, readLanguage } from "#diagnostics/language";
import type { Micros } from "#units/time";
import { FAULT_NAMES, type FaultName } from "../measure/faults.ts";
import { readDuration } from "../vpc/duration.ts";

export interface DemoOptions {
  readonly help: boolean;
  readonly keep: boolean;
  readonly versus: boolean;
  readonly faults: readonly FaultName[];
  readonly seed: number;
  readonly json: string | undefined;
  readonly report: string | undefined;
  /** Undefined: what the environment says. */
  readonly lang: Language | undefined;
  /** A plain bridge instead of the VPC: no cloud, no HAVIP, no public address. */
  readonly bridge: boolean;
  /** Of the platform, from an announcement to the moved address. */
  readonly claimLatency: Micros;
}

/**
 * Step 5 of the tutorial: stop, kill, cut off, restart; and its health check, which the
 * tutorial left broken.
 */
const STEP_FIVE: readonly FaultName[] = [
  "stop",
  "kill-engine",
  "kill-all",
  "link",
  "script",
  "restart",
];
const DEFAULT_SEED = 1;

export const DEMO_HELP: Readonly<Record<Language, string>> = {
  en: `usage: npm start -- [options]

  --vs keepalived   the same with keepalived beside it, fault by fault
  --keep            leave everything running at the end, and say how to look, break and leave
  --faults LIST     which faults, in order: ${FAULT_NAMES.join(",")} or "none"
                    (default: ${STEP_FIVE.join(",")})
  --claim-latency TIME  how long the platform takes to move a HAVIP, such as 4s (default 0)
  --bridge          a plain bridge instead of the VPC: no HAVIP, no public address
  --seed NUMBER     decides when within an advertisement interval each fault falls (default ${DEFAULT_SEED})
  --json FILE       results for programs
  --report FILE.md  results for people
  --lang en|zh-CN   language (default: LC_ALL, LC_MESSAGES, LANG)
`,
  "zh-CN": `用法：npm start -- [选项]

  --vs keepalived   同时运行 keepalived，逐个故障对比
  --keep            结束后保留环境，并说明如何查看、注入故障和退出
  --faults 列表     依次注入哪些故障：${FAULT_NAMES.join(",")}，或 "none"
                    （默认 ${STEP_FIVE.join(",")}）
  --claim-latency 时间  平台迁移 HAVIP 的耗时，例如 4s（默认 0）
  --bridge          使用普通网桥，不搭建 VPC：没有 HAVIP 和公网地址
  --seed 数字       决定每个故障落在通告间隔内的哪个时刻（默认 ${DEFAULT_SEED}）
  --json 文件       供程序读取的结果
  --report 文件.md  供阅读的结果
  --lang en|zh-CN   语言（默认取自 LC_ALL、LC_MESSAGES、LANG）
`,
};

export type ParsedOptions =
  | { readonly kind: "ok"; readonly options: DemoOptions }
  | { readonly kind: "bad"; readonly message: string; readonly lang: Language };

type Environment = Readonly<Record<string, string | undefined>>;

export function parseDemoOptions(argv: readonly string[], env: Environment = {}): ParsedOptions {
  const asked = askedLang(argv);
  const lang = readLanguage(asked ?? "") ?? languageOf(env);
  const bad = (en: string, zh: string): ParsedOptions => {
    return { kind: "bad", message: lang === "en" ? en : zh, lang };
  };
  if (asked !== undefined && readLanguage(asked) === undefined)
    return bad(
      `--lang is en or zh-CN, not \`${asked}\``,
      `--lang 应为 en 或 zh-CN，而不是 \`${asked}\``,
    );
  let values: ReturnType<typeof readValues>;
  try {
    values = readValues(argv);
  } catch (error) {
    return bad(...optionMistake(error));
  }
  if (values.vs !== undefined && values.vs !== "keepalived") {
    return bad(
      `--vs knows keepalived only, not \`${values.vs}\``,
      `--vs 只支持 keepalived，不支持 \`${values.vs}\``,
    );
  }
  const names = values.faults === "none" ? [] : values.faults?.split(",");
  const unknown = names?.find((word) => !FAULT_NAMES.includes(word as FaultName));
  if (unknown !== undefined) {
    return bad(
      `no fault is called \`${unknown}\`; there are ${FAULT_NAMES.join(", ")}`,
      `没有名为 \`${unknown}\` 的故障；可用的有 ${FAULT_NAMES.join("、")}`,
    );
  }
  const seed = Number(values.seed ?? DEFAULT_SEED);
  if (!Number.isInteger(seed) || seed < 0) {
    return bad(
      `--seed wants a whole number, not \`${values.seed}\``,
      `--seed 应为整数，而不是 \`${values.seed}\``,
    );
  }
  const claimLatency = readDuration(values["claim-latency"] ?? "0");
  if (claimLatency === undefined) {
    const given = values["claim-latency"];
    return bad(
      `--claim-latency wants a time such as 4s, not \`${given}\``,
      `--claim-latency 应为 4s 这样的时间，而不是 \`${given}\``,
    );
  }
  return {
    kind: "ok",
    options: {
      help: values.help ?? false,
      keep: values.keep ?? false,
      versus: values.vs !== undefined,
      faults: (names as readonly FaultName[] | undefined) ?? STEP_FIVE,
      seed,
      json: values.json,
      report: values.report,
      lang: asked === undefined ? undefined : lang,
      bridge: values.bridge ?? false,
      claimLatency,
    },
  };
}

/** Also from a line that cannot be read otherwise. */
function askedLang(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === "--lang" || word.startsWith("--lang="));
  return argv[at] === "--lang" ? (argv[at + 1] ?? "") : argv[at]?.slice("--lang=".length);
}

function optionMistake(error: unknown): readonly [en: string, zh: string] {
  const text = error instanceof Error ? error.message : String(error);
  const word = /'(-[^\s',]*)/.exec(text)?.[1];
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (word === undefined) return [text, `参数有误：${text}`];
  return code === "ERR_PARSE_ARGS_UNKNOWN_OPTION"
    ? [`there is no option \`${word}\``, `没有选项 \`${word}\``]
    : [text, `选项 \`${word}\` 用法有误`];
}

function readValues(argv: readonly string[]): {
  help?: boolean;
  keep?: boolean;
  vs?: string;
  faults?: string;
  seed?: string;
  json?: string;
  report?: string;
  lang?: string;
  bridge?: boolean;
  "claim-latency"?: string;
} {
  return parseArgs({
    args: [...argv],
    options: {
      help: { type: "boolean", short: "h" },
      keep: { type: "boolean" },
      vs: { type: "string" },
      faults: { type: "string" },
      seed: { type: "string" },
      json: { type: "string" },
      report: { type: "string" },
      lang: { type: "string" },
      bridge: { type: "boolean" },
      "claim-latency": { type: "string" },
    },
  }).values;
}
