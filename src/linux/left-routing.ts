/**
 * Routes and policy rules with our mark that a dead daemon left. keepalived has the same mark, so
 * whoever asks makes sure that none runs.
 */
import { type IpAddress, printIp } from "#units/address";
import * as abi from "./abi.ts";
import { attributesOf, ipOf, NLM_F_ACK, NLM_F_DUMP, u32Of } from "./netlink.ts";
import { type Result, success } from "./result.ts";
import { FRA, RTA } from "./routing-messages.ts";
import type { Rtnetlink } from "./rtnetlink.ts";
import {
  RTM_DELROUTE,
  RTM_DELRULE,
  RTM_GETROUTE,
  RTM_GETRULE,
  RTM_NEWROUTE,
  RTM_NEWRULE,
  RTPROT_KEEPALIVED,
} from "./rtnetlink-messages.ts";

/** Both headers, struct rtmsg and struct fib_rule_hdr, have so many bytes. */
const HEADER = 12;
const PROTOCOL_AT = 5;
const TABLE_AT = 4;
const PREFIX_AT = 1;

interface Left {
  readonly text: string;
  /** What the kernel said of it, which names it in a removal. */
  readonly payload: Uint8Array;
  readonly isRule: boolean;
}

/** Rules first: they lead to the routes. Of each what it was, or why it stays. */
export function removeLeftRouting(
  rtnetlink: Rtnetlink,
): Result<{ readonly removed: readonly string[]; readonly failures: readonly string[] }> {
  const removed: string[] = [];
  const failures: string[] = [];
  for (const isRule of [true, false]) {
    for (const family of [abi.AF_INET, abi.AF_INET6]) {
      const found = leftIn(rtnetlink, isRule, family);
      if (!found.ok) return found;
      for (const { text, payload } of found.value) {
        const builder = rtnetlink.start(isRule ? RTM_DELRULE : RTM_DELROUTE, NLM_F_ACK);
        for (const byte of payload) builder.u8(byte);
        const outcome = rtnetlink.transact(isRule ? "RTM_DELRULE" : "RTM_DELROUTE");
        if (outcome.ok) removed.push(text);
        else if (outcome.errno !== "ESRCH" && outcome.errno !== "ENOENT")
          failures.push(`${text}: ${outcome.call}: ${outcome.errno}`);
      }
    }
  }
  return success({ removed, failures });
}

function leftIn(rtnetlink: Rtnetlink, isRule: boolean, family: number): Result<readonly Left[]> {
  const found: Left[] = [];
  const call = isRule ? "RTM_GETRULE" : "RTM_GETROUTE";
  const builder = rtnetlink.start(isRule ? RTM_GETRULE : RTM_GETROUTE, NLM_F_DUMP);
  builder.u8(family);
  for (let at = 1; at < HEADER; at++) builder.u8(0);
  const outcome = rtnetlink.transact(call, ({ type, payload }) => {
    if (type !== (isRule ? RTM_NEWRULE : RTM_NEWROUTE) || payload.length < HEADER) return;
    const attributes = attributesOf(payload, HEADER);
    const protocol = isRule ? attributes.get(FRA.protocol)?.[0] : payload[PROTOCOL_AT];
    if (protocol !== RTPROT_KEEPALIVED) return;
    // The buffer is read into again.
    found.push({ text: printed(payload, isRule), payload: payload.slice(), isRule });
  });
  return outcome.ok ? success(found) : outcome;
}

/** `route 10.1.0.0/16 in table 254`, `rule 16384`. */
function printed(payload: Uint8Array, isRule: boolean): string {
  const attributes = attributesOf(payload, HEADER);
  if (isRule) return `rule ${u32Of(attributes.get(FRA.priority)) ?? 0}`;
  const to: IpAddress | undefined = ipOf(attributes.get(RTA.dst));
  const table = u32Of(attributes.get(RTA.table)) ?? payload[TABLE_AT] ?? 0;
  const name = to === undefined ? "default" : `${printIp(to)}/${payload[PREFIX_AT] ?? 0}`;
  return `route ${name} in table ${table}`;
}
