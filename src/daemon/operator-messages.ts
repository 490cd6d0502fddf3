/** What an operator is answered when nothing is done, and what the log says of maintenance. */
import type { Language } from "#diagnostics/diagnostic";
import { printLocalTime } from "./local-time.ts";
import type { Maintenance } from "./maintenance-shape.ts";
import type { SwitchUnit } from "./switch-protocol.ts";
import type { UnknownUnit } from "./switches.ts";

export interface Refusal {
  readonly error: string;
  readonly help?: string;
}

export interface OperatorMessages {
  readonly busy: (why: "stopping" | "reloading") => Refusal;
  readonly noEngine: Refusal;
  readonly noAddress: (text: string) => Refusal;
  readonly noUnit: (unknown: UnknownUnit) => Refusal;
  readonly underWay: Refusal;
  readonly nobodyTakesOver: (units: readonly SwitchUnit[]) => Refusal;
  readonly notKept: (path: string, errno: string) => Refusal;
  /** At the start of the daemon. */
  readonly starts: (maintenance: Maintenance) => string;
  readonly unreadable: (path: string) => string;
  readonly isOn: (maintenance: Maintenance) => Readonly<Record<Language, string>>;
  readonly isOff: (by: string) => Readonly<Record<Language, string>>;
  readonly isOver: (maintenance: Maintenance) => Readonly<Record<Language, string>>;
}

/** What maintenance means for the node, in a sentence. */
export function maintenanceSentence(
  { since, until, reason, lastResort, by }: Maintenance,
  language: Language,
): string {
  const at = printLocalTime(new Date(since));
  const end = until === undefined ? undefined : printLocalTime(new Date(until));
  if (language === "en") {
    const till = end === undefined ? "until baton maintenance off" : `until ${end}`;
    const because = reason === undefined ? "" : ` (${reason})`;
    const rule = lastResort
      ? "it takes an address only if nobody else does"
      : "it takes no address, even if nobody else does";
    return `in maintenance since ${at} by ${by}${because}, ${till}: ${rule}`;
  }
  const till = end === undefined ? "直到执行 baton maintenance off" : `直到 ${end}`;
  const because = reason === undefined ? "" : `，原因：${reason}`;
  const rule = lastResort ? "仅在没有其他节点接管时才接管地址" : "即使无人提供服务也不接管地址";
  return `自 ${at} 起处于维护状态，由 ${by} 设置${because}，${till}：${rule}`;
}

const both = (text: (language: Language) => string): Readonly<Record<Language, string>> => ({
  en: text("en"),
  "zh-CN": text("zh-CN"),
});

const COMMON: Pick<OperatorMessages, "isOn" | "isOff" | "isOver"> = {
  isOn: (maintenance) =>
    both((language) =>
      language === "en"
        ? `this node is ${maintenanceSentence(maintenance, language)}`
        : `本节点${maintenanceSentence(maintenance, language)}`,
    ),
  isOff: (by) =>
    both((language) =>
      language === "en" ? `maintenance ended by ${by}` : `维护状态已由 ${by} 结束`,
    ),
  isOver: ({ until = "" }) =>
    both((language) =>
      language === "en"
        ? `maintenance is over, as it was to be at ${printLocalTime(new Date(until))}`
        : `维护状态已按计划于 ${printLocalTime(new Date(until))} 结束`,
    ),
};

const list = (names: readonly string[]): string => names.slice(0, 20).join(", ");

const ENGLISH: OperatorMessages = {
  ...COMMON,
  busy: (why) =>
    why === "stopping"
      ? { error: "the daemon is stopping, and hands over itself" }
      : { error: "a reload is under way; nothing was asked", help: "try again in a moment" },
  noEngine: {
    error: "the engine does not answer; nothing was asked",
    help: "baton status says more",
  },
  noAddress: (text) => ({
    error: `${text} is no IP address`,
    help: "--to takes the address of a peer, as unicast_peer has it",
  }),
  noUnit: (unknown) =>
    unknown.kind === "no-such"
      ? {
          error: `there is no instance and no sync group ${unknown.name}`,
          help: `there are: ${list(unknown.names)}`,
        }
      : {
          error: "which instance or sync group? There are several",
          help: `name one of ${list(unknown.names)}, or use --all`,
        },
  underWay: { error: "maintenance is being changed by somebody else at this moment" },
  nobodyTakesOver: (units) => ({
    error: `not in maintenance: ${units.map(({ name, text }) => `${name}: ${text.en}`).join("; ")}`,
    help: "--last-resort keeps what nobody takes, --force gives it up all the same",
  }),
  notKept: (path, errno) => ({ error: `nothing changed: ${path}: ${errno}` }),
  starts: (maintenance) => `this node is ${maintenanceSentence(maintenance, "en")}`,
  unreadable: (path) =>
    `${path} cannot be read, so this node stays in maintenance and takes no address; baton maintenance off ends that`,
};

const CHINESE: OperatorMessages = {
  ...COMMON,
  busy: (why) =>
    why === "stopping"
      ? { error: "守护进程正在停止，会自行交接" }
      : { error: "正在重新加载配置，未执行任何操作", help: "请稍后再试" },
  noEngine: { error: "引擎没有应答，未执行任何操作", help: "请查看 baton status" },
  noAddress: (text) => ({
    error: `${text} 不是 IP 地址`,
    help: "--to 需要对端的地址，与 unicast_peer 中一致",
  }),
  noUnit: (unknown) =>
    unknown.kind === "no-such"
      ? {
          error: `没有名为 ${unknown.name} 的实例或同步组`,
          help: `现有：${list(unknown.names)}`,
        }
      : {
          error: "有多个实例或同步组，请指明其中一个",
          help: `可选：${list(unknown.names)}，或使用 --all`,
        },
  underWay: { error: "此刻有其他人正在更改维护状态" },
  nobodyTakesOver: (units) => ({
    error: `未进入维护状态：${units.map(({ name, text }) => `${name}：${text["zh-CN"]}`).join("；")}`,
    help: "--last-resort 保留无人接管的地址，--force 则仍然放弃",
  }),
  notKept: (path, errno) => ({ error: `未作任何更改：${path}：${errno}` }),
  starts: (maintenance) => `本节点${maintenanceSentence(maintenance, "zh-CN")}`,
  unreadable: (path) =>
    `无法读取 ${path}，本节点保持维护状态，不接管地址；执行 baton maintenance off 可结束`,
};

export const operatorMessages = (language: Language): OperatorMessages =>
  language === "en" ? ENGLISH : CHINESE;
