/** `baton lab fault INSTANCE WORD …`: turns its arguments into faults of a port, and back. Pure. */

import type { Language } from "#diagnostics/diagnostic";
import { nearest } from "#units/nearest";
import { type Micros, micros } from "#units/time";
import type { PortFault } from "../network/impair.ts";
import { printDuration, readDuration } from "./duration.ts";
import { bilingual, type LabText } from "./lab-messages.ts";

export type FaultOrder =
  | { readonly kind: "merge"; readonly fault: PortFault }
  /** The named instances do not hear each other. */
  | { readonly kind: "apart"; readonly others: readonly string[] }
  | { readonly kind: "cable"; readonly plugged: boolean }
  | { readonly kind: "heal" }
  | { readonly kind: "wrong"; readonly message: LabText };

export const FAULT_USAGE: Readonly<Record<Language, string>> = {
  en: `  delay TIME [JITTER]       frames to it take longer
  jitter TIME               and not all the same
  loss PART [PROTOCOL]      such as 10% vrrp; arp, icmp, tcp, udp, vrrp or a number
  duplicate PART            frames to it arrive twice
  reorder PART              this part overtakes by one delay
  one-way from|to           what it sends, or what it should get, is lost
  cut                       both ways, the carrier stays
  unplug, plug              its device loses its carrier, and has it again
  late TIME                 its port forwards nothing for so long from now on
  apart OTHER …             it and the others do not hear each other, everybody else hears them
  arp-limit RATE [BURST]    announcements of HAVIPs that pass in a second
  swallow-claims            announcements never reach the control plane
  heal                      all of it is over
`,
  "zh-CN": `  delay 时间 [抖动]         发给它的帧延迟到达
  jitter 时间               延迟各不相同
  loss 比例 [协议]          例如 10% vrrp；可用 arp、icmp、tcp、udp、vrrp 或协议号
  duplicate 比例            发给它的帧重复到达
  reorder 比例              这部分帧提前一个延迟到达
  one-way from|to           只丢弃它发出的（from）或发给它的（to）帧
  cut                       双向中断，网卡仍显示有载波
  unplug、plug              网卡失去载波、恢复载波
  late 时间                 端口从现在起有这么久不转发
  apart 其他实例 …          它与这些实例互相听不到，其他实例都能听到它们
  arp-limit 速率 [突发]     每秒放行的 HAVIP 宣告数
  swallow-claims            宣告到达不了控制面
  heal                      解除全部故障
`,
};

const PROTOCOLS: Readonly<Record<string, number>> = { arp: 0, icmp: 1, tcp: 6, udp: 17, vrrp: 112 };

const wrong = (en: string, zh: string): FaultOrder => ({
  kind: "wrong",
  message: bilingual(en, zh),
});
const merge = (fault: PortFault): FaultOrder => ({ kind: "merge", fault });

export function readFault([word = "", ...values]: readonly string[]): FaultOrder {
  const [first, second] = values;
  switch (word) {
    case "delay": {
      const jitter = second === undefined ? undefined : readDuration(second);
      if (second !== undefined && jitter === undefined) return notATime(second);
      return withTime(first, (delayMicros) =>
        merge({ delayMicros, ...(jitter !== undefined && { jitterMicros: jitter }) }),
      );
    }
    case "jitter":
      return withTime(first, (jitterMicros) => merge({ jitterMicros }));
    case "late":
      return withTime(first, (lateMicros) => merge({ lateMicros }));
    case "loss":
      return withPart(first, (loss) => {
        if (second === undefined) return merge({ loss });
        const onlyProtocol = Object.hasOwn(PROTOCOLS, second)
          ? PROTOCOLS[second]
          : readNumber(second, 255);
        return onlyProtocol === undefined
          ? wrong(
              `${second} is not ${Object.keys(PROTOCOLS).join(", ")} or a protocol number`,
              `${second} 不是 ${Object.keys(PROTOCOLS).join("、")} 或协议号`,
            )
          : merge({ loss, onlyProtocol });
      });
    case "duplicate":
      return withPart(first, (duplicate) => merge({ duplicate }));
    case "reorder":
      return withPart(first, (reorder) => merge({ reorder }));
    case "one-way":
      if (first === "from") return merge({ cutFrom: true });
      return first === "to"
        ? merge({ cutTo: true })
        : wrong("one-way is `from` or `to` it", "one-way 的值应为 `from` 或 `to`");
    case "cut":
      return merge({ cut: true });
    case "swallow-claims":
      return merge({ swallowClaims: true });
    case "arp-limit": {
      const arpPerSecond = readNumber(first, 1_000_000);
      const arpBurst = second === undefined ? arpPerSecond : readNumber(second, 1_000_000);
      if (arpPerSecond === undefined || arpBurst === undefined)
        return wrong(
          "arp-limit takes a number of frames a second, and of a burst",
          "arp-limit 的值应为每秒帧数，以及突发帧数",
        );
      return merge({ arpPerSecond, arpBurst });
    }
    case "apart":
      return values.length === 0
        ? wrong("apart needs another instance", "apart 需要另一个实例")
        : { kind: "apart", others: values };
    case "unplug":
    case "plug":
      return { kind: "cable", plugged: word === "plug" };
    case "heal":
      return { kind: "heal" };
    default:
      return word === "" ? wrong("say which fault", "请指明故障") : noSuchFault(word);
  }
}

export const FAULT_NAMES: readonly string[] = [
  "delay",
  "jitter",
  "late",
  "loss",
  "duplicate",
  "reorder",
  "one-way",
  "cut",
  "swallow-claims",
  "arp-limit",
  "apart",
  "unplug",
  "plug",
  "heal",
];

function noSuchFault(word: string): FaultOrder {
  const near = nearest(word, FAULT_NAMES);
  const [en, zh] = [`there is no fault ${word}`, `没有故障 ${word}`];
  if (near === undefined) return wrong(en, zh);
  return wrong(`${en}; did you mean \`${near}\`?`, `${zh}，是否要用 \`${near}\`？`);
}

const notATime = (text: string | undefined): FaultOrder =>
  text === undefined
    ? wrong("it needs a time such as 20ms or 1.5s", "需要一个时间，例如 20ms 或 1.5s")
    : wrong(`${text} is not a time such as 20ms or 1.5s`, `${text} 不是时间，应形如 20ms 或 1.5s`);

function withTime(text: string | undefined, make: (value: Micros) => FaultOrder): FaultOrder {
  const value = text === undefined ? undefined : readDuration(text);
  return value === undefined ? notATime(text) : make(value);
}

/** `10%` or `0.1`. */
function withPart(text: string | undefined, make: (part: number) => FaultOrder): FaultOrder {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text ?? "");
  const part = Number(match?.[1]) / (match?.[2] === "%" ? 100 : 1);
  return match === null || part > 1
    ? wrong(
        `${text ?? "nothing"} is not a part such as 10% or 0.1`,
        text === undefined
          ? "需要一个比例，例如 10% 或 0.1"
          : `${text} 不是比例，应形如 10% 或 0.1`,
      )
    : make(part);
}

function readNumber(text: string | undefined, most: number): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text ?? "") && value <= most ? value : undefined;
}

/**
 * The faults of a port as people write them, each so that `readFault` reads the same.
 *
 * @param nameOf the instance of a port; undefined: there is none any more
 */
export function printFaults(
  fault: PortFault,
  nameOf: (port: number) => string | undefined,
): readonly string[] {
  const { delayMicros, jitterMicros, lateMicros, loss, duplicate, reorder } = fault;
  const { onlyProtocol, arpPerSecond, arpBurst, notHearing = [] } = fault;
  const time = (value: number | undefined): string => printDuration(micros(value ?? 0));
  const jitter = jitterMicros === undefined ? "" : time(jitterMicros);
  const others = notHearing.flatMap((port) => nameOf(port) ?? []);
  const line = (isSet: boolean, ...tokens: readonly string[]): readonly string[] =>
    isSet ? [tokens.filter((one) => one !== "").join(" ")] : [];
  return [
    ...line(delayMicros !== undefined, "delay", time(delayMicros), jitter),
    ...line(delayMicros === undefined && jitter !== "", "jitter", jitter),
    ...line(loss !== undefined, "loss", printPart(loss), printProtocol(onlyProtocol)),
    ...line(duplicate !== undefined, "duplicate", printPart(duplicate)),
    ...line(reorder !== undefined, "reorder", printPart(reorder)),
    ...line(fault.cutFrom === true, "one-way from"),
    ...line(fault.cutTo === true, "one-way to"),
    ...line(fault.cut === true, "cut"),
    ...line(lateMicros !== undefined, "late", time(lateMicros)),
    ...line(others.length > 0, "apart", ...others),
    ...line(
      arpPerSecond !== undefined,
      "arp-limit",
      `${arpPerSecond}`,
      arpBurst === arpPerSecond ? "" : `${arpBurst}`,
    ),
    ...line(fault.swallowClaims === true, "swallow-claims"),
  ];
}

/** 0.07 times 100 is a little more than 7. */
const printPart = (part: number | undefined): string =>
  `${Number(((part ?? 0) * 100).toPrecision(12))}%`;

function printProtocol(number: number | undefined): string {
  if (number === undefined) return "";
  const known = Object.entries(PROTOCOLS).find(([, value]) => value === number);
  return known?.[0] ?? `${number}`;
}

type Order = Exclude<FaultOrder, { readonly kind: "wrong" }>;

/** Whether it breaks something, and does not put it right. */
export const isBreaking = (order: Order): boolean =>
  order.kind !== "heal" && !(order.kind === "cable" && order.plugged);

/** An order as people write it. */
export function printOrder(order: Order): string {
  switch (order.kind) {
    case "merge":
      return printFaults(order.fault, () => undefined).join(", ");
    case "apart":
      return ["apart", ...order.others].join(" ");
    case "cable":
      return order.plugged ? "plug" : "unplug";
    case "heal":
      return "heal";
  }
}
