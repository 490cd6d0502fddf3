/** `baton status`: one table for people, `--json` for programs, `--watch` for both. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Language } from "#diagnostics/diagnostic";
import { ask, converse, type Unreachable, unreachableSentence } from "./control-client.ts";
import { type ControlCommand, type ControlOptions, readControlOptions } from "./control-options.ts";
import type { Command, CommandIo } from "./io.ts";
import { renderStatus } from "./status-table.ts";

const STATUS: ControlCommand = {
  name: "status",
  flags: ["json", "watch"],
  operandsMax: 0,
  usage: {
    en: `usage: baton status [--json] [--watch] [--runtime-dir DIR] [--lang en|zh-CN]

  --watch  go on showing it: a terminal is redrawn every second, otherwise one answer for each change

Exit status: 0 the daemon answers and knows the state, 1 otherwise.
`,
    "zh-CN": `用法：baton status [--json] [--watch] [--runtime-dir 目录] [--lang en|zh-CN]

  --watch  持续显示：在终端上每秒刷新，否则每次变化输出一次

退出码：0 守护进程有应答且状态已知，1 其他情况。
`,
  },
};

const REDRAW_MS = 1_000;
const CLEAR = "\u001b[H\u001b[J";

export const command: Command = async (args, io) => {
  const options = readControlOptions(args, io, STATUS);
  if (typeof options === "number") return options;
  if (!options.flags.has("watch")) return await once(options, io, "");
  return io.isTty && !options.flags.has("json")
    ? await redraw(options, io)
    : await follow(options, io);
};

async function once(options: ControlOptions, io: CommandIo, before: string): Promise<number> {
  const { language } = options;
  const asked = await ask(options.runtimeDir, { command: "status" });
  if (asked.kind === "unreachable") return unreachable(asked.why, options, io);
  const { answer } = asked;
  if (!answer.ok || !("status" in answer)) return 1;
  const { status } = answer;
  if (options.flags.has("json")) io.stdout(`${JSON.stringify(status, undefined, 2)}\n`);
  else io.stdout(`${before}${renderStatus(status, language, hasColor(io))}\n`);
  return status.engineAnswers ? 0 : 1;
}

/** No state is better than a stale one: a program gets "unknown", never the last it saw. */
function unreachable(why: Unreachable, options: ControlOptions, io: CommandIo): number {
  if (options.flags.has("json")) {
    io.stdout(`${JSON.stringify({ state: "unknown", why: unreachableSentence(why, "en") })}\n`);
  } else io.stderr(`baton status: ${unreachableSentence(why, options.language)}\n`);
  return 1;
}

/** Until Ctrl-C, or until there is nobody to ask. */
async function redraw(options: ControlOptions, io: CommandIo): Promise<number> {
  for (;;) {
    const asked = await ask(options.runtimeDir, { command: "ping" });
    if (asked.kind === "unreachable") return unreachable(asked.why, options, io);
    await once(options, io, CLEAR);
    await sleep(REDRAW_MS);
  }
}

async function follow(options: ControlOptions, io: CommandIo): Promise<number> {
  const isJson = options.flags.has("json");
  const why = await converse(options.runtimeDir, { command: "watch" }, (answer) => {
    if (!answer.ok || !("status" in answer)) return true;
    const { status } = answer;
    io.stdout(
      isJson
        ? `${JSON.stringify(status)}\n`
        : `${renderStatus(status, options.language, hasColor(io))}\n\n`,
    );
    return true;
  });
  if (why !== undefined) return unreachable(why, options, io);
  io.stderr(`baton status: ${ENDED[options.language]}\n`);
  return 0;
}

const ENDED: Readonly<Record<Language, string>> = {
  en: "the daemon has ended",
  "zh-CN": "守护进程已退出",
};

const hasColor = (io: CommandIo): boolean => io.isTty && io.env["NO_COLOR"] === undefined;
