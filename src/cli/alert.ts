/** `baton alert test`: does a message arrive, before one has to? */
import { hostname, userInfo } from "node:os";
import { defineCommand } from "#command-line/command";
import { type Command, flag, type Line, oneOf, text, value } from "#command-line/definition";
import type { CallOutcome } from "#daemon/alert-outcome";
import type { TestedDestination } from "#daemon/alert-test";
import type { Language } from "#diagnostics/diagnostic";
import type { DestinationPlan } from "#keepalived/plan/run-plan";
import { printColumns } from "./columns.ts";
import { DEFAULT_FILE } from "./config-files.ts";
import { ask, RUNTIME_DIR_OPTION, runtimeDirOf } from "./control-client.ts";
import { readPlan } from "./run-plan.ts";

const KINDS = ["webhook", "wecom", "dingtalk", "feishu", "email"] as const;

const OPTIONS = {
  to: value(
    text("KIND", "类型"),
    text(
      `only destinations of this kind: ${KINDS.join(", ")}`,
      `只测试此类接收方：${KINDS.join("、")}`,
    ),
    { accepts: oneOf(KINDS) },
  ),
  "use-file": value(
    text("FILE", "文件"),
    text(
      `the file (default: the running daemon's, else ${DEFAULT_FILE})`,
      `配置文件（默认为正在运行的守护进程所用的文件，否则为 ${DEFAULT_FILE}）`,
    ),
    { short: "f", completes: "files" },
  ),
  "config-id": value(
    text("ID", "ID"),
    text(
      "which of the lines that begin with @ID count (default: this host's name)",
      "以 @ID 开头的行按哪台机器判断（默认为本机主机名）",
    ),
    { short: "i" },
  ),
  json: flag(text("for programs", "供程序读取的输出")),
  "runtime-dir": RUNTIME_DIR_OPTION,
} as const;

type TestLine = Line<typeof OPTIONS>;

const testCommand = defineCommand({
  name: "test",
  summary: text(
    "Sends a test message through every destination of the file, and says what happened to each.",
    "通过配置文件中的每个接收方发送一条测试消息，并逐一说明结果。",
  ),
  details: text(
    "Destinations are those of `alert { … }`, and `notification_email` if something is mailed. Nothing is tried twice. The keys in addresses are not shown.",
    "接收方为 `alert { … }` 中的各项；若有需要发送邮件的项，还包括 `notification_email`。每个只尝试一次。地址中的密钥不会显示。",
  ),
  options: OPTIONS,
  examples: [
    { line: "baton alert test", about: text("all of them", "测试全部") },
    { line: "baton alert test --to email", about: text("mail alone", "只测试邮件") },
  ],
  notes: text(
    "Exit status: 0 all arrived, 1 one did not, or there is none, or the file cannot be read, 2 wrong usage.",
    "退出码：0 全部送达，1 有未送达的、没有接收方，或无法读取配置文件，2 用法错误。",
  ),
  run: async (line) => await test(line),
});

export const command: Command = defineCommand({
  name: "alert",
  summary: text("Tries where alerts go.", "测试告警的接收方。"),
  commands: [testCommand],
  examples: [{ line: "baton alert test", about: text("all destinations", "测试全部接收方") }],
});

async function test(line: TestLine): Promise<number> {
  const { options, language, io } = line;
  const file = options["use-file"] ?? (await fileOfDaemon(line)) ?? DEFAULT_FILE;
  const configId = options["config-id"];
  const read = readPlan({ file, configId, isCompatible: true, language }, io);
  if (read.plan === undefined) {
    for (const { severity, rendered } of read.findings)
      if (severity === "error") io.stderr(`${rendered}\n`);
    return 1;
  }
  const { testAlerts } = await import("#daemon/alert-test");
  const host = { name: hostname(), user: userInfo().username };
  const kind: DestinationPlan["kind"] | undefined = KINDS.find((one) => one === options.to);
  const tested = await testAlerts(read.plan, { host, language, kind });
  if (options.json) io.stdout(`${JSON.stringify(tested.map(jsonOf), undefined, 2)}\n`);
  else if (tested.length === 0) io.stderr(`baton alert test: ${nothing(file, kind, language)}\n`);
  else io.stdout(await tableOf(tested, language));
  return tested.length > 0 && tested.every(({ outcome }) => isWhole(outcome)) ? 0 : 1;
}

/** What an operator wants to know is what the running daemon would do. */
async function fileOfDaemon(line: TestLine): Promise<string | undefined> {
  const asked = await ask(runtimeDirOf(line), { command: "status" });
  if (asked.kind === "unreachable") return undefined;
  const { answer } = asked;
  return answer.ok && "status" in answer ? answer.status.configFile : undefined;
}

/** To all recipients. */
const isWhole = (outcome: CallOutcome): boolean =>
  outcome.kind === "arrived" && (outcome.refused ?? []).length === 0;

function nothing(file: string, kind: string | undefined, language: Language): string {
  const en = language === "en";
  if (kind !== undefined)
    return en
      ? `${file} has no destination of this kind: ${kind}`
      : `${file} 中没有此类接收方：${kind}`;
  return en
    ? `${file} has neither an \`alert\` block nor \`smtp_alert\``
    : `${file} 中既没有 \`alert\` 块，也没有 \`smtp_alert\``;
}

interface TestedJson {
  readonly to: string;
  readonly kind: string;
  readonly outcome: "arrived" | "failed";
  readonly milliseconds: number;
  readonly refused?: readonly string[];
  readonly why?: unknown;
}

function jsonOf({ label, kind, milliseconds, outcome }: TestedDestination): TestedJson {
  const common = { to: label, kind, milliseconds, outcome: outcome.kind };
  if (outcome.kind === "failed") return { ...common, why: outcome.why };
  return outcome.refused === undefined ? common : { ...common, refused: outcome.refused };
}

async function tableOf(tested: readonly TestedDestination[], language: Language): Promise<string> {
  const { failureSentence } = await import("#daemon/alert-outcome");
  const en = language === "en";
  const said = (outcome: CallOutcome): string => {
    if (outcome.kind === "failed") return failureSentence(outcome.why, language);
    const { refused } = outcome;
    if (refused === undefined) return en ? "arrived" : "已送达";
    return en
      ? `arrived, but not to ${refused.join(", ")}`
      : `已送达，但不含 ${refused.join("、")}`;
  };
  return printColumns([
    en ? ["to", "took", "result"] : ["接收方", "用时", "结果"],
    ...tested.map(({ label, milliseconds, outcome }) => [
      label,
      `${milliseconds} ms`,
      said(outcome),
    ]),
  ]);
}
