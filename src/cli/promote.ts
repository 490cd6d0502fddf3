/** `baton promote`: this node is to have the address of a gate. */
import { defineCommand } from "#command-line/command";
import { type Command, flag, type Line, text, UsageError, value } from "#command-line/definition";
import type { PromoteAnswer } from "#daemon/promote-protocol";
import { visible } from "#units/visible";
import { ask, RUNTIME_DIR_OPTION, runtimeDirOf, unreachableSentence } from "./control-client.ts";

const OPTIONS = {
  "accept-loss": flag(
    text(
      "this node's data counts: what other nodes have more than it is given up",
      "以本节点的数据为准：放弃其他节点多出的数据",
    ),
  ),
  "dry-run": flag(text("only say what speaks against it", "只说明有何妨碍")),
  reason: value(text("TEXT", "文本"), text("for the history", "写入历史")),
  json: flag(text("for programs", "供程序读取的输出")),
  "runtime-dir": RUNTIME_DIR_OPTION,
} as const;

type PromoteLine = Line<typeof OPTIONS>;

export const command: Command = defineCommand({
  name: "promote",
  summary: text(
    "Promotes this node where its gate holds it back: after a refusal, or, with --accept-loss, although its data may lack something.",
    "在 gate 阻止本节点时将其提升：提升失败之后；或使用 --accept-loss，即使数据可能不全。",
  ),
  options: OPTIONS,
  operands: [
    {
      name: text("NAME", "名称"),
      about: text(
        "an instance or a sync group with a gate (default: the only one there is)",
        "带 gate 的实例或同步组（只有一个时可省略）",
      ),
      isOptional: true,
      isInstance: true,
    },
  ],
  examples: [
    { line: "baton promote VI_1 --dry-run", about: text("what speaks against it?", "有何妨碍？") },
    {
      line: "baton promote VI_1",
      about: text("try again, without the wait", "不再等待，立即重试"),
    },
    {
      line: "baton promote VI_1 --accept-loss --reason 'db2 is gone for good'",
      about: text("this data counts", "以这里的数据为准"),
    },
  ],
  notes: text(
    "It takes no address from a living owner: `baton switch` there does that. --accept-loss is for the case that no node may be promoted, or that two have different data: compare them first (`baton explain`). What the other node acknowledged and this one lacks is lost, and the other node has to be set up again.\n\nExit status: 0 this node serves the address (with --dry-run: nothing speaks against it), 1 it does not, or no daemon, 2 wrong usage.",
    "它不会从正常的持有者处夺取地址：请在持有者上执行 `baton switch`。--accept-loss 用于没有节点可提升，或两个节点数据不一致的情况：请先比较（`baton explain`）。其他节点已确认而本节点没有的写入会丢失，对方须重新搭建。\n\n退出码：0 本节点已在提供服务（--dry-run：没有妨碍），1 没有，或没有守护进程，2 用法错误。",
  ),
  run: async (line) => {
    const { options, operands, language, io } = line;
    const [name] = operands;
    if (name === "") throw new UsageError(text("an empty name", "名称为空"));
    const asked = await ask(
      runtimeDirOf(line),
      {
        command: "promote",
        lang: language,
        ...(name !== undefined && { name }),
        ...(options["accept-loss"] && { acceptLoss: true as const }),
        ...(options["dry-run"] && { dryRun: true as const }),
        ...(options.reason !== undefined && { why: options.reason }),
      },
      TIMEOUT_MS,
    );
    if (asked.kind === "unreachable") {
      io.stderr(`baton promote: ${unreachableSentence(asked.why, language)}\n`);
      return 1;
    }
    const { answer } = asked;
    if (!answer.ok) {
      if (options.json) io.stdout(`${JSON.stringify(answer)}\n`);
      const hint = answer.help === undefined ? "" : `\n  ${answer.help}`;
      io.stderr(`baton promote: ${visible(answer.error)}${hint}\n`);
      return 1;
    }
    if (!("promote" in answer)) return 1;
    return print(answer.promote, line);
  },
});

/** The daemon ends the wait by itself; a promotion may take as long as its time-out. */
const TIMEOUT_MS = 3_700_000;

function print(answer: PromoteAnswer, { options, language, io }: PromoteLine): number {
  const isFine = answer.outcome !== "refused";
  if (options.json) io.stdout(`${JSON.stringify(answer)}\n`);
  else {
    const said = visible(
      `${answer.name}${language === "en" ? ": " : "："}${answer.text[language]}`,
    );
    if (isFine) io.stdout(`${said}\n`);
    else io.stderr(`${said}\n`);
  }
  return isFine ? 0 : 1;
}
