/** `baton replay FILE`: a recording's events through this version's core, told as a story. */
import { readFileSync } from "node:fs";
import { errnoOf } from "#daemon/contain";
import { printLocalTime } from "#daemon/local-time";
import type { Language } from "#diagnostics/diagnostic";
import { languageOf, readLanguage } from "#diagnostics/language";
import { reasonSentence, reportSentence } from "#diagnostics/render/reasons";
import { printIpv4 } from "#units/address";
import { type ReplayStep, replayRecording } from "#vrrp/engine/recording";
import type { RouterEffect, RouterEvent } from "#vrrp/router/event";
import { unreadableSentence } from "./errno-words.ts";
import type { Command, CommandIo } from "./io.ts";

const USAGE: Readonly<Record<Language, string>> = {
  en: `usage: baton replay FILE [--all] [--instance NAME] [--lang en|zh-CN]

Gives the events of a recording (baton run --record FILE) to the core of this version again and tells what was decided and
why. --all also shows events that changed nothing.
Exit status: 0 the same outcome as recorded, 1 another one, 2 not a recording.
`,
  "zh-CN": `用法：baton replay 文件 [--all] [--instance 名称] [--lang en|zh-CN]

把录制文件（baton run --record 文件）中的事件重新交给本版本的核心，并说明每个决定及其原因。
--all 同时显示没有引起变化的事件。
退出码：0 结果与录制时相同，1 结果不同，2 不是录制文件。
`,
};

interface Options {
  readonly file: string;
  readonly all: boolean;
  readonly instance: string | undefined;
  readonly language: Language;
}

export const command: Command = async (args, io) => await Promise.resolve(runReplay(args, io));

export function runReplay(argv: readonly string[], io: CommandIo): number {
  const options = readOptions(argv, io);
  if (typeof options === "number") return options;
  const { language } = options;
  let text: string;
  try {
    text = readFileSync(options.file, "utf8");
  } catch (error) {
    io.stderr(`baton replay: ${unreadableSentence(options.file, errnoOf(error), language)}\n`);
    return 2;
  }
  const { steps, problems } = replayRecording(text);
  for (const { line, text: what } of problems)
    io.stderr(`baton replay: ${options.file}:${line}: ${what}\n`);
  const events = steps.filter((one) => one.kind === "event");
  if (events.length === 0 && problems.length > 0) return 2;
  const startedAt = events[0]?.at ?? 0;
  for (const step of steps) {
    if (
      step.kind === "event" &&
      options.instance !== undefined &&
      step.instance !== options.instance
    )
      continue;
    for (const line of tell(step, startedAt, options)) io.stdout(`${line}\n`);
  }
  const differing = events.filter((one) => one.differs.length > 0).length;
  const moves = events.reduce(
    (sum, one) => sum + one.effects.filter((effect) => effect.kind === "transition").length,
    0,
  );
  io.stdout(`${summary(events.length, moves, differing, language)}\n`);
  return differing > 0 ? 1 : 0;
}

function readOptions(argv: readonly string[], io: CommandIo): Options | number {
  let file: string | undefined;
  let all = false;
  let instance: string | undefined;
  let language = languageOf(io.env);
  const wrong = (): number => {
    io.stderr(USAGE[language]);
    return 2;
  };
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? "";
    if (argument === "--help" || argument === "-h") {
      io.stdout(USAGE[language]);
      return 0;
    }
    if (argument === "--all") all = true;
    else if (argument === "--instance") {
      i += 1;
      instance = argv[i];
    } else if (argument === "--lang") {
      i += 1;
      const wanted = readLanguage(argv[i] ?? "");
      if (wanted === undefined) return wrong();
      language = wanted;
    } else if (argument.startsWith("-") || file !== undefined) return wrong();
    else file = argument;
  }
  return file === undefined ? wrong() : { file, all, instance, language };
}

const seconds = (micros: number): string => `${(micros / 1_000_000).toFixed(6)} s`.padStart(16);

function tell(step: ReplayStep, startedAt: number, { all, language }: Options): string[] {
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
  const told = step.effects.flatMap((effect) => tellEffect(effect, language));
  const differs = step.differs.map(({ field, recorded, replayed }) =>
    language === "en"
      ? `    DIFFERS in ${field}: recorded ${JSON.stringify(recorded)}, now ${JSON.stringify(replayed)}`
      : `    不同：${field} 录制为 ${JSON.stringify(recorded)}，现在为 ${JSON.stringify(replayed)}`,
  );
  if (!all && told.length === 0 && differs.length === 0) return [];
  const head = `${seconds(step.at - startedAt)}  (${step.instance}) ${printEvent(step.event)}`;
  return [head, ...told.map((line) => `    ${line}`), ...differs];
}

function tellEffect(effect: RouterEffect, language: Language): string[] {
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
      return [];
  }
}

/** The event by its own name and numbers: the words of `core/event.ts`, in either language. */
function printEvent(event: RouterEvent): string {
  const { kind, ...rest } = event;
  const fields = Object.entries(rest).map(([name, value]) => {
    const isAddress =
      typeof value === "number" && (name === "from" || name === "source" || name === "address");
    return `${name} ${isAddress ? printIpv4(value as Parameters<typeof printIpv4>[0]) : JSON.stringify(value)}`;
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
