/** `baton completion SHELL`: a script that completes commands, options and values. */

import { defineCommand } from "#command-line/command";
import { completionScript, SHELLS } from "#command-line/completion";
import {
  type Command,
  type CommandGroup,
  type Options,
  text,
  UsageError,
} from "#command-line/definition";

export const completionCommand = (groups: readonly CommandGroup[], rootOptions: Options): Command =>
  defineCommand({
    name: "completion",
    summary: text(
      "Prints a script that completes commands, options and their values, in the shell's own way.",
      "输出补全脚本，供 shell 补全命令、选项及其取值。",
    ),
    operands: [
      {
        name: text("SHELL", "SHELL"),
        about: text("bash, zsh or fish", "bash、zsh 或 fish"),
        completes: SHELLS,
      },
    ],
    options: {},
    examples: [
      {
        line: "baton completion bash > /etc/bash_completion.d/baton",
        about: text("for every user", "对所有用户生效"),
      },
      {
        line: "source <(baton completion bash)",
        about: text("for this shell", "只对当前 shell 生效"),
      },
      {
        line: 'baton completion zsh > "${fpath[1]}/_baton"',
        about: text("for zsh", "用于 zsh"),
      },
      {
        line: "baton completion fish > ~/.config/fish/completions/baton.fish",
        about: text("for fish", "用于 fish"),
      },
    ],
    run: async ({ operands, language, io }) => {
      const shell = SHELLS.find((one) => one === operands[0]);
      if (shell === undefined) {
        throw new UsageError(
          text(
            `there is no script for \`${operands[0]}\`; there are ${SHELLS.join(", ")}`,
            `没有 \`${operands[0]}\` 的补全脚本；可用的有 ${SHELLS.join("、")}`,
          ),
        );
      }
      io.stdout(await completionScript(shell, groups, rootOptions, language));
      return 0;
    },
  });
