/** `baton lab fault INSTANCE WORD …`: words to faults of a port. Pure. */
import type { PortFault } from "#fabric/impair";
import type { Micros } from "#units/time";
import { readDuration } from "./duration.ts";

export type FaultOrder =
  | { readonly kind: "merge"; readonly fault: PortFault }
  /** The instances named are deaf to each other. */
  | { readonly kind: "apart"; readonly others: readonly string[] }
  | { readonly kind: "cable"; readonly plugged: boolean }
  | { readonly kind: "heal" }
  | { readonly kind: "wrong"; readonly message: string };

export const FAULT_USAGE = `  delay TIME [JITTER]       frames to it take longer
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
`;

const PROTOCOLS: Readonly<Record<string, number>> = { arp: 0, icmp: 1, tcp: 6, udp: 17, vrrp: 112 };

const wrong = (message: string): FaultOrder => ({ kind: "wrong", message });
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
          ? wrong(`${second} is not ${Object.keys(PROTOCOLS).join(", ")} or a protocol number`)
          : merge({ loss, onlyProtocol });
      });
    case "duplicate":
      return withPart(first, (duplicate) => merge({ duplicate }));
    case "reorder":
      return withPart(first, (reorder) => merge({ reorder }));
    case "one-way":
      if (first === "from") return merge({ cutFrom: true });
      return first === "to" ? merge({ cutTo: true }) : wrong("one-way is `from` or `to` it");
    case "cut":
      return merge({ cut: true });
    case "swallow-claims":
      return merge({ swallowClaims: true });
    case "arp-limit": {
      const arpPerSecond = readNumber(first, 1_000_000);
      const arpBurst = second === undefined ? arpPerSecond : readNumber(second, 1_000_000);
      if (arpPerSecond === undefined || arpBurst === undefined)
        return wrong("arp-limit takes a number of frames a second, and of a burst");
      return merge({ arpPerSecond, arpBurst });
    }
    case "apart":
      return values.length === 0
        ? wrong("apart needs another instance")
        : { kind: "apart", others: values };
    case "unplug":
    case "plug":
      return { kind: "cable", plugged: word === "plug" };
    case "heal":
      return { kind: "heal" };
    default:
      return wrong(word === "" ? "say which fault" : `there is no fault ${word}`);
  }
}

const notATime = (text: string | undefined): FaultOrder =>
  wrong(`${text ?? "nothing"} is not a time such as 20ms or 1.5s`);

function withTime(text: string | undefined, make: (value: Micros) => FaultOrder): FaultOrder {
  const value = text === undefined ? undefined : readDuration(text);
  return value === undefined ? notATime(text) : make(value);
}

/** `10%` or `0.1`. */
function withPart(text: string | undefined, make: (part: number) => FaultOrder): FaultOrder {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text ?? "");
  const part = Number(match?.[1]) / (match?.[2] === "%" ? 100 : 1);
  return match === null || part > 1
    ? wrong(`${text ?? "nothing"} is not a part such as 10% or 0.1`)
    : make(part);
}

function readNumber(text: string | undefined, most: number): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text ?? "") && value <= most ? value : undefined;
}
