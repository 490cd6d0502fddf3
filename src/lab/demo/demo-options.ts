/** The command line of the demonstration. */
import { defineCommand } from "#command-line/command";
import {
  type Command,
  flag,
  oneOf,
  text,
  UsageError,
  type Values,
  value,
} from "#command-line/definition";
import type { Language } from "#diagnostics/diagnostic";
import type { Micros } from "#units/time";
import { DATABASE_FAULTS, type DatabaseFaultName } from "../measure/database-fault-names.ts";
import { FAULT_NAMES, type FaultName } from "../measure/faults.ts";
import { readDuration } from "../vpc/duration.ts";

export interface DemoOptions {
  readonly keep: boolean;
  readonly versus: boolean;
  /** Of the tutorial. */
  readonly faults: readonly FaultName[];
  /** A MariaDB pair instead of the tutorial, and these faults of it. */
  readonly databaseFaults: readonly DatabaseFaultName[] | undefined;
  /** Of `--mysql`: as a test has it. */
  readonly quick: boolean;
  readonly seed: number;
  readonly json: string | undefined;
  readonly report: string | undefined;
  /** A plain bridge instead of the VPC: no cloud, no HAVIP, no public address. */
  readonly bridge: boolean;
  /** The tutorial in a browser instead, to be done by hand. */
  readonly console: boolean;
  /** The platform's delay from an announcement to the moved address. */
  readonly claimLatency: Micros;
}

/**
 * Step 5 of the tutorial: stop, kill, cut off, restart; and its health check, which does not
 * work in the tutorial.
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

/** `--mysql --quick`: a planned move and a crash. */
const QUICK: readonly DatabaseFaultName[] = ["move", "server-kill"];

/** Which of the two it must be depends on `--mysql`. */
const KNOWN_FAULTS: ReadonlySet<string> = new Set([...FAULT_NAMES, ...DATABASE_FAULTS]);
const isFaultList = (list: string): boolean =>
  list === "none" || list.split(",").every((one) => KNOWN_FAULTS.has(one));

const FILE = text("FILE", "文件");

const OPTIONS = {
  vs: value(
    text("keepalived", "keepalived"),
    text("the same with keepalived beside it, fault by fault", "同时运行 keepalived，逐个故障对比"),
    { accepts: oneOf(["keepalived"]) },
  ),
  mysql: flag(
    text(
      "a MariaDB pair behind the HAVIP instead: clients write, it breaks, and no acknowledged write may be lost",
      "改为 HAVIP 后的一对 MariaDB：客户端持续写入，注入故障，已确认的写入不得丢失",
    ),
  ),
  quick: flag(
    text(`with --mysql: only ${QUICK.join(", ")}`, `与 --mysql 合用：只注入 ${QUICK.join("、")}`),
  ),
  keep: flag(
    text(
      "leave everything running at the end, and show how to look, break and leave",
      "结束后保留环境，并说明如何查看、注入故障和退出",
    ),
  ),
  faults: value(
    text("LIST", "列表"),
    text(
      `which faults, in order: ${FAULT_NAMES.join(", ")}, or none (default: ${STEP_FIVE.join(", ")}); with --mysql: ${DATABASE_FAULTS.join(", ")} (default: all)`,
      `依次注入哪些故障：${FAULT_NAMES.join("、")}，或 none（默认 ${STEP_FIVE.join("、")}）；--mysql 时：${DATABASE_FAULTS.join("、")}（默认全部）`,
    ),
    {
      accepts: {
        test: isFaultList,
        wanted: text(
          `none, or a list of ${[...KNOWN_FAULTS].join(", ")}`,
          `none，或 ${[...KNOWN_FAULTS].join("、")} 的列表`,
        ),
      },
    },
  ),
  "claim-latency": value(
    text("TIME", "时间"),
    text(
      "how long the platform takes to move a HAVIP, such as 4s (default 0)",
      "平台迁移 HAVIP 的耗时，例如 4s（默认 0）",
    ),
    {
      accepts: {
        test: (time) => readDuration(time) !== undefined,
        wanted: text("a time such as 4s", "4s 这样的时间"),
      },
    },
  ),
  console: flag(
    text(
      "the tutorial in a browser instead, to do and to break by hand; prints the address",
      "改为在浏览器中动手完成教程并注入故障；会输出访问地址",
    ),
  ),
  bridge: flag(
    text(
      "a plain bridge instead of the VPC: no HAVIP, no public address",
      "使用普通网桥，不搭建 VPC：没有 HAVIP 和公网地址",
    ),
  ),
  seed: value(
    text("NUMBER", "数字"),
    text(
      `decides when within an advertisement interval each fault falls (default ${DEFAULT_SEED})`,
      `决定每个故障落在通告间隔内的哪个时刻（默认 ${DEFAULT_SEED}）`,
    ),
    {
      accepts: {
        test: (seed) => Number.isInteger(Number(seed)) && Number(seed) >= 0,
        wanted: text("a whole number", "整数"),
      },
    },
  ),
  json: value(FILE, text("results for programs", "供程序读取的结果"), { completes: "files" }),
  report: value(text("FILE.md", "文件.md"), text("results for people", "供阅读的结果")),
} as const;

/** @param run runs the demonstration; its result is the exit status */
export const demoCommand = (
  run: (options: DemoOptions, language: Language) => Promise<number>,
): Command =>
  defineCommand({
    name: "",
    program: "npm start --",
    summary: text(
      "The HAVIP tutorial on this machine: a VPC, two nodes, a client, and every kind of failure, measured.",
      "在本机运行 HAVIP 教程：VPC、两个节点、一个客户端，并测量每种故障。",
    ),
    options: OPTIONS,
    examples: [
      {
        line: "npm start -- --vs keepalived",
        about: text("beside keepalived", "与 keepalived 对比"),
      },
      {
        line: "npm start -- --console",
        about: text("by hand, in a browser", "在浏览器中动手操作"),
      },
      {
        line: "npm start -- --mysql --vs keepalived",
        about: text("a database behind the address", "地址后面是数据库"),
      },
      { line: "npm start -- --faults hang,link", about: text("these two", "只注入这两种故障") },
    ],
    run: async ({ options, language }) => await run(readOptions(options), language),
  });

function readOptions(options: Values<typeof OPTIONS>): DemoOptions {
  const { faults, vs, keep, bridge, json, report, seed = DEFAULT_SEED, console } = options;
  const chosen = faults === "none" ? [] : faults?.split(",");
  const known: readonly string[] = options.mysql ? DATABASE_FAULTS : FAULT_NAMES;
  const unknown = chosen?.find((one) => !known.includes(one));
  if (unknown !== undefined) {
    throw new UsageError(
      text(
        `--faults ${unknown}: ${options.mysql ? "with" : "without"} --mysql there are ${known.join(", ")}`,
        `--faults ${unknown}：${options.mysql ? "使用" : "不使用"} --mysql 时可用的有 ${known.join("、")}`,
      ),
    );
  }
  const ofDatabase = options.quick ? QUICK : DATABASE_FAULTS;
  return {
    keep,
    versus: vs !== undefined,
    faults: (chosen as readonly FaultName[] | undefined) ?? STEP_FIVE,
    databaseFaults: options.mysql
      ? ((chosen as readonly DatabaseFaultName[] | undefined) ?? ofDatabase)
      : undefined,
    quick: options.quick,
    seed: Number(seed),
    json,
    report,
    bridge,
    console,
    claimLatency: readDuration(options["claim-latency"] ?? "0") ?? (0 as Micros),
  };
}
