/** `baton help [COMMAND …]`: the overview, the page of a command, or of a code of `baton check`. */

import { defineCommand } from "#command-line/command";
import { type Command, text } from "#command-line/definition";
import type { CommandIo } from "#command-line/io";

type Dispatch = (args: readonly string[], io: CommandIo) => Promise<number>;

const CODE = /^VR\d{4}$/i;

export const helpCommand = (dispatch: Dispatch): Command =>
  defineCommand({
    name: "help",
    summary: text(
      "Shows the commands, the page of one, or of a code that `baton check` prints.",
      "显示命令一览、某个命令的说明，或 `baton check` 输出的编号的说明。",
    ),
    options: {},
    operands: [
      {
        name: text("COMMAND", "命令"),
        about: text("such as check, havip create, or VR2010", "例如 check、havip create 或 VR2010"),
        isOptional: true,
        most: 3,
        completes: "commands",
      },
    ],
    examples: [
      { line: "baton help check", about: text("the page of a command", "命令的说明") },
      { line: "baton help havip create", about: text("of one of its parts", "子命令的说明") },
    ],
    run: async ({ operands, io }) => {
      const [name = ""] = operands;
      return await dispatch(CODE.test(name) ? ["explain", name] : [...operands, "--help"], io);
    },
  });
