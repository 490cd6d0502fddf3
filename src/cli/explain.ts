/** `baton explain [NAME]` asks the daemon; `baton explain VR1234` prints the page of a finding. */
import { defineCommand } from "#command-line/command";
import {
  type Command,
  extraOperand,
  flag,
  type Line,
  text,
  UsageError,
} from "#command-line/definition";
import { CODES } from "#diagnostics/codes";
import { visible } from "#units/visible";
import { ask, RUNTIME_DIR_OPTION, runtimeDirOf, unreachableSentence } from "./control-client.ts";

const CODE = /^VR\d{4}$/i;

const OPTIONS = {
  json: flag(text("for programs", "供程序读取的输出")),
  "runtime-dir": RUNTIME_DIR_OPTION,
} as const;

export const command: Command = defineCommand({
  name: "explain",
  summary: text(
    "Explains why an instance or a sync group is in its state, with the numbers, and what would change it; or what a code of `baton check` means.",
    "说明实例或同步组为何处于当前状态（附具体数值），以及什么会改变它；或说明 `baton check` 输出的编号。",
  ),
  options: OPTIONS,
  operands: [
    {
      name: text("NAME", "名称"),
      about: text(
        "an instance, a sync group, or a code like VR2010 (default: all instances)",
        "实例、同步组，或 VR2010 这样的编号（默认：全部实例）",
      ),
      isOptional: true,
      most: Infinity,
      completes: Object.keys(CODES),
      isInstance: true,
    },
  ],
  examples: [
    { line: "baton explain VI_1", about: text("why it is BACKUP", "为何是 BACKUP") },
    { line: "baton explain VR2010", about: text("a finding, with examples", "检查结果及示例") },
  ],
  run: async (line) => {
    const { operands } = line;
    if (operands.some((word) => CODE.test(word))) {
      const { explainCode } = await import("./page-text.ts");
      for (const word of operands) {
        const status = explainCode(word, line.language, line.io);
        if (status !== 0) return status;
      }
      return 0;
    }
    return await explainInstance(line);
  },
});

async function explainInstance(line: Line<typeof OPTIONS>): Promise<number> {
  const { language, io } = line;
  const [instance, extra] = line.operands;
  if (extra !== undefined) throw new UsageError(extraOperand(extra, undefined));
  const asked = await ask(runtimeDirOf(line), {
    command: "explain",
    lang: language,
    ...(instance === undefined ? {} : { instance }),
  });
  if (asked.kind === "unreachable") {
    io.stderr(`baton explain: ${unreachableSentence(asked.why, language)}\n`);
    return 1;
  }
  const { answer } = asked;
  if (line.options.json) io.stdout(`${JSON.stringify(answer)}\n`);
  else if (!answer.ok) {
    const help = answer.help === undefined ? "" : `\n  ${answer.help}`;
    io.stderr(visible(`baton explain: ${answer.error}${help}\n`));
  } else if ("text" in answer) io.stdout(visible(`${answer.text}\n`));
  return answer.ok ? 0 : 1;
}
