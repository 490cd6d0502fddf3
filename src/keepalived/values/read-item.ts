/** One line of a `{ … }` list. */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import { nearest } from "#units/nearest";
import type { ItemKind, Keyword } from "../keywords/keyword.ts";
import { byteLength, type Token } from "../lines/tokens.ts";
import { type Ip, prefixOfMask, readIp } from "./ip.ts";
import { leadingInteger } from "./kept-number.ts";
import { noteSingleQuotes, readInteger } from "./read-value.ts";
import type { AddressItem, ListItem } from "./value.ts";

export interface ItemContext {
  readonly keyword: Keyword;
  readonly kind: ItemKind;
  readonly tokens: readonly Token[];
  readonly report: (finding: AnyFinding) => void;
}

/** Undefined: keepalived drops the line. */
export function readItem(context: ItemContext): ListItem | undefined {
  const [first] = context.tokens;
  if (first === undefined) return undefined;
  switch (context.kind) {
    case "address":
      return readAddressItem(context, first);
    case "peer":
      return readPeer(context, first);
    case "tracked":
      return readTracked(context, first);
    case "interface":
    case "name":
      noteSingleQuotes(first, context.report);
      return { kind: "name", token: first };
    case "delay":
    case "route":
    case "rule":
    case "text":
      return { kind: "raw", token: first, texts: context.tokens.map(({ text }) => text) };
  }
}

/** More items on the line than the one it may hold. */
function several(context: ItemContext, first: Token, taken: number, dropped = false): void {
  const { tokens, keyword, report } = context;
  const next = tokens[taken];
  const last = tokens.at(-1);
  if (next === undefined || last === undefined) return;
  if (/^[;,]+$/.test(next.text)) {
    const edits = [{ span: next.span, text: "" }];
    const facts = { word: first.text, mark: next.text };
    report(finding("VR1026", next.span, facts, { fix: { safety: "safe", edits } }));
    return;
  }
  const rest = tokens.slice(taken);
  const lost = rest.map(({ text }) => text).join(" ");
  const edits = rest.map(({ span }) => ({ span: { ...span, end: span.start }, text: "\n" }));
  report(
    finding(
      "VR1027",
      { ...next.span, end: last.span.end },
      { block: keyword.word, kept: first.text, lost, dropped },
      { fix: { safety: "safe", edits } },
    ),
  );
}

interface AddressWithPrefix {
  readonly ip: Ip;
  readonly prefix: number;
  readonly given: boolean;
}

function readNetwork(context: ItemContext, token: Token): AddressWithPrefix | undefined {
  const { keyword, report } = context;
  const text = /[;,]$/.test(token.text) ? token.text.replace(/[;,]+$/, "") : token.text;
  if (text !== token.text) reportTail(context, token, text.length);
  const isReported = text !== token.text;
  const slash = text.indexOf("/");
  const host = slash < 0 ? text : text.slice(0, slash);
  const length = slash < 0 ? undefined : text.slice(slash + 1);
  // keepalived reads the digits of a prefix length and forgives what follows; an address it does
  // not.
  const ip = isReported && length === undefined ? undefined : readIp(host);
  if (ip === undefined || length?.includes("/") === true) {
    if (!isReported)
      report(finding("VR2005", token.span, { keyword: keyword.word, text: token.text }));
    return undefined;
  }
  const max = ip.family === 4 ? 32 : 128;
  if (length === undefined) return { ip, prefix: max, given: false };
  const prefix = readInteger(length);
  if (prefix !== undefined && prefix >= 0 && prefix <= max) return { ip, prefix, given: true };
  const mask = ip.family === 4 ? prefixOfMask(length) : undefined;
  if (mask === undefined) {
    report(finding("VR2007", token.span, { text: token.text, max }));
  } else {
    const edits = [{ span: token.span, text: `${host}/${mask}` }];
    const facts = { text: token.text, mask: length, prefix: mask, address: host };
    report(finding("VR2006", token.span, facts, { fix: { safety: "safe", edits } }));
  }
  return { ip, prefix: max, given: false };
}

/** A comma or semicolon after the item, as other file formats have it. */
function reportTail({ report }: ItemContext, token: Token, length: number): void {
  const span = { ...token.span, start: token.span.end - (token.text.length - length) };
  const facts = { word: token.text.slice(0, length), mark: token.text.slice(length) };
  const fix = { safety: "safe" as const, edits: [{ span, text: "" }] };
  report(finding("VR1026", span, facts, { fix }));
}

const ignore = (): void => {};

const SCOPES: Readonly<Record<string, number>> = {
  global: 0,
  universe: 0,
  site: 200,
  link: 253,
  host: 254,
  nowhere: 255,
};
const LABEL_BYTES_MAX = 15;
const FLAGS = new Set(["home", "mngtmpaddr", "noprefixroute", "autojoin", "-nodad", "use_vmac"]);
const ADDRESS_OPTIONS: readonly string[] = [
  "dev",
  "label",
  "brd",
  "broadcast",
  "scope",
  "peer",
  "no_track",
  "track_group",
  "preferred_lft",
  ...FLAGS,
];

interface AddressDraft {
  interface: string | undefined;
  label: string | undefined;
  scope: number;
  broadcast: Ip | undefined;
  peer: Ip | undefined;
  deprecated: boolean;
  noTrack: boolean;
  refused: boolean;
  readonly others: Token[];
}

function readAddressItem(context: ItemContext, first: Token): AddressItem | undefined {
  const network = readNetwork(context, first);
  if (network === undefined) return undefined;
  // Most stand alone on their line, and a file may have hundreds of thousands of them.
  if (context.tokens.length === 1) return addressItem(first, network, BARE);
  const draft: AddressDraft = { ...BARE, refused: false, others: [] };
  const { tokens } = context;
  let misread = false;
  for (let at = 1; at < tokens.length; ) {
    const token = tokens[at];
    if (token === undefined) break;
    const known = ADDRESS_OPTIONS.includes(token.text);
    // One word that is not understood usually has an argument that is not either.
    const quiet = { ...context, report: misread && !known ? ignore : context.report };
    misread ||= !known;
    const taken = readAddressOption(quiet, first, network, token, tokens[at + 1], draft);
    if (taken === 0) break;
    at += taken;
  }
  if (draft.refused) return undefined;
  const { refused: _, ...rest } = draft;
  return addressItem(first, network, rest);
}

type Details = Omit<AddressItem, "kind" | "token" | "ip" | "prefix" | "prefixGiven">;

/** Nothing but the address. */
const BARE: Details = {
  interface: undefined,
  label: undefined,
  scope: 0,
  broadcast: undefined,
  peer: undefined,
  deprecated: false,
  noTrack: false,
  others: [],
};

const addressItem = (
  token: Token,
  { ip, prefix, given }: AddressWithPrefix,
  details: Details,
): AddressItem => ({ kind: "address", token, ip, prefix, prefixGiven: given, ...details });

/** Returns how many tokens were taken; 0: the rest of the line is lost. */
function readAddressOption(
  context: ItemContext,
  first: Token,
  network: AddressWithPrefix,
  token: Token,
  argument: Token | undefined,
  draft: AddressDraft,
): number {
  const { report } = context;
  switch (token.text) {
    case "no_track":
      draft.noTrack = true;
      return 1;
    case "dev":
    case "label":
    case "scope":
    case "brd":
    case "broadcast":
    case "peer":
    case "track_group":
    case "preferred_lft":
      if (argument === undefined) {
        // keepalived drops the address.
        report(finding("VR1040", token.span, { keyword: token.text, expected: "word" }));
        draft.refused = true;
        return 0;
      }
      readAddressArgument(context, first, network, token, argument, draft);
      return 2;
    default:
      if (FLAGS.has(token.text)) {
        draft.others.push(token);
        return 1;
      }
      if (/^[;,]+$/.test(token.text) || readIp(token.text.split("/")[0] ?? "") !== undefined) {
        several(context, first, context.tokens.indexOf(token));
        return 0;
      }
      {
        const suggestion = nearest(token.text, ADDRESS_OPTIONS);
        const facts = { word: token.text, address: first.text, suggestion };
        report(finding("VR2033", token.span, facts));
      }
      return 1;
  }
}

function readAddressArgument(
  context: ItemContext,
  first: Token,
  network: AddressWithPrefix,
  token: Token,
  argument: Token,
  draft: AddressDraft,
): void {
  const { report } = context;
  switch (token.text) {
    case "dev":
      noteSingleQuotes(argument, report);
      draft.interface = argument.text;
      return;
    case "label": {
      const bytes = byteLength(argument.text);
      if (bytes > LABEL_BYTES_MAX) {
        const facts = { label: argument.text, bytes, address: first.text };
        report(finding("VR2032", argument.span, facts));
        draft.refused = true;
      }
      draft.label = argument.text;
      return;
    }
    case "scope": {
      const number = readInteger(argument.text);
      const scope = SCOPES[argument.text] ?? number;
      if (scope === undefined || scope < 0 || scope > 255) {
        const choices = Object.keys(SCOPES);
        const suggestion = nearest(argument.text, choices);
        const facts = {
          keyword: "scope",
          text: argument.text,
          choices,
          suggestion,
          used: "global",
        };
        report(finding("VR2004", argument.span, facts));
      } else draft.scope = scope;
      return;
    }
    case "peer": {
      const ip = readIp(argument.text.split("/")[0] ?? "");
      if (ip === undefined) {
        report(finding("VR2005", argument.span, { keyword: "peer", text: argument.text }));
      } else draft.peer = ip;
      return;
    }
    case "preferred_lft":
      if (argument.text === "0") draft.deprecated = true;
      else if (argument.text !== "forever") draft.others.push(token);
      return;
    case "track_group":
      return;
    default:
      readBroadcast(context, first, network, argument, draft);
  }
}

function readBroadcast(
  context: ItemContext,
  first: Token,
  { ip, prefix }: AddressWithPrefix,
  { text, span }: Token,
  draft: AddressDraft,
): void {
  const refuse = (why: "prefix" | "address"): void =>
    context.report(finding("VR2039", span, { text, address: first.text, why }));
  if (ip.family === 6) {
    refuse("address");
  } else if (text !== "+" && text !== "-") {
    const given = readIp(text);
    if (given?.family === 4) draft.broadcast = given;
    else {
      // keepalived skips the address.
      refuse("address");
      draft.refused = true;
    }
  } else if (prefix > 30) {
    refuse("prefix");
  } else {
    const hosts = 2 ** (32 - prefix) - 1;
    const value = text === "+" ? (ip.value | hosts) >>> 0 : (ip.value & ~hosts) >>> 0;
    draft.broadcast = readIp([24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join("."));
  }
}

function readPeer(context: ItemContext, first: Token): ListItem | undefined {
  const { tokens, report, keyword } = context;
  const text = first.text.replace(/[;,]+$/, "");
  const [host = "", ...rest] = text.split("/");
  const ip = readIp(host);
  if (text !== first.text) {
    reportTail(context, first, text.length);
    return undefined;
  }
  if (ip === undefined) {
    report(finding("VR2005", first.span, { keyword: keyword.word, text: first.text }));
    return undefined;
  }
  if (rest.length > 0) {
    const edits = [{ span: first.span, text: host }];
    const facts = { text: first.text, address: host };
    report(finding("VR2051", first.span, facts, { fix: { safety: "safe", edits } }));
  }
  const limits: { min: number | undefined; max: number | undefined } = {
    min: undefined,
    max: undefined,
  };
  for (let at = 1; at < tokens.length; at += 2) {
    const token = tokens[at];
    const value = tokens[at + 1];
    if (token === undefined) break;
    if (token.text !== "min_ttl" && token.text !== "max_ttl") {
      if (readIp(token.text) !== undefined || /^[;,]/.test(token.text)) several(context, first, at);
      else {
        const suggestion = nearest(token.text, ["min_ttl", "max_ttl"]);
        report(
          finding("VR2047", token.span, {
            keyword: keyword.word,
            word: token.text,
            suggestion,
            dropped: false,
          }),
        );
      }
      break;
    }
    if (value === undefined) {
      report(finding("VR1040", token.span, { keyword: token.text, expected: "number" }));
      break;
    }
    const number = readInteger(value.text);
    if (number === undefined || number < 0 || number > 255) {
      const facts = { keyword: token.text, text: value.text, min: 0, max: 255, used: "" };
      report(finding("VR2002", value.span, facts));
    } else limits[token.text === "min_ttl" ? "min" : "max"] = number;
  }
  if (limits.min !== undefined && limits.max !== undefined && limits.min > limits.max) {
    report(finding("VR2048", first.span, { min: limits.min, max: limits.max }));
  }
  return { kind: "peer", token: first, ip, minTtl: limits.min, maxTtl: limits.max };
}

/**
 * `NAME [weight N [reverse|noreverse]]`. keepalived 2.2.7 drops the whole line, the check with it,
 * for a word it does not know after the name or a weight without its number; a fourth word it does
 * not know costs only itself.
 */
function readTracked(context: ItemContext, first: Token): ListItem | undefined {
  const { tokens, report, keyword } = context;
  noteSingleQuotes(first, report);
  const [, second, third, fourth] = tokens;
  const item = { kind: "tracked", token: first, weight: undefined, reverse: undefined } as const;
  if (second === undefined) return item;
  if (second.text !== "weight" || third === undefined) {
    reportDropped(context, first, second);
    return undefined;
  }
  const limit = keyword.word === "track_file" || keyword.word === "track_process" ? 254 : 253;
  const number = readInteger(third.text);
  const weight = number ?? leadingInteger(third.text);
  if (number === undefined) {
    const facts = { keyword: "weight", text: third.text, decimal: false, used: String(weight) };
    report(finding("VR2001", third.span, facts));
  }
  if (Math.abs(weight) > limit) {
    // One more is taken for the limit where that is 253.
    const isNear = limit === 253 && Math.abs(weight) === 254;
    const isInterface = keyword.word === "track_interface";
    const used = isNear ? Math.sign(weight) * 253 : isInterface ? 0 : undefined;
    const text = used === undefined ? "" : String(used);
    const facts = { keyword: "weight", text: third.text, min: -limit, max: limit, used: text };
    report(finding("VR2002", third.span, facts));
    return { ...item, weight: used };
  }
  const known = fourth === undefined || fourth.text === "reverse" || fourth.text === "noreverse";
  if (!known) {
    const suggestion = nearest(fourth.text, ["reverse", "noreverse"]);
    // In this list alone it costs the line, too.
    const dropped = keyword.word === "track_file";
    const facts = { keyword: keyword.word, word: fourth.text, suggestion, dropped };
    report(finding("VR2047", fourth.span, facts));
    if (dropped) return undefined;
  }
  const reverse = fourth === undefined || !known ? undefined : fourth.text === "reverse";
  return { ...item, weight, reverse };
}

/**
 * Several names on a line, or a word that is not understood: either way nothing of the line counts.
 */
function reportDropped(context: ItemContext, first: Token, second: Token): void {
  const { report, keyword } = context;
  const written = second.text.replace(/[=:].*$/, "");
  const suggestion =
    second.text === "weight"
      ? undefined
      : written === "weight"
        ? "weight N"
        : nearest(written, ["weight"]);
  if (second.text !== "weight" && suggestion === undefined) {
    several(context, first, 1, true);
    return;
  }
  const facts = { keyword: keyword.word, word: second.text, suggestion, dropped: true };
  report(finding("VR2047", second.span, facts));
}
