/** `baton reload`: like SIGHUP, but reports whether it worked. */
import { defineCommand } from "#command-line/command";
import { type Command, text } from "#command-line/definition";
import type { Language } from "#diagnostics/diagnostic";
import { ask, RUNTIME_DIR_OPTION, runtimeDirOf, unreachableSentence } from "./control-client.ts";

export const command: Command = defineCommand({
  name: "reload",
  summary: text(
    "Makes the daemon read its configuration again. A file with errors changes nothing.",
    "让守护进程重新读取配置。配置有错误时不作任何更改。",
  ),
  options: { "runtime-dir": RUNTIME_DIR_OPTION },
  examples: [
    {
      line: "baton check && baton reload",
      about: text("look first, then load", "先检查，再重新加载"),
    },
  ],
  notes: text(
    "Exit status: 0 reloaded, 1 refused or no daemon.",
    "退出码：0 已重新加载，1 被拒绝或没有守护进程。",
  ),
  run: async (line) => {
    const { language, io } = line;
    const asked = await ask(runtimeDirOf(line), { command: "reload", lang: language });
    if (asked.kind === "unreachable") {
      io.stderr(`baton reload: ${unreachableSentence(asked.why, language)}\n`);
      return 1;
    }
    const { answer } = asked;
    if (!answer.ok) {
      const { findings, help } = answer;
      for (const one of findings ?? []) io.stderr(`${one}\n\n`);
      const left = answer.more ?? 0;
      const more = left > 0 ? `\n  ${moreSentence(left, language)}` : "";
      // If every finding has been shown, no hint where to look is needed.
      const isComplete = findings !== undefined && more === "";
      const hint = help === undefined || isComplete ? "" : `\n  ${help}`;
      io.stderr(`baton reload: ${answer.error}${more}${hint}\n`);
      return 1;
    }
    io.stdout(language === "en" ? "reloaded\n" : "已重新加载\n");
    return 0;
  },
});

const moreSentence = (count: number, language: Language): string =>
  language === "en" ? `${count} more findings are not shown` : `另有 ${count} 条未显示`;
