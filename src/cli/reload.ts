/** `baton reload`: like SIGHUP, but says whether it worked. */
import type { Language } from "#diagnostics/diagnostic";
import { ask, unreachableSentence } from "./control-client.ts";
import { type ControlCommand, readControlOptions } from "./control-options.ts";
import type { Command } from "./io.ts";

const RELOAD: ControlCommand = {
  name: "reload",
  flags: [],
  operandsMax: 0,
  usage: {
    en: `usage: baton reload [--runtime-dir DIR] [--lang en|zh-CN]

Makes the daemon read its configuration again. A file with errors changes nothing.
Exit status: 0 reloaded, 1 refused or no daemon.
`,
    "zh-CN": `用法：baton reload [--runtime-dir 目录] [--lang en|zh-CN]

让守护进程重新读取配置。配置有错误时不作任何更改。
退出码：0 已重新加载，1 被拒绝或没有守护进程。
`,
  },
};

export const command: Command = async (args, io) => {
  const options = readControlOptions(args, io, RELOAD);
  if (typeof options === "number") return options;
  const asked = await ask(options.runtimeDir, {
    command: "reload",
    lang: options.language,
  });
  if (asked.kind === "unreachable") {
    io.stderr(`baton reload: ${unreachableSentence(asked.why, options.language)}\n`);
    return 1;
  }
  const { answer } = asked;
  if (!answer.ok) {
    for (const one of answer.findings ?? []) io.stderr(`${one}\n\n`);
    const more =
      (answer.more ?? 0) > 0 ? `\n  ${moreSentence(answer.more ?? 0, options.language)}` : "";
    // Who has seen what is wrong needs no hint where to look.
    const isToldAll = answer.findings !== undefined && more === "";
    const help = answer.help === undefined || isToldAll ? "" : `\n  ${answer.help}`;
    io.stderr(`baton reload: ${answer.error}${more}${help}\n`);
    return 1;
  }
  io.stdout(options.language === "en" ? "reloaded\n" : "已重新加载\n");
  return 0;
};

const moreSentence = (count: number, language: Language): string =>
  language === "en" ? `${count} more findings are not shown` : `另有 ${count} 条未显示`;
