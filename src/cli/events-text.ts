/** Events for people: a line each, under the day on which they happened. */
import type { Language } from "#diagnostics/diagnostic";
import { textWidth } from "#diagnostics/render/width";
import { type ClockDifference, isNotable, type MergedEvent } from "#events/merge";
import { EVENT_KINDS, type EventRecord, type EventSeverity } from "#events/record";
import { visible } from "#units/visible";
import type { SourceFailure } from "./events-source.ts";

/** By its shape as well as by its colour. */
const MARKS: Readonly<Record<EventSeverity, string>> = { info: " ", warning: "!", error: "✗" };
const COLORS: Readonly<Record<EventSeverity, string>> = { info: "", warning: "33", error: "1;31" };
const DIM = "2";
const MASTER = "1;32";

const KIND_WIDTH = Math.max(...EVENT_KINDS.map(({ length }) => length));

export interface PageOptions {
  readonly language: Language;
  readonly color: boolean;
  /** Names of the nodes, if there are several. */
  readonly nodes: readonly string[];
}

/** Prints events as they come; columns only become wider. */
export class EventPage {
  readonly #options: PageOptions;
  readonly #nodeWidth: number;
  #aboutWidth = 0;
  #day = "";

  constructor(options: PageOptions) {
    this.#options = options;
    this.#nodeWidth = Math.max(0, ...options.nodes.map(textWidth));
  }

  print(events: readonly MergedEvent[]): string {
    for (const { event } of events)
      this.#aboutWidth = Math.max(this.#aboutWidth, textWidth(aboutOf(event)));
    return events.map((one) => `${this.#heading(one)}${this.#line(one)}\n`).join("");
  }

  #heading({ at }: MergedEvent): string {
    const day = printDay(new Date(at / 1_000), this.#options.language);
    if (day === this.#day) return "";
    const before = this.#day === "" ? "" : "\n";
    this.#day = day;
    return `${before}${this.#paint(day, DIM)}\n`;
  }

  #line({ node, event, at }: MergedEvent): string {
    const { language, nodes } = this.#options;
    const { severity, kind } = event;
    // The marks of Markdown are for pages.
    const text = visible(event.text[language].replaceAll("`", "").replaceAll("\n", " "));
    const isMaster = event.kind === "state" && event.data.to === "MASTER";
    const color = severity === "info" && isMaster ? MASTER : COLORS[severity];
    const cells = [
      this.#paint(printClock(at), DIM),
      this.#paint(MARKS[severity], color),
      ...(nodes.length > 1 ? [pad(node, this.#nodeWidth)] : []),
      this.#paint(pad(kind, KIND_WIDTH), DIM),
      pad(aboutOf(event), this.#aboutWidth),
    ];
    return `${cells.join("  ")}  ${this.#paint(text, color)}`;
  }

  #paint(text: string, color: string): string {
    return this.#options.color && color !== "" ? `\u001b[${color}m${text}\u001b[0m` : text;
  }
}

const aboutOf = ({ instance, group }: EventRecord): string => visible(instance ?? group ?? "-");

const pad = (text: string, width: number): string => {
  const shown = visible(text);
  return shown + " ".repeat(Math.max(0, width - textWidth(shown)));
};

const two = (value: number): string => String(value).padStart(2, "0");

/** Local time of day, milliseconds. */
function printClock(micros: number): string {
  const at = new Date(micros / 1_000);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `${time}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

const WEEKDAYS: Readonly<Record<Language, readonly string[]>> = {
  en: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
  "zh-CN": ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"],
};

/** `2026-11-30 Monday (UTC+08:00)` */
function printDay(at: Date, language: Language): string {
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  const offset = -at.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const weekday = WEEKDAYS[language][at.getDay()] ?? "";
  return language === "en" ? `${date} ${weekday} (UTC${zone})` : `${date} ${weekday}（UTC${zone}）`;
}

export function failureSentence(failure: SourceFailure, language: Language): string {
  const en = language === "en";
  switch (failure.kind) {
    case "missing":
      return en
        ? `${failure.path} does not exist: no daemon has kept events there (--state-dir)`
        : `${failure.path} 不存在：没有守护进程在此记录过事件（--state-dir）`;
    case "no-permission":
      return en
        ? `${failure.path} may be read by root and by members of the group baton: try with sudo`
        : `${failure.path} 仅限 root 和 baton 组成员读取：请用 sudo`;
    case "unreadable":
      return `${failure.path}${en ? ": " : "："}${failure.why}`;
    case "node":
      // What to do about it is on lines of its own.
      return failure.why.replace(
        /$/m,
        en ? "; its events are missing here" : "；此处缺少该节点的事件",
      );
  }
}

/** Undefined if there is nothing worth a remark. */
export function clockSentence(
  node: string,
  clock: ClockDifference | undefined,
  language: Language,
): string | undefined {
  if (clock === undefined || !isNotable(clock)) return undefined;
  const seconds = (Math.abs(clock.ahead) / 1_000_000).toFixed(3);
  const give = (clock.give / 1_000_000).toFixed(3);
  if (language === "en") {
    const side = clock.ahead > 0 ? "ahead of" : "behind";
    return `the clock of ${node} is ${seconds} s (± ${give} s) ${side} this machine's; its events are shown by this machine's clock, as if the difference had always been that`;
  }
  const side = clock.ahead > 0 ? "快" : "慢";
  return `${node} 的时钟比本机${side} ${seconds} 秒（± ${give} 秒）；其事件按本机时钟显示，并假定该差值一直不变`;
}

export const noEventsText: Readonly<Record<Language, string>> = {
  en: "no such events",
  "zh-CN": "没有符合条件的事件",
};

export const moreText = (shown: number, language: Language): string =>
  language === "en"
    ? `${shown} newest are shown; for earlier ones --since 1d, or --limit ${shown * 10}`
    : `仅显示最新的 ${shown} 条；更早的可用 --since 1d 或 --limit ${shown * 10}`;
