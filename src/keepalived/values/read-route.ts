/**
 * A line of `virtual_routes`: the options of `ip route`, as keepalived takes them (its
 * vrrp_iproute.c; each tried with 2.2.7).
 */
import { type IpAddress, isIpv6 } from "#units/address";
import type {
  Gateway,
  Network,
  Nexthop,
  RouteMetric,
  RouteType,
  VirtualRoute,
} from "#vrrp/router/routes";
import type { Token } from "../lines/tokens.ts";
import type { ItemContext } from "./item-line.ts";
import { networkOf, RoutingLine } from "./routing-line.ts";

const TYPES: readonly string[] = [
  "unicast",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
  "nat",
  "xresolve",
];

const UINT = 0xffff_ffff;
/** RTAX_* with plain numbers. */
const METRICS: Readonly<Record<string, { readonly kind: number; readonly max: number }>> = {
  mtu: { kind: 2, max: UINT },
  window: { kind: 3, max: UINT },
  ssthresh: { kind: 6, max: UINT },
  cwnd: { kind: 7, max: UINT },
  advmss: { kind: 8, max: UINT },
  reordering: { kind: 9, max: UINT },
  hoplimit: { kind: 10, max: 255 },
  initcwnd: { kind: 11, max: UINT },
  initrwnd: { kind: 14, max: UINT },
  quickack: { kind: 15, max: 1 },
  fastopen_no_cookie: { kind: 17, max: 1 },
};
/** RTAX_* with times; the kernel keeps the round trip in eighths and its deviation in quarters. */
const TIMES: Readonly<Record<string, { readonly kind: number; readonly parts: number }>> = {
  rtt: { kind: 4, parts: 8 },
  rttvar: { kind: 5, parts: 4 },
  rto_min: { kind: 13, parts: 1 },
};
const RTAX_FEATURES = 12;
const RTAX_CC_ALGO = 16;
const ECN = 1;

const OPTIONS: readonly string[] = [
  "to",
  "from",
  "as",
  "src",
  "via",
  "gw",
  "or",
  "dev",
  "oif",
  "weight",
  "onlink",
  "nexthop",
  "table",
  "protocol",
  "scope",
  "metric",
  "priority",
  "preference",
  "tos",
  "dsfield",
  "pref",
  "expires",
  "realms",
  "ttl-propagate",
  "features",
  "congctl",
  "append",
  "add",
  "prepend",
  "no_track",
  "track_group",
  ...Object.keys(METRICS),
  ...Object.keys(TIMES),
];

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Writable<Omit<VirtualRoute, "text" | "version" | "metrics" | "nexthops">> & {
  version: 4 | 6 | undefined;
  metrics: RouteMetric[];
  nexthops: Writable<Nexthop>[];
  hasDestination: boolean;
};

/** Undefined: the line is left out, and why has been reported. */
export function readRoute(context: ItemContext, first: Token): VirtualRoute | undefined {
  const line = new RoutingLine(context);
  const draft: Draft = { version: undefined, metrics: [], nexthops: [], hasDestination: false };
  for (let word = line.next(); word !== undefined; word = line.next()) {
    readWord(line, draft, word);
    if (line.isBad) return undefined;
  }
  if (!draft.hasDestination) return line.refuse(first, "not-an-address");
  const { version = 4, metrics, nexthops, hasDestination: _, ...rest } = draft;
  if (draft.expires !== undefined && version === 4) return line.refuse(first, "ipv6-only");
  if (draft.from !== undefined && version === 4) return line.refuse(first, "ipv6-only");
  return {
    text: line.text,
    version,
    ...rest,
    ...(metrics.length > 0 && { metrics }),
    ...(nexthops.length > 0 && { nexthops }),
  };
}

/** An IPv4 destination may have a gateway of IPv6, and nothing else may be mixed. */
function setVersion(line: RoutingLine, draft: Draft, word: Token, address: IpAddress): void {
  const version = isIpv6(address) ? 6 : 4;
  if (draft.version !== undefined && draft.version !== version) line.refuse(word, "other-family");
  draft.version = version;
}

function setDestination(line: RoutingLine, draft: Draft, word: Token, to: Network): void {
  if (draft.hasDestination) return line.refuse(word, "unknown-word", OPTIONS);
  setVersion(line, draft, word, to.address);
  draft.hasDestination = true;
  if (to.prefix > 0) draft.to = to;
}

function readDestination(line: RoutingLine, draft: Draft, word: Token): void {
  if (word.text === "default" || word.text === "default6") {
    if (draft.hasDestination) return line.refuse(word, "unknown-word", OPTIONS);
    draft.hasDestination = true;
    if (word.text === "default6") draft.version = 6;
    return;
  }
  const to = networkOf(word.text);
  if (to !== undefined) setDestination(line, draft, word, to);
  else if (/^[0-9]|:/.test(word.text)) line.refuse(word, "not-an-address");
  else line.refuse(word, "unknown-word", [...TYPES, ...OPTIONS]);
}

function readWord(line: RoutingLine, draft: Draft, word: Token): void {
  const { text } = word;
  if (TYPES.includes(text)) {
    if (text !== "unicast") draft.type = text as RouteType;
    return;
  }
  const metric = METRICS[text];
  if (metric !== undefined) return addMetric(line, draft, word, metric);
  const time = TIMES[text];
  if (time !== undefined) return addTime(line, draft, word, time);
  if (readGateway(line, draft, draft, word)) return;
  switch (text) {
    case "inet":
    case "inet6":
      draft.version = text === "inet" ? 4 : 6;
      return;
    case "to": {
      const argument = line.argument(word);
      if (argument !== undefined) readDestination(line, draft, argument);
      return;
    }
    case "or":
      return readOldNexthop(line, draft, word);
    case "nexthop":
      return readNexthop(line, draft);
    case "features":
      if (line.choice(word, ["ecn"]) !== undefined)
        draft.metrics.push({ kind: RTAX_FEATURES, value: ECN });
      return;
    case "congctl": {
      const isLocked = line.takes("lock");
      const name = line.argument(word);
      if (name !== undefined)
        draft.metrics.push({ kind: RTAX_CC_ALGO, value: name.text, ...(isLocked && { isLocked }) });
      return;
    }
    case "append":
      draft.isAppended = true;
      return;
    case "add":
      return;
    case "no_track":
      draft.noTrack = true;
      return;
    case "prepend":
    case "encap":
    case "vrf":
      return line.refuse(word, "not-supported");
    default:
      return readValue(line, draft, word);
  }
}

/** What has a value of its own. */
function readValue(line: RoutingLine, draft: Draft, word: Token): void {
  switch (word.text) {
    case "src": {
      const source = line.address(word);
      if (source === undefined) return;
      setVersion(line, draft, word, source);
      draft.source = source;
      return;
    }
    case "from":
    case "as": {
      const from = line.network(word);
      if (from === undefined) return;
      setVersion(line, draft, word, from.address);
      draft.from = from;
      return;
    }
    case "table":
      return assign(draft, "table", line.named(word, UINT));
    case "protocol":
      return assign(draft, "protocol", line.named(word, 255));
    case "scope":
      return assign(draft, "scope", line.named(word, 255));
    case "tos":
    case "dsfield":
      return assign(draft, "tos", line.named(word, 255));
    case "metric":
    case "priority":
    case "preference":
      return assign(draft, "metric", line.number(word, 0, UINT));
    case "realms":
      return assign(draft, "realms", line.realms(word));
    case "expires":
      return assign(draft, "expires", line.number(word, 0, UINT));
    case "pref":
      return assign(draft, "preference", line.choice(word, ["low", "medium", "high"]));
    case "ttl-propagate": {
      const choice = line.choice(word, ["enabled", "disabled"]);
      if (choice !== undefined) draft.ttlPropagate = choice === "enabled";
      return;
    }
    default:
      return readDestination(line, draft, word);
  }
}

function assign<K extends keyof Draft>(draft: Draft, key: K, value: Draft[K] | undefined): void {
  if (value !== undefined) draft[key] = value;
}

/** `via`, `dev` and `onlink`, of the route or of one of its next hops. True: it was one. */
function readGateway(
  line: RoutingLine,
  draft: Draft,
  into: Writable<Gateway>,
  word: Token,
): boolean {
  switch (word.text) {
    case "via":
    case "gw": {
      const family = line.takes("inet6") ? 6 : line.takes("inet") ? 4 : undefined;
      const via = line.address(word);
      if (via === undefined) return true;
      into.via = via;
      const own = isIpv6(via) ? 6 : 4;
      if (family !== undefined && family !== own) line.refuse(word, "other-family");
      // `default via 2001:db8::1`
      if (family === undefined) setVersion(line, draft, word, via);
      return true;
    }
    case "dev":
    case "oif": {
      const device = line.argument(word);
      if (device !== undefined) into.interface = device.text;
      return true;
    }
    case "onlink":
      into.onlink = true;
      return true;
    default:
      return false;
  }
}

/** `via A or B`: two next hops, as keepalived had it before `nexthop`. */
function readOldNexthop(line: RoutingLine, draft: Draft, word: Token): void {
  const via = line.address(word);
  if (via === undefined) return;
  if (draft.via !== undefined) draft.nexthops.push({ via: draft.via });
  delete draft.via;
  draft.nexthops.push({ via });
}

/** Up to the next `nexthop`, or the end of the line. */
function readNexthop(line: RoutingLine, draft: Draft): void {
  const hop: Writable<Nexthop> = {};
  draft.nexthops.push(hop);
  while (line.peek() !== "nexthop") {
    const word = line.next();
    if (word === undefined || line.isBad) return;
    if (readGateway(line, draft, hop, word)) continue;
    if (word.text === "no_track") {
      draft.noTrack = true;
      continue;
    }
    if (word.text !== "weight") {
      const problem = word.text === "encap" || word.text === "realms";
      line.refuse(word, problem ? "not-supported" : "unknown-word", OPTIONS);
      return;
    }
    const weight = line.number(word, 1, 256);
    if (weight !== undefined) hop.weight = weight;
  }
}

function addMetric(
  line: RoutingLine,
  draft: Draft,
  word: Token,
  { kind, max }: { readonly kind: number; readonly max: number },
): void {
  const isLocked = line.takes("lock");
  const value = line.number(word, 0, max);
  if (value !== undefined) draft.metrics.push({ kind, value, ...(isLocked && { isLocked }) });
}

/** keepalived raises a round trip below it. */
const ROUND_TRIP_MIN = 200;

/** `100` and `100ms`, `2s`. */
function addTime(
  line: RoutingLine,
  draft: Draft,
  word: Token,
  { kind, parts }: { readonly kind: number; readonly parts: number },
): void {
  const isLocked = line.takes("lock");
  const token = line.argument(word);
  if (token === undefined) return;
  const match = /^([0-9.]+)(s|ms)?$/.exec(token.text);
  const number = Number(match?.[1]);
  if (match === null || Number.isNaN(number)) return line.refuse(token, "not-a-number");
  const millis = match[2] === "s" ? number * 1_000 : number;
  const kept = parts === 1 ? millis : Math.max(ROUND_TRIP_MIN, millis);
  const value = Math.round(kept * parts);
  if (value > UINT) return line.refuse(token, "out-of-range");
  draft.metrics.push({ kind, value, ...(isLocked && { isLocked }) });
}
