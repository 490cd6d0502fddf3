/**
 * Two network namespaces and a cable, made by the room under test and gone with the process:
 *
 *   left ── eth0 ═══ eth0 ── right          192.0.2.1 and 192.0.2.2 (RFC 5737) unless said otherwise
 */

import type { VirtualAddress } from "#core/config";
import { addHostAddress, changeLink, createVeth, disableTransmitOffload } from "#linux/links";
import { createNamespace, type Namespace } from "#linux/namespace";
import { must, mustDo } from "#linux/result";
import { openRtnetlink, type Rtnetlink } from "#linux/rtnetlink";
import type { LinkInfo } from "#ports/world";
import { type Ipv4, readIpv4 } from "#units/address";

export interface Side {
  readonly namespace: Namespace;
  readonly rtnetlink: Rtnetlink;
  readonly link: LinkInfo;
  readonly address: Ipv4;
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

export const virtual = (text: string, more: Partial<VirtualAddress> = {}): VirtualAddress => ({
  address: address(text),
  prefix: 32,
  scope: 0,
  ...more,
});

export function linkOf(rtnetlink: Rtnetlink, name: string): LinkInfo {
  const link = must(rtnetlink.links()).find((one) => one.name === name);
  if (link === undefined) throw new Error(`no link ${name}`);
  return link;
}

export function layCable(): Cable {
  const left = createNamespace("left");
  const right = createNamespace("right");
  const near = left.within(() => must(openRtnetlink()));
  const far = right.within(() => must(openRtnetlink()));
  mustDo(createVeth(near, { name: "eth0" }, { name: "eth0", namespace: right.fd }));
  const side = (namespace: Namespace, rtnetlink: Rtnetlink, own: string): Side => {
    const { index } = linkOf(rtnetlink, "eth0");
    namespace.within(() => mustDo(disableTransmitOffload("eth0")));
    mustDo(changeLink(rtnetlink, index, { up: true }));
    mustDo(addHostAddress(rtnetlink, index, address(own), 24));
    return { namespace, rtnetlink, link: linkOf(rtnetlink, "eth0"), address: address(own) };
  };
  const sides = { left: side(left, near, "192.0.2.1"), right: side(right, far, "192.0.2.2") };
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
