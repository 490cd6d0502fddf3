/** A status as a table for people: one line an instance, below it why, whom it hears, and what is not as it should be. */
import type {
  HavipCounters,
  HavipStatus,
  InstanceStatus,
  ScriptStatus,
  Status,
} from "#contract/status";
import type { Language } from "#diagnostics/diagnostic";
import { textWidth } from "#diagnostics/width";

interface TableWords {
  readonly unknown: string;
  readonly none: string;
  readonly ago: (age: string) => string;
  readonly never: string;
  readonly here: string;
  readonly away: string;
  readonly columns: readonly string[];
  readonly peer: string;
  readonly notConfigured: string;
  readonly priority: (value: number) => string;
  readonly script: string;
  readonly results: Readonly<Record<ScriptStatus["result"], string>>;
  readonly ran: (run: { age: string; exit: string; milliseconds: number }) => string;
  readonly heldDown: (losses: number, seconds: string) => string;
  readonly notify: (state: string, exit: string) => string;
  readonly queued: (count: number) => string;
  readonly backstop: (seconds: string) => string;
  readonly disagrees: (holder: string) => string;
  readonly cloudAgrees: (age: string) => string;
  readonly cloudUnknown: string;
  readonly cloudCounts: (counters: HavipCounters, disagreement: string) => string;
  readonly nobody: string;
  readonly lost: (lines: number) => string;
  readonly restarts: (count: number) => string;
}

const ENGLISH: TableWords = {
  unknown: "the engine does not answer: every state is unknown",
  none: "no instances",
  ago: (age) => `${age} ago`,
  never: "never heard",
  here: "here",
  away: "not here",
  columns: ["INSTANCE", "STATE", "FOR", "PRIO", "INTERFACE", "ADDRESSES"],
  peer: "peer",
  notConfigured: "not configured here",
  priority: (value) => `priority ${value}`,
  script: "script",
  results: { up: "up", down: "down", unknown: "no result yet" },
  ran: ({ age, exit, milliseconds }) => `ran ${age} ago, exit ${exit}, ${milliseconds} ms`,
  heldDown: (losses, left) =>
    `hold-down after ${losses} losses: a weaker master is left alone for ${left} more`,
  notify: (state, exit) => `notify script for ${state}: exit ${exit}`,
  queued: (count) => `notify scripts running or waiting: ${count}`,
  backstop: (seconds) => `lease: ${seconds} s, longer than the peers wait`,
  disagrees: (holder) => `the cloud says it is with ${holder}`,
  cloudAgrees: (age) => `the cloud agrees for ${age}`,
  cloudUnknown: "the cloud does not say whose it is",
  cloudCounts: ({ asked, agreed, refused, unanswered, announced }, disagreement) =>
    `asked ${asked}: yes ${agreed}, no ${refused}, no answer ${unanswered}; announced again ${announced}; ${disagreement} without agreement`,
  nobody: "nobody",
  lost: (lines) => `${lines} log lines could not be written`,
  restarts: (count) => `engine restarts: ${count}`,
};

const CHINESE: TableWords = {
  unknown: "引擎没有应答，所有状态未知",
  none: "没有实例",
  ago: (age) => `${age}前`,
  never: "从未收到",
  here: "在本机",
  away: "不在本机",
  columns: ["实例", "状态", "持续", "优先级", "网卡", "地址"],
  peer: "对端",
  notConfigured: "本机未配置",
  priority: (value) => `优先级 ${value}`,
  script: "脚本",
  results: { up: "正常", down: "失败", unknown: "尚无结果" },
  ran: ({ age, exit, milliseconds }) => `${age}前运行，退出码 ${exit}，${milliseconds} ms`,
  heldDown: (losses, left) => `已连续 ${losses} 次失去地址或故障，${left}内不抢占较弱的主机`,
  notify: (state, exit) => `${state} 的 notify 脚本：退出码 ${exit}`,
  queued: (count) => `正在运行或等待的 notify 脚本：${count}`,
  backstop: (seconds) => `租约 ${seconds} 秒，长于对端的等待时间`,
  disagrees: (holder) => `云平台认为它属于 ${holder}`,
  cloudAgrees: (age) => `云平台已认可 ${age}`,
  cloudUnknown: "云平台未说明它属于谁",
  cloudCounts: ({ asked, agreed, refused, unanswered, announced }, disagreement) =>
    `查询 ${asked} 次：认可 ${agreed}，不认可 ${refused}，无应答 ${unanswered}；再次宣告 ${announced} 次；未认可共 ${disagreement}`,
  nobody: "无人",
  lost: (lines) => `有 ${lines} 行日志未能写入`,
  restarts: (count) => `引擎重启次数：${count}`,
};

const COLORS: Readonly<Record<string, string>> = {
  MASTER: "1;32",
  BACKUP: "36",
  FAULT: "1;31",
  INIT: "33",
  STOP: "2",
};

export function renderStatus(status: Status, language: Language, color: boolean): string {
  const words = language === "en" ? ENGLISH : CHINESE;
  if (!status.engineAnswers) return words.unknown;
  if (status.instances.length === 0) return words.none;
  const rows = [words.columns, ...status.instances.map((one) => rowOf(one, words))];
  const [head = "", ...lines] = align(rows);
  const body = status.instances.flatMap((one, index) => {
    const line = lines[index] ?? "";
    const details = detailsOf(one, words, language).map((text) => `  ${text}`);
    return [color ? paint(line, one.state) : line, ...details];
  });
  const now = Date.parse(status.at);
  const scripts = status.scripts.map((one) => scriptLine(one, words, now));
  const trouble = [
    ...(status.engineRestarts > 0 ? [words.restarts(status.engineRestarts)] : []),
    ...(status.logLinesLost > 0 ? [words.lost(status.logLinesLost)] : []),
  ];
  return [head, ...body, ...scripts, ...trouble].join("\n");
}

function rowOf(one: InstanceStatus, words: TableWords): readonly string[] {
  const addresses = one.addresses
    .map((own) => `${own.address} ${own.owned ? words.here : words.away}`)
    .join(", ");
  const isChanged = one.basePriority !== one.effectivePriority;
  const priority = `${one.effectivePriority}${isChanged ? ` (${one.basePriority})` : ""}`;
  return [one.name, one.state, age(one.forSeconds), priority, one.interface, addresses];
}

function detailsOf(one: InstanceStatus, words: TableWords, language: Language): readonly string[] {
  const peers = one.peers.map((peer) => {
    const heard =
      peer.heardSecondsAgo === undefined ? words.never : words.ago(age(peer.heardSecondsAgo));
    const facts = [
      heard,
      ...(peer.priority === undefined ? [] : [words.priority(peer.priority)]),
      ...(peer.configured ? [] : [words.notConfigured]),
    ];
    return `${words.peer} ${peer.address}: ${facts.join(", ")}`;
  });
  const { last, queued } = one.notify;
  return [
    one.why[language],
    ...(one.holdDown?.leftSeconds === undefined
      ? []
      : [words.heldDown(one.holdDown.losses, age(one.holdDown.leftSeconds))]),
    ...peers,
    ...one.addresses.flatMap(({ address, error }) =>
      error === undefined ? [] : [`${address}: ${error}`],
    ),
    ...one.havips.flatMap((havip) => havipLine(havip, words)),
    ...(last === undefined || last.exit === 0
      ? []
      : [withOutput(words.notify(last.state, String(last.exit)), last.output)]),
    ...(queued > 1 ? [words.queued(queued)] : []),
    ...(one.lease.guarantee === "backstop" ? [words.backstop(String(one.lease.seconds))] : []),
  ];
}

function havipLine(havip: HavipStatus, words: TableWords): readonly string[] {
  const { address, counters } = havip;
  const counts = words.cloudCounts(counters, age(counters.disagreementSeconds));
  const said = havipSentence(havip, words);
  const facts = [...(said === undefined ? [] : [said]), ...(counters.asked === 0 ? [] : [counts])];
  return facts.length === 0 ? [] : [`${address}: ${facts.join("; ")}`];
}

function havipSentence(havip: HavipStatus, words: TableWords): string | undefined {
  switch (havip.platform) {
    case "not-asked":
      return undefined;
    case "agrees":
      return words.cloudAgrees(age(havip.forSeconds));
    case "disagrees":
      return words.disagrees(
        havip.holder === undefined || havip.holder === "" ? words.nobody : havip.holder,
      );
    case "unknown":
      return `${words.cloudUnknown}${havip.detail === undefined ? "" : `: ${havip.detail}`}`;
  }
}

function scriptLine(one: ScriptStatus, words: TableWords, now: number): string {
  const head = `${words.script} ${one.name}: ${words.results[one.result]}`;
  if (one.lastRunAt === undefined) return head;
  const run = words.ran({
    age: age(Math.max(0, (now - Date.parse(one.lastRunAt)) / 1_000)),
    exit: String(one.lastExit ?? "?"),
    milliseconds: one.lastMilliseconds ?? 0,
  });
  const line = `${head}, ${run}`;
  return one.lastExit === 0 ? line : withOutput(line, one.lastOutput);
}

/** The last line of what a script said, when it said anything. */
function withOutput(line: string, output: string): string {
  const words = output.trimEnd().split("\n").at(-1) ?? "";
  return words === "" ? line : `${line}: ${words}`;
}

const paint = (line: string, state: string): string =>
  line.replace(state, `\u001b[${COLORS[state] ?? "0"}m${state}\u001b[0m`);

/** Two or three digits and a unit: enough to see, short enough for a column. */
export function age(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** Columns by what they show on a screen: a Chinese character takes two places. */
function align(rows: readonly (readonly string[])[]): readonly string[] {
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
