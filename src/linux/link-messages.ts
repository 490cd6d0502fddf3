/**
 * Requests about devices (linux/if_link.h): who begins one adds attributes and sends it with
 * `transact`.
 */
import { type Mac, writeMac } from "#units/address";
import type { Outcome } from "#vrrp/engine/world";
import { type MessageBuilder, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL } from "./netlink.ts";
import type { Rtnetlink } from "./rtnetlink.ts";
import { RTM_DELLINK, RTM_NEWLINK } from "./rtnetlink-messages.ts";

export const IFLA_ADDRESS = 1;
export const IFLA_IFNAME = 3;
export const IFLA_LINK = 5;
export const IFLA_LINKINFO = 18;
export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
export const IFLA_MACVLAN_MODE = 1;

/** A new device; the kernel chooses its index. */
export const beginNewLink = (rtnetlink: Rtnetlink): MessageBuilder =>
  rtnetlink
    .start(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
    .u32(0)
    .u32(0)
    .u32(0)
    .u32(0);

/** A change of a device; of its flags (IFF_UP …) those in `mask`. */
export const beginLinkChange = (
  rtnetlink: Rtnetlink,
  index: number,
  flags = 0,
  mask = 0,
): MessageBuilder => rtnetlink.start(RTM_NEWLINK, NLM_F_ACK).u32(0).u32(index).u32(flags).u32(mask);

export function requestLinkDeletion(rtnetlink: Rtnetlink, index: number, call: string): Outcome {
  rtnetlink.start(RTM_DELLINK, NLM_F_ACK).u32(0).u32(index).u32(0).u32(0);
  return rtnetlink.transact(call);
}

/** The new device is a macvlan on `base`; `mode` is one of MACVLAN_MODE_*. */
export const appendMacvlan = (builder: MessageBuilder, base: number, mode: number): void =>
  void builder
    .attributeU32(IFLA_LINK, base)
    .nest(IFLA_LINKINFO)
    .attributeText(IFLA_INFO_KIND, "macvlan")
    .nest(IFLA_INFO_DATA)
    .attributeU32(IFLA_MACVLAN_MODE, mode)
    .end()
    .end();

export function macBytes(mac: Mac): Uint8Array {
  const bytes = new Uint8Array(6);
  writeMac(mac, bytes, 0);
  return bytes;
}
