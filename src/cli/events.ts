/** `baton events`: what happened on this node, or on several as one sequence. */

import { setTimeout as sleep } from "node:timers/promises";
import { defineCommand } from "#command-line/command";
import {
  type Command,
  flag,
  type Line,
  oneOf,
  text,
  UsageError,
  value,
  values,
} from "#command-line/definition";
import { EVENTS_FILE } from "#daemon/event-file";
import { type MergedEvent, mergeEvents } from "#events/merge";
import { EVENT_KINDS, EVENT_SEVERITIES, type EventKind, type EventRecord } from "#events/record";
import { LIMIT_MAX, type Selection } from "#events/selection";
import { RUNTIME_DIR, RUNTIME_DIR_OPTION } from "./control-client.ts";
import {
  type EventSource,
  LOCAL,
  localSource,
  nodeSource,
  type SourceEvents,
} from "./events-source.ts";
import {
  clockSentence,
  EventPage,
  failureSentence,
  moreText,
  noEventsText,
} from "./events-text.ts";
import { readTime } from "./events-time.ts";
import { readRemoteNode } from "./remote-node.ts";
import { STATE_DIR, STATE_DIR_OPTION, stateDirToRead } from "./state-dir.ts";

const TIME = text("TIME", "时间");
const isTime = {
  test: (given: string) => readTime(given, new Date()) !== undefined,
  wanted: text(
    "a time: 1h, 17:30, 2026-11-30 or 2026-11-30T17:30",
    "时间：1h、17:30、2026-11-30 或 2026-11-30T17:30",
  ),
};

const OPTIONS = {
  since: value(
    TIME,
    text(
      "from then on: 1h (ago), 17:30, 2026-11-30, 2026-11-30T17:30, also with a zone",
      "起始时间：1h（之前）、17:30、2026-11-30、2026-11-30T17:30，可带时区",
    ),
    { accepts: isTime },
  ),
  until: value(TIME, text("before then, written alike", "截止时间，写法相同"), { accepts: isTime }),
  instance: values(
    text("NAME", "名称"),
    text("of this instance; may be given several times", "只看该实例；可多次给出"),
  ),
  kind: values(
    text("KIND", "类别"),
    text("of this kind; may be given several times", "只看该类别；可多次给出"),
    {
      accepts: oneOf([...EVENT_KINDS]),
    },
  ),
  severity: value(text("LEVEL", "级别"), text("of this severity or above", "该级别及以上"), {
    accepts: oneOf([...EVENT_SEVERITIES]),
  }),
  limit: value(
    text("N", "条数"),
    text(
      `the newest N (default 100; with --since or --until ${LIMIT_MAX})`,
      `最新的 N 条（默认 100；给出 --since 或 --until 时为 ${LIMIT_MAX}）`,
    ),
    {
      accepts: {
        test: (given) =>
          /^[0-9]{1,5}$/.test(given) && Number(given) >= 1 && Number(given) <= LIMIT_MAX,
        wanted: text(`a number from 1 to ${LIMIT_MAX}`, `1 到 ${LIMIT_MAX} 的数`),
      },
    },
  ),
  follow: flag(text("go on showing what happens", "持续显示新事件"), "f"),
  from: values(
    text("URL", "地址"),
    text(
      `a node's HTTP API (http://HOST:PORT, https://…, unix:/PATH), or ${LOCAL}; several become one sequence`,
      `节点的 HTTP API（http://地址:端口、https://…、unix:/路径），或 ${LOCAL}；多个来源按时间合并`,
    ),
  ),
  "token-file": value(
    text("FILE", "文件"),
    text(
      "with --from: a token, or a line of a token file",
      "与 --from 同用：令牌，或令牌文件中的一行",
    ),
    { completes: "files" },
  ),
  ca: value(
    text("FILE", "文件"),
    text(
      "with --from: the authority of their certificates in PEM, if the system does not know it",
      "与 --from 同用：签发其证书的机构证书（PEM），用于系统不信任该机构时",
    ),
    { completes: "files" },
  ),
  json: flag(text("a line of JSON for each event", "每个事件输出一行 JSON")),
  "state-dir": STATE_DIR_OPTION,
  "runtime-dir": RUNTIME_DIR_OPTION,
} as const;

type EventsLine = Line<typeof OPTIONS>;

const LIMIT = 100;
const FOLLOW_LIMIT = 10;
/** Polls. */
const LOOK_AGAIN = 20;
const POLL_LOCAL_MS = 250;
const POLL_NODES_MS = 1_000;
/** sysexits.h has none: some of the nodes did not answer. */
const PARTLY = 3;

export const command: Command = defineCommand({
  name: "events",
  summary: text(
    "Shows what happened: changes of state with their reasons, checks, reloads, conflicts, operators' actions.",
    "显示发生过的事件：状态变化及原因、检查、重新加载、冲突、运维操作。",
  ),
  details: text(
    "Reads the daemon's file, so it works as well when the daemon is dead. Members of the group baton may read it.",
    "直接读取守护进程的事件文件，守护进程已退出时同样可用。baton 组成员可以读取。",
  ),
  options: OPTIONS,
  examples: [
    { line: "baton events --since 1h", about: text("the last hour", "最近一小时") },
    {
      line: "baton events --instance VI_1 --kind state --follow",
      about: text(
        "one instance's changes of state, until Ctrl-C",
        "某实例的状态变化，直到按下 Ctrl-C",
      ),
    },
    {
      line: "baton events --from local --from http://db2:9650 --since 17:00",
      about: text("both nodes of a pair by time", "主备两个节点按时间合并"),
    },
  ],
  notes: text(
    "Exit status: 0 shown, 1 nothing could be read, 2 usage, 3 some of several nodes did not answer.",
    "退出码：0 已显示，1 无法读取，2 用法错误，3 多个节点中有的没有应答。",
  ),
  run: async (line) => {
    // A reader that has seen enough (`| head`) ends this.
    const sources = sourcesOf(line);
    const reading = new Reading(line, sources);
    const status = await reading.first();
    return line.options.follow && status !== 1 ? await reading.follow() : status;
  },
});

function sourcesOf({ options, language }: EventsLine): readonly EventSource[] {
  const { "token-file": tokenFile, ca } = options;
  const folder = stateDirToRead(
    { stateDir: options["state-dir"], runtimeDir: options["runtime-dir"] },
    EVENTS_FILE,
    { state: STATE_DIR, runtime: RUNTIME_DIR },
  );
  if (options.from.length === 0) return [localSource(folder)];
  const names = [...new Set(options.from)];
  return names.map((name) => {
    if (name === LOCAL) return localSource(folder);
    return nodeSource(readRemoteNode(name, { option: "--from", tokenFile, ca }), language);
  });
}

function selectionOf({ options }: EventsLine): Selection {
  const { since, until, instance, kind, severity, limit, follow } = options;
  const now = new Date();
  const from = since === undefined ? undefined : readTime(since, now);
  const to = until === undefined ? undefined : readTime(until, now);
  if (follow && to !== undefined) throw new UsageError(FOLLOW_ALONE);
  const usual = from !== undefined || to !== undefined ? LIMIT_MAX : follow ? FOLLOW_LIMIT : LIMIT;
  return {
    since: from,
    until: to,
    instances: instance.length === 0 ? undefined : instance,
    kinds: kind.length === 0 ? undefined : (kind as readonly EventKind[]),
    severity: EVENT_SEVERITIES.find((one) => one === severity),
    limit: limit === undefined ? usual : Number(limit),
    newest: true,
  };
}

const NEWEST: Selection = { newest: true, limit: 1 };
const FOLLOW_ALONE = text(
  "`--follow` stands without `--until`",
  "`--follow` 不能与 `--until` 同用",
);

interface Known {
  readonly source: EventSource;
  /** The name under which its events are shown. */
  node: string;
  /** The number of its last event. */
  last: number;
  isFailing: boolean;
}

class Reading {
  readonly #line: EventsLine;
  readonly #selection: Selection;
  readonly #known: readonly Known[];
  #page: EventPage | undefined;

  constructor(line: EventsLine, sources: readonly EventSource[]) {
    this.#line = line;
    this.#selection = selectionOf(line);
    this.#known = sources.map((source) => ({ source, node: "", last: 0, isFailing: false }));
  }

  async first(): Promise<number> {
    const { io, language, options } = this.#line;
    // What is not selected is behind us too.
    if (options.follow) await this.#ask(() => NEWEST);
    const answers = await this.#ask(() => this.#selection);
    const failed = answers.filter(({ answer }) => answer === undefined).length;
    if (failed === answers.length) return 1;
    this.#name(answers);
    const limit = this.#selection.limit ?? LIMIT_MAX;
    const all = merge(answers);
    const shown = all.slice(-limit);
    const hasMore = shown.length < all.length || answers.some(({ answer }) => answer?.hasMore);
    for (const { known, answer } of answers) {
      const remark = clockSentence(known.node, answer?.clock, language);
      if (remark !== undefined) io.stderr(`baton events: ${remark}\n`);
    }
    this.#print(shown);
    if (!options.json && shown.length === 0 && !options.follow)
      io.stderr(`baton events: ${noEventsText[language]}\n`);
    if (!options.json && hasMore && !options.follow)
      io.stderr(`baton events: ${moreText(shown.length, language)}\n`);
    return failed === 0 ? 0 : PARTLY;
  }

  /** Until Ctrl-C. */
  async follow(): Promise<never> {
    const isLocal = this.#known.every(({ source }) => source.name === LOCAL);
    for (let turn = 1; ; turn += 1) {
      await sleep(isLocal ? POLL_LOCAL_MS : POLL_NODES_MS);
      const rest = { ...this.#selection, newest: undefined, limit: undefined, since: undefined };
      const answers = await this.#ask(({ last }) => ({ ...rest, after: last }));
      this.#print(merge(answers));
      if (turn % LOOK_AGAIN === 0) await this.#lookAgain();
    }
  }

  /** Somebody has deleted the file, and numbers began anew. */
  async #lookAgain(): Promise<void> {
    for (const known of this.#known) {
      const answer = await known.source.read(NEWEST);
      const newest = answer.kind === "events" ? answer.events.at(-1)?.id : undefined;
      if (newest !== undefined && newest < known.last) known.last = 0;
    }
  }

  async #ask(selectionFor: (known: Known) => Selection): Promise<readonly Answered[]> {
    return await Promise.all(
      this.#known.map(async (known) => {
        const answer = await known.source.read(selectionFor(known));
        if (answer.kind === "failure") {
          const { io, language } = this.#line;
          // While following: once, until it answers again.
          if (!known.isFailing)
            io.stderr(`baton events: ${failureSentence(answer.failure, language)}\n`);
          known.isFailing = true;
          return { known, answer: undefined };
        }
        known.isFailing = false;
        known.last = Math.max(known.last, answer.events.at(-1)?.id ?? 0);
        return { known, answer };
      }),
    );
  }

  /** Two machines may have the same name. */
  #name(answers: readonly Answered[]): void {
    const named = answers.map(({ known, answer }) => ({
      known,
      name: answer?.node ?? answer?.events.at(-1)?.node ?? known.source.name,
    }));
    for (const { known, name } of named) {
      const isShared = named.some((one) => one.known !== known && one.name === name);
      known.node = isShared ? `${name} (${known.source.name})` : name;
    }
  }

  #print(events: readonly MergedEvent[]): void {
    const { io, language, options } = this.#line;
    if (events.length === 0) return;
    if (options.json)
      return io.stdout(events.map(({ event }) => `${JSON.stringify(event)}\n`).join(""));
    const color = io.isTty && io.env["NO_COLOR"] === undefined;
    const nodes = this.#known.map(({ node }) => node);
    this.#page ??= new EventPage({ language, color, nodes });
    io.stdout(this.#page.print(events));
  }
}

interface Answered {
  readonly known: Known;
  readonly answer: SourceEvents | undefined;
}

const merge = (answers: readonly Answered[]): readonly MergedEvent[] =>
  mergeEvents(
    answers.flatMap(({ known, answer }) =>
      answer === undefined
        ? []
        : [
            {
              node: known.node,
              clock: answer.clock,
              events: answer.events as readonly EventRecord[],
            },
          ],
    ),
  );
