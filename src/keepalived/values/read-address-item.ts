/** `ADDRESS[/PREFIX] [dev eth0] [label eth0:1] …`: one virtual address. */
import { finding } from "#diagnostics/diagnostic";
import { nearest } from "#units/nearest";
import { byteLength, type Token } from "../lines/tokens.ts";
import { noteSingleQuotes } from "./argument.ts";
import { type Ip, prefixOfMask, readIp } from "./ip.ts";
import { type ItemContext, reportTail, several } from "./item-line.ts";
import { readInteger } from "./numbers.ts";
import type { AddressFlag, AddressItem } from "./value.ts";

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
  // keepalived reads the leading digits of a prefix length and ignores the rest; an address has to
  // be right.
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

const SCOPES: Readonly<Record<string, number>> = {
  global: 0,
  universe: 0,
  site: 200,
  link: 253,
  host: 254,
  nowhere: 255,
};

const LABEL_BYTES_MAX = 15;

const IPV6_FLAGS: readonly AddressFlag[] = ["home", "mngtmpaddr", "noprefixroute", "-nodad"];
const FLAGS = new Set<string>([...IPV6_FLAGS, "autojoin"]);

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
  "use_vmac",
  ...FLAGS,
];

interface AddressDraft {
  interface: string | undefined;
  label: string | undefined;
  scope: number;
  broadcast: Ip | undefined;
  peer: Ip | undefined;
  deprecated: boolean;
  preferred: boolean;
  noTrack: boolean;
  readonly flags: AddressFlag[];
  vmac: boolean;
  refused: boolean;
  readonly others: Token[];
}

export function readAddressItem(context: ItemContext, first: Token): AddressItem | undefined {
  const network = readNetwork(context, first);
  if (network === undefined) return undefined;
  // Most stand alone on their line, and a file may have hundreds of thousands of them.
  if (context.tokens.length === 1) return addressItem(first, network, BARE);
  const draft: AddressDraft = { ...BARE, refused: false, flags: [], others: [] };
  const { tokens } = context;
  let misread = false;
  for (let at = 1; at < tokens.length; ) {
    const token = tokens[at];
    if (token === undefined) break;
    const known = ADDRESS_OPTIONS.includes(token.text);
    // An option that is not understood usually has an argument that is not understood either.
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
  preferred: false,
  noTrack: false,
  flags: [],
  vmac: false,
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
    case "use_vmac":
      draft.vmac = true;
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
        const flag = IPV6_FLAGS.find((one) => one === token.text);
        if (flag !== undefined && network.ip.family === 6) draft.flags.push(flag);
        else draft.others.push(token);
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
      else if (argument.text === "forever") draft.preferred = true;
      else draft.others.push(token);
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

const ignore = (): void => {};
