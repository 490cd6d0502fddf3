/** 报文被丢弃的原因（中文）。 */
import { address, type Drop, interval, numbersOf, value } from "../drop.ts";

export function drop(what: Drop): string {
  const sentence = SENTENCES[what.kind];
  if (sentence !== undefined) return sentence(what);
  const numbers = numbersOf(what);
  const text = what.kind.replaceAll("-", " ");
  return numbers.length === 0 ? text : `${text}（${numbers.join("，")}）`;
}

const AUTH: Readonly<Record<string, string>> = { 0: "不认证", 1: "密码", 2: "IPsec AH" };
const auth = (type: string): string => AUTH[type] ?? `类型 ${type}`;

/** 本机时钟比发送者快的秒数。 */
function ago(drop: Drop): string {
  const seconds = Number(value(drop, "seconds"));
  return seconds >= 0 ? `${seconds} 秒前` : `${-seconds} 秒后`;
}

const SENTENCES: Readonly<Record<string, (drop: Drop) => string>> = {
  "too-short": (d) => `报文太短：只有 ${value(d, "actual")} 字节，至少要 ${value(d, "needed")}`,
  truncated: (d) => `报文被截断：应有 ${value(d, "expected")} 字节，只有 ${value(d, "actual")}`,
  "bad-ip-version": (d) => `不是 IPv4，IP 版本号是 ${value(d, "version")}`,
  "bad-ip-header-length": (d) => `IP 头长度不对：${value(d, "length")} 字节`,
  "bad-ip-checksum": () => "IP 头校验和错误",
  fragment: () => "是分片报文，而一个通告只占一个报文",
  "not-vrrp": (d) => `不是 VRRP，IP 协议号是 ${value(d, "protocol")}`,
  "ah-not-supported": () => "对端使用 `auth_type AH`，Baton 不支持",
  "bad-version": (d) =>
    d["ours"] === undefined
      ? `VRRP 版本号 ${value(d, "theirs")} 不存在`
      : `对端用 VRRPv${value(d, "theirs")}，本机用 VRRPv${value(d, "ours")}`,
  "bad-length": (d) => `报文有 ${value(d, "actual")} 字节，而按其字段应有 ${value(d, "expected")}`,
  "unexpected-signature": (d) =>
    `对端的通告带签名（\`auth_hmac\`，密钥 ${value(d, "keyId")}），而本实例没有 \`auth_hmac\``,
  "missing-signature": () => "没有签名，请检查那台节点的 `auth_hmac` 及其 `mode`",
  "malformed-signature": (d) =>
    `签名的位置上不是签名（类型 ${value(d, "type")}，保留字段 ${value(d, "reserved")}）`,
  "stale-signature": (d) =>
    `按本机时钟，它签于 ${ago(d)}，而 \`time_window\` 是 ${value(d, "window")} 秒：可能是旧报文，或时钟不准`,
  "unknown-key": (d) => `签名用的是密钥 ${value(d, "keyId")}，本节点没有这个密钥`,
  "wrong-signature": (d) =>
    `签名不对：可能是伪造、途中被改动，或两边的密钥 ${value(d, "keyId")} 不同`,
  "replayed-signature": () => "收到过，或比收到过的更旧：有人在重放录下的报文",
  "clock-differs": (d) =>
    `按本机时钟，它签于 ${ago(d)}；超过 \`time_window\`（${value(d, "window")} 秒）就会被拒绝，请检查两边的时钟`,
  "bad-vrid": (d) => `virtual_router_id 是 ${value(d, "vrid")}，不合法`,
  "bad-interval": () => "通告间隔是 0",
  "bad-type": (d) => `VRRP 类型是 ${value(d, "type")}，不是通告`,
  "unknown-vrid": (d) => `本机没有 virtual_router_id ${value(d, "vrid")}`,
  "ttl-not-255": (d) => `TTL 是 ${value(d, "ttl")}，说明经过了路由转发；只接受 TTL 255`,
  "ttl-out-of-range": (d) =>
    `TTL 是 ${value(d, "ttl")}，而这个对端只允许 ${value(d, "min")} 到 ${value(d, "max")}`,
  "auth-type-mismatch": (d) =>
    `对端的认证方式是${auth(value(d, "theirs"))}，本机是${auth(value(d, "ours"))}`,
  "auth-failure": () => "密码不一致，请检查两边的 `auth_pass`",
  "interval-mismatch": (d) =>
    `对端每 ${interval(d, "theirs")} 通告一次，本机每 ${interval(d, "ours")}；VRRPv2 要求各节点的 \`advert_int\` 相同`,
  "bad-checksum": () => "VRRP 校验和错误，各种算法都对不上",
  "no-addresses": () => "通告中没有任何地址，VRRPv3 不允许这样（RFC 9568 5.2.5，勘误 8299）",
  "not-a-peer": (d) => `发送者 ${address(d, "source")} 不在 \`unicast_peer\` 中`,
  "interval-differs": (d) =>
    `对端每 ${interval(d, "theirs")} 通告一次，本机每 ${interval(d, "ours")}；VRRPv3 允许不同`,
  "address-list-mismatch": (d) =>
    `对端通告了 ${value(d, "theirCount")} 个地址，本机有 ${value(d, "ourCount")} 个，或内容不同：keepalived 2.3.2 及更早版本会拒收本机的通告`,
};
