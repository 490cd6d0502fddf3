/**
 * `baton replay FILE`: runs a recording's events through this version's core, and shows why
 * each decision was taken.
 */
import { readFileSync } from "node:fs";
import { defineCommand } from "#command-line/command";
import { type Command, flag, type Line, text, value } from "#command-line/definition";
import { errnoOf } from "#daemon/contain";
import { printLocalTime } from "#daemon/local-time";
import type { Language } from "#diagnostics/diagnostic";
import { reasonSentence, reportSentence } from "#diagnostics/render/reasons";
import { printIp } from "#units/address";
import { type ReplayStep, replayRecording } from "#vrrp/engine/recording";
import type { RouterEffect, RouterEvent } from "#vrrp/router/event";
import { unreadableSentence } from "./read-regular.ts";

const OPTIONS = {
  all: flag(text("also show events that changed nothing", "同时显示没有引起变化的事件")),
  instance: value(text("NAME", "名称"), text("this instance only", "只显示该实例")),
} as const;

export const command: Command = defineCommand({
  name: "replay",
  summary: text(
    "Gives the events of a recording to the core of this version again, and prints what was decided and why.",
    "把录制文件中的事件重新交给本版本的核心，并说明每个决定及其原因。",
  ),
  options: OPTIONS,
  operands: [
    {
      name: text("FILE", "文件"),
      about: text("what `baton run --record FILE` wrote", "由 `baton run --record 文件` 写入"),
      completes: "files",
    },
  ],
  examples: [
    {
      line: "baton replay night.jsonl --instance VI_1",
      about: text("one instance's decisions", "某个实例的全部决定"),
    },
  ],
  notes: text(
    "Exit status: 0 the same outcome as recorded, 1 another one, 2 not a recording.",
    "退出码：0 结果与录制时相同，1 结果不同，2 不是录制文件。",
  ),
  run: replay,
});

function replay({ options, operands, language, io }: Line<typeof OPTIONS>): number {
  const [file = ""] = operands;
  let recording: string;
  try {
    recording = readFileSync(file, "utf8");
  } catch (error) {
    io.stderr(`baton replay: ${unreadableSentence(file, errnoOf(error), language)}\n`);
    return 2;
  }
  const { steps, problems } = replayRecording(recording);
  for (const { line, text: what } of problems)
    io.stderr(`baton replay: ${file}:${line}: ${what}\n`);
  const events = steps.filter((one) => one.kind === "event");
  if (events.length === 0 && problems.length > 0) return 2;
  const startedAt = events[0]?.at ?? 0;
  for (const step of steps) {
    const { instance } = options;
    if (step.kind === "event" && instance !== undefined && step.instance !== instance) continue;
    for (const line of stepLines(step, startedAt, options.all, language)) io.stdout(`${line}\n`);
  }
  const differing = events.filter((one) => one.differs.length > 0).length;
  const moves = events.reduce(
    (sum, one) => sum + one.effects.filter((effect) => effect.kind === "transition").length,
    0,
  );
  io.stdout(`${summary(events.length, moves, differing, language)}\n`);
  return differing > 0 ? 1 : 0;
}

const seconds = (micros: number): string => `${(micros / 1_000_000).toFixed(6)} s`.padStart(16);

function stepLines(
  step: ReplayStep,
  startedAt: number,
  all: boolean,
  language: Language,
): string[] {
  if (step.kind === "began") {
    const when =
      step.beginning === undefined ? "" : ` ${printLocalTime(new Date(step.beginning.wall))}`;
    return [language === "en" ? `engine started${when}` : `引擎启动${when}`];
  }
  if (step.kind === "lost") {
    const { count } = step;
    return [language === "en" ? `${count} lines are missing here` : `此处缺少 ${count} 行`];
  }
  if (step.kind === "configured") {
    const names = step.instances.join(", ");
    return [language === "en" ? `configuration: ${names}` : `配置：${names}`];
  }
  const effects = step.effects.flatMap((effect) => effectLines(effect, language));
  const differs = step.differs.map(({ field, recorded, replayed }) =>
    language === "en"
      ? `    DIFFERS in ${field}: recorded ${JSON.stringify(recorded)}, now ${JSON.stringify(replayed)}`
      : `    不同：${field} 录制为 ${JSON.stringify(recorded)}，现在为 ${JSON.stringify(replayed)}`,
  );
  if (!all && effects.length === 0 && differs.length === 0) return [];
  const head = `${seconds(step.at - startedAt)}  (${step.instance}) ${printEvent(step.event)}`;
  return [head, ...effects.map((line) => `    ${line}`), ...differs];
}

function effectLines(effect: RouterEffect, language: Language): string[] {
  switch (effect.kind) {
    case "transition":
      return [`${effect.from} -> ${effect.to}: ${reasonSentence(effect.reason, language)}`];
    case "report":
      return [reportSentence(effect.report, language)];
    case "priorityChanged":
      return [
        language === "en"
          ? `priority ${effect.from} -> ${effect.to} by ${effect.tracker}`
          : `优先级 ${effect.from} -> ${effect.to}（${effect.tracker}）`,
      ];
    case "sendAdvert":
    case "addAddresses":
    case "refreshAddresses":
    case "holdAddresses":
    case "removeAddresses":
    case "announce":
    case "cancelAnnouncements":
    case "promote":
    case "demote":
    case "cancelGate":
    case "closeFence":
    case "openFence":
    case "probe":
    case "compare":
    case "drain":
    case "resetConnections":
      return [];
  }
}

/** The event by its own name and numbers, as in `vrrp/router/event.ts`, in either language. */
function printEvent(event: RouterEvent): string {
  const { kind, ...rest } = event;
  const fields = Object.entries(rest).map(([name, value]) => {
    const isAddress =
      typeof value === "number" && (name === "from" || name === "source" || name === "address");
    return `${name} ${isAddress ? printIp(value as Parameters<typeof printIp>[0]) : JSON.stringify(value)}`;
  });
  return fields.length === 0 ? kind : `${kind} (${fields.join(", ")})`;
}

function summary(events: number, moves: number, differing: number, language: Language): string {
  if (language === "en") {
    const outcome =
      differing === 0 ? "the same outcome as recorded" : `${differing} events come out differently`;
    return `${events} events, ${moves} changes of state: ${outcome}`;
  }
  const outcome = differing === 0 ? "结果与录制时相同" : `${differing} 个事件的结果不同`;
  return `${events} 个事件，${moves} 次状态变化：${outcome}`;
}
