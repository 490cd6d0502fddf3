/** `baton status`: one table for people, `--json` for programs, `--watch` for both. */
import { parseArgs } from "node:util";
import type { ControlAnswer, Status } from "#contract/status";
import type { Language } from "#diagnostics/diagnostic";
import { textWidth } from "#diagnostics/width";
import { ask, converse, RUNTIME_DIR } from "./control-client.ts";
import type { Command, CommandIo } from "./io.ts";
import { languageOf, readLanguage } from "./language.ts";

const USAGE = `usage: baton status [--json] [--watch] [--runtime-dir DIR] [--lang en|zh-CN]

Exit status: 0 the daemon answers, 1 it does not.
`;

export const command: Command = async (args, io) => {
  const options = {
    json: { type: "boolean" },
    watch: { type: "boolean" },
    "runtime-dir": { type: "string" },
    lang: { type: "string" },
    help: { type: "boolean", short: "h" },
  } as const;
  let values: {
    json?: boolean;
    watch?: boolean;
    "runtime-dir"?: string;
    lang?: string;
    help?: boolean;
  };
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true }));
  } catch (error) {
    io.stderr(
      `baton status: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`,
    );
    return 2;
  }
  if (values.help === true) {
    io.stdout(USAGE);
    return 0;
  }
  const runtimeDir = values["runtime-dir"] ?? RUNTIME_DIR;
  const language = readLanguage(values.lang ?? "") ?? languageOf(io.env);
  const show = (answer: ControlAnswer): void => {
    if (!answer.ok || !("status" in answer)) return;
    if (values.json === true)
      io.stdout(`${JSON.stringify(answer.status, undefined, values.watch === true ? 0 : 2)}\n`);
    else
      io.stdout(
        `${renderStatus(answer.status, language, io.isTty && io.env["NO_COLOR"] === undefined)}\n`,
      );
  };
  if (values.watch === true) return await watch(runtimeDir, io, show);
  const asked = await ask(runtimeDir, { command: "status" });
  if (asked.kind === "unreachable") {
    // No state is better than a stale one: a program gets "unknown", never the last it saw.
    if (values.json === true)
      io.stdout(`${JSON.stringify({ state: "unknown", why: asked.why })}\n`);
    else io.stderr(`baton status: ${asked.why}\n`);
    return 1;
  }
  show(asked.answer);
  return asked.answer.ok ? 0 : 1;
};

async function watch(
  runtimeDir: string,
  io: CommandIo,
  show: (answer: ControlAnswer) => void,
): Promise<number> {
  const why = await converse(runtimeDir, { command: "watch" }, (answer) => {
    show(answer);
    return true;
  });
  io.stderr(`baton status: ${why ?? "the daemon has ended"}\n`);
  return why === undefined ? 0 : 1;
}

const COLORS: Readonly<Record<string, string>> = {
  MASTER: "1;32",
  BACKUP: "36",
  FAULT: "1;31",
  INIT: "33",
  STOP: "2",
};

const WORDS = {
  en: {
    unknown: "the engine does not answer: every state is unknown",
    none: "no instances",
    ago: (s: string) => `${s} ago`,
    never: "never heard",
    here: "here",
    away: "not here",
    columns: ["INSTANCE", "STATE", "FOR", "PRIO", "INTERFACE", "ADDRESSES"],
    peers: "peer",
    script: "script",
    last: "last run",
  },
  "zh-CN": {
    unknown: "引擎没有应答，所有状态未知",
    none: "没有实例",
    ago: (s: string) => `${s}前`,
    never: "从未收到",
    here: "在本机",
    away: "不在本机",
    columns: ["实例", "状态", "持续", "优先级", "网卡", "地址"],
    peers: "对端",
    script: "脚本",
    last: "上次运行",
  },
} as const;

export function renderStatus(status: Status, language: Language, color: boolean): string {
  const words = WORDS[language];
  if (!status.engineAnswers) return words.unknown;
  if (status.instances.length === 0) return words.none;
  const rows: string[][] = [[...words.columns]];
  for (const one of status.instances) {
    const addresses = one.addresses
      .map((own) => `${own.address} ${own.owned ? words.here : words.away}`)
      .join(", ");
    const changed = one.basePriority === one.effectivePriority ? "" : ` (${one.basePriority})`;
    const priority = `${one.effectivePriority}${changed}`;
    rows.push([one.name, one.state, age(one.forSeconds), priority, one.interface, addresses]);
  }
  const lines = table(rows);
  const painted = lines.map((line, row) =>
    color && row > 0 ? paint(line, rows[row]?.[1] ?? "") : line,
  );
  const details = status.instances.flatMap((one, row) => [
    painted[row + 1] ?? "",
    `  ${one.why[language]}`,
    ...one.peers.map((peer) => {
      const heard =
        peer.heardSecondsAgo === undefined ? words.never : words.ago(age(peer.heardSecondsAgo));
      return `  ${words.peers} ${peer.address}: ${heard}${peer.priority === undefined ? "" : `, ${peer.priority}`}`;
    }),
  ]);
  const scripts = status.scripts.map((one) => {
    const run =
      one.lastRunAt === undefined
        ? ""
        : `, ${words.last} ${one.lastMilliseconds ?? "?"} ms, exit ${one.lastExit}`;
    return `${words.script} ${one.name}: ${one.result}${run}`;
  });
  return [painted[0] ?? "", ...details, ...scripts].join("\n");
}

const paint = (line: string, state: string): string =>
  line.replace(state, `\u001b[${COLORS[state] ?? "0"}m${state}\u001b[0m`);

export function age(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** Columns by what they show on a screen: a Chinese character takes two places. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => textWidth(row[column] ?? ""))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - textWidth(cell)))
      .join("  ")
      .trimEnd(),
  );
}
