/** `baton explain [NAME]` asks the daemon; `baton explain VR1234` prints the page of a finding. */
import { visible } from "#units/visible";
import { ask, unreachableSentence } from "./control-client.ts";
import { type ControlCommand, readControlOptions } from "./control-options.ts";
import type { Command } from "./io.ts";

const EXPLAIN: ControlCommand = {
  name: "explain",
  flags: ["json"],
  operandsMax: 1,
  usage: {
    en: `usage: baton explain [NAME] [--runtime-dir DIR] [--lang en|zh-CN] [--json]
       baton explain CODE            a code like VR2104, as \`baton check\` prints it

Tells why an instance or a sync group is in its state, with the numbers, and what would change it. Without a name: all.
`,
    "zh-CN": `用法：baton explain [名称] [--runtime-dir 目录] [--lang en|zh-CN] [--json]
      baton explain 编号            \`baton check\` 输出的编号，例如 VR2104

说明实例或同步组为何处于当前状态（附具体数值），以及什么会改变它。不写名称则说明全部。
`,
  },
};

const CODE = /^VR\d{4}$/i;

export const command: Command = async (args, io) => {
  if (args.some((word) => CODE.test(word))) {
    const { runExplainCode } = await import("./explain-code.ts");
    return await runExplainCode(args, io);
  }
  const options = readControlOptions(args, io, EXPLAIN);
  if (typeof options === "number") return options;
  const { language, runtimeDir, operands } = options;
  const [instance] = operands;
  const asked = await ask(runtimeDir, {
    command: "explain",
    lang: language,
    ...(instance === undefined ? {} : { instance }),
  });
  if (asked.kind === "unreachable") {
    io.stderr(`baton explain: ${unreachableSentence(asked.why, language)}\n`);
    return 1;
  }
  const { answer } = asked;
  if (options.flags.has("json")) io.stdout(`${JSON.stringify(answer)}\n`);
  else if (!answer.ok) {
    const help = answer.help === undefined ? "" : `\n  ${answer.help}`;
    io.stderr(visible(`baton explain: ${answer.error}${help}\n`));
  } else if ("text" in answer) io.stdout(visible(`${answer.text}\n`));
  return answer.ok ? 0 : 1;
};
