/** `baton status`: one table for people, `--json` for programs, `--watch` for both. */
import { setTimeout as sleep } from "node:timers/promises";
import { defineCommand } from "#command-line/command";
import { type Command, flag, type Line, text, UsageError } from "#command-line/definition";
import type { CommandIo } from "#command-line/io";
import type { BriefStatus, Status } from "#daemon/control-protocol";
import type { Language } from "#diagnostics/diagnostic";
import { visible } from "#units/visible";
import {
  ask,
  converse,
  RUNTIME_DIR_OPTION,
  runtimeDirOf,
  type Unreachable,
  unreachableSentence,
} from "./control-client.ts";
import {
  askRemote,
  followRemote,
  REMOTE_OPTIONS,
  type RemoteNode,
  remoteNodeOf,
} from "./remote-node.ts";

const OPTIONS = {
  json: flag(text("for programs", "供程序读取的输出")),
  watch: flag(
    text(
      "go on showing it: a terminal is redrawn every second, otherwise one answer for each change",
      "持续显示：在终端上每秒刷新，否则每次变化输出一次",
    ),
  ),
  names: flag(
    text(
      "only the names of instances and sync groups, one a line (completion asks for them)",
      "只输出实例和同步组的名称，每行一个（供补全使用）",
    ),
  ),
  "runtime-dir": RUNTIME_DIR_OPTION,
  ...REMOTE_OPTIONS,
} as const;

type StatusLine = Line<typeof OPTIONS>;

const REDRAW_MS = 1_000;
const CLEAR = "\u001b[H\u001b[J";

export const command: Command = defineCommand({
  name: "status",
  summary: text(
    "Shows the state of every instance, what it owns, and since when.",
    "显示每个实例的状态、持有的地址，以及从何时开始。",
  ),
  options: OPTIONS,
  examples: [
    { line: "baton status", about: text("one table", "一张表") },
    { line: "baton status --watch", about: text("until Ctrl-C", "直到按下 Ctrl-C") },
    {
      line: "baton status --node https://db2:9650 --token-file FILE",
      about: text("another node, over its HTTP API", "通过 HTTP API 查看另一个节点"),
    },
    {
      line: "baton status --json --watch",
      about: text("one line of JSON for each change", "每次变化输出一行 JSON"),
    },
  ],
  notes: text(
    "Exit status: 0 the daemon answers and knows the state, 1 otherwise.",
    "退出码：0 守护进程有应答且状态已知，1 其他情况。",
  ),
  run: async (line) => {
    if (line.options.names) return await names(line);
    if (!line.options.watch) return await once(line);
    return line.io.isTty && !line.options.json ? await redraw(line) : await follow(line);
  },
});

/** Whole with `--json`. Undefined if there is none, which has been said. */
async function read(line: StatusLine, milliseconds?: number): Promise<BriefStatus | undefined> {
  const remote = remoteNodeOf(line);
  if (remote !== undefined) return await readRemote(remote, line, milliseconds);
  const brief = line.options.json ? {} : { brief: line.language };
  const asked = await ask(runtimeDirOf(line), { command: "status", ...brief }, milliseconds);
  if (asked.kind === "unreachable") {
    unreachable(asked.why, line);
    return undefined;
  }
  const { answer } = asked;
  if (!answer.ok) return undefined;
  // A daemon of an earlier version gives all of it.
  if ("brief" in answer) return answer.brief;
  return "status" in answer ? answer.status : undefined;
}

async function readRemote(
  remote: RemoteNode,
  line: StatusLine,
  milliseconds: number | undefined,
): Promise<Status | undefined> {
  const { language } = line;
  const answer = await askRemote(remote, {
    path: "/v1/status",
    language: line.options.json ? "en" : language,
    ...(milliseconds !== undefined && { timeoutMilliseconds: milliseconds }),
  });
  if (answer.kind === "failed") {
    unknown(answer.why, answer.why, line);
    return undefined;
  }
  const status = await readStatus(answer.value);
  if (status === undefined) unknown(NOT_STATUS.en, NOT_STATUS[language], line);
  return status;
}

/** What another machine sends may be of another version, or made to do harm to a terminal. */
async function readStatus(value: unknown): Promise<Status | undefined> {
  const [{ isStatus }, { renderStatus }] = await Promise.all([
    import("#daemon/control-shapes"),
    import("./status-table.ts"),
  ]);
  const clean = withoutControls(value);
  if (!isStatus(clean)) return undefined;
  try {
    renderStatus(clean, "en", false);
    return clean;
  } catch {
    return undefined;
  }
}

/** Every text in it as it can be shown. */
function withoutControls(value: unknown): unknown {
  if (typeof value === "string") return visible(value);
  if (Array.isArray(value)) return value.map(withoutControls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutControls(one)]));
}

const NOT_STATUS: Readonly<Record<Language, string>> = {
  en: "this is no status of this version of Baton",
  "zh-CN": "不是本版本 Baton 的状态",
};

async function once(line: StatusLine): Promise<number> {
  // What prints the answer is loaded while the daemon prepares it; if that fails it is seen then.
  if (!line.options.json) import("./status-table.ts").catch(() => undefined);
  const status = await read(line);
  if (status === undefined) return 1;
  return await show(status, line, "");
}

async function show(status: BriefStatus, line: StatusLine, before: string): Promise<number> {
  const { options, language, io } = line;
  if (options.json) io.stdout(`${JSON.stringify(status, undefined, 2)}\n`);
  else {
    const { renderStatus } = await import("./status-table.ts");
    io.stdout(`${before}${renderStatus(status, language, hasColor(io))}\n`);
  }
  return status.engineAnswers ? 0 : 1;
}

/** Whoever presses TAB does not wait long for a daemon that does not answer. */
const NAMES_MS = 1_000;

async function names(line: StatusLine): Promise<number> {
  const { options, io } = line;
  if (options.json || options.watch) throw new UsageError(NAMES_ALONE);
  const status = await read(line, NAMES_MS);
  if (status === undefined) return 1;
  const { instances, groups, engineAnswers } = status;
  for (const { name } of [...instances, ...groups]) io.stdout(`${visible(name)}\n`);
  return engineAnswers ? 0 : 1;
}

const NAMES_ALONE = text(
  "`--names` stands without `--json` and `--watch`",
  "`--names` 不能与 `--json` 或 `--watch` 同用",
);

/** No state is better than a stale one: a program gets "unknown", never the last state seen. */
function unknown(why: string, said: string, { options, io }: StatusLine): number {
  if (options.json) io.stdout(`${JSON.stringify({ state: "unknown", why })}\n`);
  else io.stderr(`baton status: ${said}\n`);
  return 1;
}

const unreachable = (why: Unreachable, line: StatusLine): number =>
  unknown(unreachableSentence(why, "en"), unreachableSentence(why, line.language), line);

/** Runs until Ctrl-C, or until there is no daemon to ask. */
async function redraw(line: StatusLine): Promise<number> {
  for (;;) {
    const status = await read(line);
    if (status === undefined) return 1;
    await show(status, line, CLEAR);
    await sleep(REDRAW_MS);
  }
}

async function follow(line: StatusLine): Promise<number> {
  const { options, language, io } = line;
  const { renderStatus } = await import("./status-table.ts");
  const print = (status: Status): void =>
    io.stdout(
      options.json
        ? `${JSON.stringify(status)}\n`
        : `${renderStatus(status, language, hasColor(io))}\n\n`,
    );
  const remote = remoteNodeOf(line);
  if (remote !== undefined) {
    const why = await followRemote(remote, { path: "/v1/status", language }, async (data) => {
      const status = await readStatus(data);
      if (status !== undefined) print(status);
    });
    if (why !== undefined) return unknown(why, why, line);
  } else {
    const why = await converse(runtimeDirOf(line), { command: "watch" }, (answer) => {
      if (answer.ok && "status" in answer) print(answer.status);
      return true;
    });
    if (why !== undefined) return unreachable(why, line);
  }
  io.stderr(`baton status: ${ENDED[language]}\n`);
  return 0;
}

const ENDED: Readonly<Record<Language, string>> = {
  en: "the daemon has ended",
  "zh-CN": "守护进程已退出",
};

const hasColor = (io: CommandIo): boolean => io.isTty && io.env["NO_COLOR"] === undefined;
