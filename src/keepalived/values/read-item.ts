/** One line of a `{ … }` list to an item. */
import { finding } from "#diagnostics/diagnostic";
import { nearest } from "#units/nearest";
import type { Token } from "../lines/tokens.ts";
import { noteSingleQuotes, reportUnknownOption } from "./argument.ts";
import { readIp } from "./ip.ts";
import { type ItemContext, reportTail, several } from "./item-line.ts";
import { leadingInteger, readInteger } from "./numbers.ts";
import { readAddressItem } from "./read-address-item.ts";
import { readDelay } from "./read-delay.ts";
import { readRoute } from "./read-route.ts";
import { readRule } from "./read-rule.ts";
import type { ListItem } from "./value.ts";

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
    case "route": {
      const route = readRoute(context, first);
      return route && { kind: "route", token: first, route };
    }
    case "rule": {
      const rule = readRule(context, first);
      return rule && { kind: "rule", token: first, rule };
    }
    case "delay":
      return readDelay(context, first);
    case "text":
      return { kind: "raw", token: first, texts: context.tokens.map(({ text }) => text) };
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
      else reportUnknownOption(context, token, ["min_ttl", "max_ttl"], false);
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
 * for a word it does not know after the name or a weight without its number; an unknown fourth word
 * is only ignored.
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
    // Where the limit is 253, keepalived takes 254 for it.
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
    // In this list alone the whole line is dropped.
    const dropped = keyword.word === "track_file";
    reportUnknownOption(context, fourth, ["reverse", "noreverse"], dropped);
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
