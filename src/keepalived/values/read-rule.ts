/**
 * A line of `virtual_rules`: the options of `ip rule`, as keepalived takes them (its vrrp_iprule.c;
 * each tried with 2.2.7). Where 2.2.7 swallows a word or refuses what `ip rule` takes (`inet`,
 * `pref`, `dport 80`), what was meant is read.
 */
import { isIpv6 } from "#units/address";
import type { Network, RuleAction, VirtualRule } from "#vrrp/router/routes";
import type { Token } from "../lines/tokens.ts";
import type { ItemContext } from "./item-line.ts";
import { networkOf, RoutingLine } from "./routing-line.ts";
import type { ReadRule } from "./value.ts";

const UINT = 0xffff_ffff;
const PORT_MAX = 65_535;

const OPTIONS: readonly string[] = [
  "not",
  "inet",
  "inet6",
  "from",
  "to",
  "table",
  "lookup",
  "priority",
  "order",
  "preference",
  "pref",
  "tos",
  "dsfield",
  "fwmark",
  "realms",
  "iif",
  "dev",
  "oif",
  "suppress_prefixlength",
  "suppress_prefixlen",
  "suppress_ifgroup",
  "tunnel-id",
  "tun_id",
  "uidrange",
  "l3mdev",
  "protocol",
  "ipproto",
  "sport",
  "dport",
  "type",
  "goto",
  "nop",
  "blackhole",
  "unreachable",
  "prohibit",
  "no_track",
];

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Writable<Partial<Omit<VirtualRule, "text">>>;

/** Undefined: the line is left out, and why has been reported. */
export function readRule(context: ItemContext, first: Token): ReadRule | undefined {
  const line = new RoutingLine(context);
  const draft: Draft = {};
  for (let word = line.next(); word !== undefined; word = line.next()) {
    if (!readAction(line, draft, word) && !readSelector(line, draft, word))
      line.refuse(word, "unknown-word", OPTIONS);
    if (line.isBad) return undefined;
  }
  const { version = 4, priority, ...rest } = draft;
  // `l3mdev` says itself where to look.
  const action: RuleAction | undefined =
    draft.action ?? (draft.l3mdev === true ? { kind: "table", table: 0 } : undefined);
  if (action === undefined) return line.refuse(first, "no-action");
  if (action.kind === "goto") {
    if (priority === undefined) return line.refuse(first, "no-priority");
    if (action.priority <= priority) return line.refuse(first, "priority-behind");
  }
  return { ...rest, text: line.text, version, action, priority };
}

function readAction(line: RoutingLine, draft: Draft, word: Token): boolean {
  switch (word.text) {
    case "table":
    case "lookup": {
      const table = line.named(word, UINT);
      if (table !== undefined) draft.action = { kind: "table", table };
      return true;
    }
    case "goto": {
      const priority = line.number(word, 0, UINT);
      if (priority !== undefined) draft.action = { kind: "goto", priority };
      return true;
    }
    case "type": {
      const kind = line.choice(word, ["nop", "blackhole", "unreachable", "prohibit"]);
      if (kind !== undefined) draft.action = { kind };
      return true;
    }
    case "nop":
    case "blackhole":
    case "unreachable":
    case "prohibit":
      draft.action = { kind: word.text };
      return true;
    default:
      return false;
  }
}

function readSelector(line: RoutingLine, draft: Draft, word: Token): boolean {
  switch (word.text) {
    case "from":
    case "to": {
      const side = word.text;
      const network = readNetwork(line, draft, word);
      if (network !== undefined) draft[side] = network;
      return true;
    }
    case "iif":
    case "dev":
    case "oif": {
      const device = line.argument(word)?.text;
      if (device !== undefined)
        draft[word.text === "oif" ? "outputInterface" : "inputInterface"] = device;
      return true;
    }
    case "fwmark":
      readMark(line, draft, word);
      return true;
    case "realms": {
      const realms = line.realms(word);
      if (realms !== undefined) draft.realms = realms;
      return true;
    }
    case "not":
      draft.isInverted = true;
      return true;
    case "inet":
    case "inet6":
      draft.version = word.text === "inet" ? 4 : 6;
      return true;
    case "l3mdev":
      draft.l3mdev = true;
      return true;
    case "no_track":
      draft.noTrack = true;
      return true;
    default:
      return readNumber(line, draft, word);
  }
}

function readNumber(line: RoutingLine, draft: Draft, word: Token): boolean {
  const set = <K extends keyof Draft>(key: K, value: Draft[K] | undefined): true => {
    if (value !== undefined) draft[key] = value;
    return true;
  };
  switch (word.text) {
    case "priority":
    case "order":
    case "preference":
    case "pref":
      return set("priority", line.number(word, 0, UINT));
    case "tos":
    case "dsfield":
      return set("tos", line.named(word, 255));
    case "suppress_prefixlength":
    case "suppress_prefixlen":
      return set("suppressPrefix", line.number(word, 0, 128));
    case "suppress_ifgroup":
      return set("suppressGroup", line.named(word, UINT));
    case "tunnel-id":
    case "tun_id":
      return set("tunnelId", line.number(word, 0, Number.MAX_SAFE_INTEGER));
    case "uidrange":
      return set("users", line.range(word, UINT));
    case "protocol":
      return set("protocol", line.named(word, 255));
    case "ipproto":
      return set("ipProtocol", line.named(word, 255));
    case "sport":
      return set("sourcePorts", line.range(word, PORT_MAX));
    case "dport":
      return set("destinationPorts", line.range(word, PORT_MAX));
    default:
      return false;
  }
}

/** `all`, `any` and `default` mean every address. */
function readNetwork(line: RoutingLine, draft: Draft, word: Token): Network | undefined {
  const token = line.argument(word);
  if (token === undefined || /^(all|any|default)$/.test(token.text)) return undefined;
  const network = networkOf(token.text);
  if (network === undefined) return line.refuse(token, "not-an-address");
  const version = isIpv6(network.address) ? 6 : 4;
  if (draft.version !== undefined && draft.version !== version)
    return line.refuse(token, "other-family");
  draft.version = version;
  return network.prefix === 0 ? undefined : network;
}

/** `VALUE[/MASK]`. */
function readMark(line: RoutingLine, draft: Draft, word: Token): void {
  const token = line.argument(word);
  if (token === undefined) return;
  const [text = "", maskText] = token.text.split("/");
  const value = line.numberIn(token, text, 0, UINT);
  const mask = maskText === undefined ? UINT : line.numberIn(token, maskText, 0, UINT);
  if (value !== undefined && mask !== undefined) draft.mark = { value, mask };
}
