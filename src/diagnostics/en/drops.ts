/** Why a packet was refused, in English. */
import { address, type Drop, interval, numbersOf, value } from "../drop.ts";

export function drop(what: Drop): string {
  const sentence = SENTENCES[what.kind];
  if (sentence !== undefined) return sentence(what);
  const numbers = numbersOf(what);
  const text = what.kind.replaceAll("-", " ");
  return numbers.length === 0 ? text : `${text} (${numbers.join(", ")})`;
}

const AUTH: Readonly<Record<string, string>> = { 0: "none", 1: "a password", 2: "IPsec AH" };
const auth = (type: string): string => AUTH[type] ?? `type ${type}`;

/** Our clock is ahead of the sender's by so many seconds. */
function ago(drop: Drop): string {
  const seconds = Number(value(drop, "seconds"));
  return seconds >= 0 ? `${seconds} s ago` : `${-seconds} s in the future`;
}

const SENTENCES: Readonly<Record<string, (drop: Drop) => string>> = {
  "too-short": (d) =>
    `the packet is too short: ${value(d, "actual")} bytes, ${value(d, "needed")} are needed`,
  truncated: (d) => `the packet is cut off: ${value(d, "actual")} bytes of ${value(d, "expected")}`,
  "bad-ip-version": (d) => `it is not IPv4 but IP version ${value(d, "version")}`,
  "bad-ip-header-length": (d) => `its IP header claims ${value(d, "length")} bytes`,
  "bad-ip-checksum": () => "its IP header checksum is wrong",
  fragment: () => "it is a fragment; an advertisement fits in one packet",
  "not-vrrp": (d) => `it is not VRRP but IP protocol ${value(d, "protocol")}`,
  "ah-not-supported": () => "the peer uses `auth_type AH`, which Baton does not offer",
  "bad-version": (d) =>
    d["ours"] === undefined
      ? `it claims VRRP version ${value(d, "theirs")}, which does not exist`
      : `the peer speaks VRRP version ${value(d, "theirs")}, we speak version ${value(d, "ours")}`,
  "bad-length": (d) =>
    `it has ${value(d, "actual")} bytes where its own fields say ${value(d, "expected")}`,
  "unexpected-signature": (d) =>
    `the peer signs its advertisements (\`auth_hmac\`, key ${value(d, "keyId")}), and this instance has no \`auth_hmac\``,
  "missing-signature": () =>
    "it has no signature: is `auth_hmac` on that node, with a mode that signs?",
  "malformed-signature": (d) =>
    `what stands in place of its signature is none (type ${value(d, "type")}, reserved ${value(d, "reserved")})`,
  "stale-signature": (d) =>
    `it was signed ${ago(d)} by our clock, and \`time_window\` is ${value(d, "window")} s: an old packet, or a wrong clock`,
  "unknown-key": (d) => `it is signed with key ${value(d, "keyId")}, which this node does not have`,
  "wrong-signature": (d) =>
    `its signature is wrong: forged, altered on its way, or key ${value(d, "keyId")} is another one there`,
  "replayed-signature": () =>
    "it was received before, or is older than what was: somebody sends recorded packets",
  "clock-differs": (d) =>
    `it was signed ${ago(d)} by our clock; beyond \`time_window\` (${value(d, "window")} s) we would refuse it: are both clocks right?`,
  "bad-vrid": (d) => `it carries virtual_router_id ${value(d, "vrid")}, which is not allowed`,
  "bad-interval": () => "it carries an advertisement interval of 0",
  "bad-type": (d) => `it is VRRP type ${value(d, "type")}, not an advertisement`,
  "unknown-vrid": (d) => `nobody here has virtual_router_id ${value(d, "vrid")}`,
  "ttl-not-255": (d) =>
    `its TTL is ${value(d, "ttl")}, so it came through a router; only 255 is accepted`,
  "ttl-out-of-range": (d) =>
    `its TTL is ${value(d, "ttl")}, and this peer is allowed ${value(d, "min")} to ${value(d, "max")}`,
  "auth-type-mismatch": (d) =>
    `the peer uses ${auth(value(d, "theirs"))} for authentication, we use ${auth(value(d, "ours"))}`,
  "auth-failure": () => "its password is not ours: check `auth_pass` on both nodes",
  "interval-mismatch": (d) =>
    `the peer advertises every ${interval(d, "theirs")}, we every ${interval(d, "ours")}: version 2 wants the same \`advert_int\` on all nodes`,
  "bad-checksum": () => "its VRRP checksum is wrong in every known form",
  "no-addresses": () =>
    "it names no address, which version 3 does not allow (RFC 9568 5.2.5, erratum 8299)",
  "not-a-peer": (d) => `its sender ${address(d, "source")} is not in \`unicast_peer\``,
  "interval-differs": (d) =>
    `the peer advertises every ${interval(d, "theirs")}, we every ${interval(d, "ours")}; version 3 allows it`,
  "address-list-mismatch": (d) =>
    `the peer advertises ${value(d, "theirCount")} addresses and we have ${value(d, "ourCount")}, or other ones: keepalived up to 2.3.2 would refuse ours`,
};
