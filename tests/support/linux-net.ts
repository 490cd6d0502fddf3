/**
 * Two network namespaces and a cable, made by the room under test and gone with the process:
 *
 *   left ── eth0 ═══ eth0 ── right          192.0.2.1 and 192.0.2.2 (RFC 5737),
 *                                           2001:db8::1 and 2001:db8::2 (RFC 3849)
 */

import { now } from "#linux/clock";
import { addHostAddress, changeLink, createVeth, disableTransmitOffload } from "#linux/links";
import { createNamespace, type Namespace } from "#linux/namespace";
import { openPacketSocket, type PacketSocket } from "#linux/packet-socket";
import { must, mustDo } from "#linux/result";
import { openRtnetlink, type Rtnetlink } from "#linux/rtnetlink";
import { type IpAddress, type Ipv4, type Ipv6, isIpv6, readIp, readIpv4 } from "#units/address";
import { after, fromSeconds } from "#units/time";
import type { LinkInfo } from "#vrrp/engine/world";
import type { VirtualAddress } from "#vrrp/router/config";
import { emitEthernetHeader } from "#vrrp/wire/ethernet";

export interface Side {
  readonly namespace: Namespace;
  readonly rtnetlink: Rtnetlink;
  readonly link: LinkInfo;
  readonly address: Ipv4;
  readonly address6: Ipv6;
}

export interface Cable {
  readonly left: Side;
  readonly right: Side;
  [Symbol.dispose](): void;
}

export function address(text: string): Ipv4 {
  const value = readIpv4(text);
  if (value === undefined) throw new Error(`not an address: ${text}`);
  return value;
}

/** Of either version. */
export function ip(text: string): IpAddress {
  const value = readIp(text);
  if (value === undefined) throw new Error(`not an address: ${text}`);
  return value;
}

export function address6(text: string): Ipv6 {
  const value = ip(text);
  if (!isIpv6(value)) throw new Error(`not an IPv6 address: ${text}`);
  return value;
}

/** The side's own address of the same version. */
export const ownAddress = (side: Side, like: IpAddress): IpAddress =>
  isIpv6(like) ? side.address6 : side.address;

export const virtual = (text: string, more: Partial<VirtualAddress> = {}): VirtualAddress => ({
  address: ip(text),
  prefix: isIpv6(ip(text)) ? 128 : 32,
  scope: 0,
  ...more,
});

export function linkOf(rtnetlink: Rtnetlink, name: string): LinkInfo {
  const link = must(rtnetlink.links()).find((one) => one.name === name);
  if (link === undefined) throw new Error(`no link ${name}`);
  return link;
}

/** Local experimental Ethernet type 2 (IEEE 802): nobody answers. */
const TRIAL = 0x88b6;

/**
 * Until the kernel's link watch has run, a device drops what it is given (noop queue) and says that
 * all is well; IFF_RUNNING is no sign, it is set while the state is unknown too. So: frames until
 * one arrives.
 */
function awaitPassage(from: Side, to: Side): void {
  const open = ({ namespace, link }: Side): PacketSocket =>
    namespace.within(() => must(openPacketSocket(link.index, { protocol: TRIAL })));
  using sender = open(from);
  using receiver = open(to);
  const frame = new Uint8Array(60);
  emitEthernetHeader(frame, to.link.mac, from.link.mac, TRIAL);
  const until = after(now(), fromSeconds(10));
  while (receiver.receive(new Uint8Array(64)) === 0) {
    if (now() > until) throw new Error("the cable did not come up");
    sender.send(frame);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
}

export function layCable(): Cable {
  const left = createNamespace("left");
  const right = createNamespace("right");
  const near = left.within(() => must(openRtnetlink()));
  const far = right.within(() => must(openRtnetlink()));
  mustDo(createVeth(near, { name: "eth0" }, { name: "eth0", namespace: right.fd }));
  const side = (namespace: Namespace, rtnetlink: Rtnetlink, last: number): Side => {
    const { index } = linkOf(rtnetlink, "eth0");
    namespace.within(() => mustDo(disableTransmitOffload("eth0")));
    mustDo(changeLink(rtnetlink, index, { up: true }));
    const own = { address: address(`192.0.2.${last}`), address6: address6(`2001:db8::${last}`) };
    mustDo(addHostAddress(rtnetlink, index, own.address, 24));
    mustDo(addHostAddress(rtnetlink, index, own.address6, 64));
    return { namespace, rtnetlink, link: linkOf(rtnetlink, "eth0"), ...own };
  };
  const sides = { left: side(left, near, 1), right: side(right, far, 2) };
  awaitPassage(sides.left, sides.right);
  awaitPassage(sides.right, sides.left);
  return {
    ...sides,
    [Symbol.dispose]() {
      near.close();
      far.close();
      left.close();
      right.close();
    },
  };
}
