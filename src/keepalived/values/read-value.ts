/**
 * The arguments of a keyword to a typed value. What keepalived refuses is reported and dropped, so
 * that the default stays.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import { nearest } from "#units/nearest";
import { HIDDEN_SECRET, Secret } from "#units/secret";
import type { Keyword, NumberTakes, Takes } from "../keywords/keyword.ts";
import type { Token } from "../lines/tokens.ts";
import {
  extra,
  need,
  noteSingleQuotes,
  reportUnknownOption,
  type ValueContext,
} from "./argument.ts";
import { isMulticast, readIp } from "./ip.ts";
import { keptNumber, leadingInteger, readBoolean, readDecimal, readInteger } from "./numbers.ts";
import { readCommandArgument, readProgram } from "./read-command.ts";
import type { Value } from "./value.ts";

/** Undefined: the setting is ignored, as keepalived ignores it. */
export function readValue(context: ValueContext): Value | undefined {
  const { takes } = context.keyword;
  switch (takes.kind) {
    case "flag":
      return readFlag(context);
    case "boolean":
      return readBooleanArgument(context);
    case "integer":
    case "decimal":
      return readNumber(context, takes);
    case "weight":
      return readWeight(context, takes);
    case "choice":
      return readChoice(context, takes);
    case "address":
      return readAddressArgument(context, takes);
    case "interface":
      return readInterface(context);
    case "text": {
      const first = need(context, "word");
      extra(context, 1);
      return first === undefined ? undefined : { kind: "text", value: first.text };
    }
    case "secret": {
      const first = need(context, "word");
      extra(context, 1);
      return first && { kind: "secret", secret: new Secret(first.text) };
    }
    case "secrets": {
      const { args } = context;
      if (args.length < takes.min) need({ ...context, args: [] }, "word");
      if (args.length < takes.min) return undefined;
      extra(context, takes.max);
      const given = args.slice(0, takes.max);
      return { kind: "secrets", secrets: given.map(({ text }) => new Secret(text)) };
    }
    case "texts": {
      if (context.args.length < takes.min) need({ ...context, args: [] }, "word");
      if (context.args.length < takes.min) return undefined;
      extra(context, takes.max);
      const values = context.args.slice(0, takes.max);
      const isSecret = takes.isSecret === true;
      return { kind: "texts", values: values.map(({ text }) => (isSecret ? HIDDEN_SECRET : text)) };
    }
    case "command":
      return readCommandArgument(context, takes);
    case "program":
      return readProgram(context);
    case "user": {
      const first = need(context, "word");
      extra(context, 2);
      if (first === undefined) return undefined;
      return { kind: "user", user: first.text, group: context.args[1]?.text };
    }
    case "list":
    case "block":
    case "foreign":
      return { kind: "block" };
  }
}

function readFlag(context: ValueContext): Value {
  const [first] = context.args;
  if (first !== undefined && readBoolean(first.text) === false) {
    context.report(
      finding("VR4007", first.span, { keyword: context.keyword.word, text: first.text }),
    );
    extra(context, 1);
  } else if (first === undefined || readBoolean(first.text) === undefined) extra(context, 0);
  return { kind: "flag" };
}

function readBooleanArgument(context: ValueContext): Value | undefined {
  const { args, keyword, report } = context;
  const [first] = args;
  if (first === undefined) return { kind: "boolean", value: true };
  const value = readBoolean(first.text);
  if (value === undefined) {
    report(finding("VR2003", first.span, { keyword: keyword.word, text: first.text }));
    return undefined;
  }
  extra(context, 1);
  if (!value && keyword.word === "skip_check_adv_addr") {
    report(finding("VR4007", first.span, { keyword: keyword.word, text: first.text }));
  }
  return { kind: "boolean", value };
}

function readNumber(context: ValueContext, takes: NumberTakes): Value | undefined {
  const { args, keyword, report } = context;
  if (args.length === 0 && takes.optional === true) return { kind: "number", value: undefined };
  const first = need(context, takes.kind === "decimal" ? "seconds" : "number");
  if (first === undefined) return undefined;
  const decimal = takes.kind === "decimal";
  const value = decimal ? readDecimal(first.text) : readInteger(first.text);
  const isFit = value !== undefined && value >= takes.min && value <= takes.max;
  if (!isFit) {
    const kept = keptNumber(takes, first.text);
    const used = kept === undefined ? (keyword.default ?? "") : String(kept);
    if (value === undefined) report(notANumber(context, first, decimal, used));
    // Accepted as "no gap"; a rule reports it (rules/zero-interval.ts).
    else if (value === 0 && /(garp|gna)_interval$/.test(keyword.word))
      return { kind: "number", value: 0 };
    else {
      const { min, max } = takes;
      const facts = { keyword: keyword.word, text: first.text, min, max, used, ...ownOf(keyword) };
      report(finding("VR2002", first.span, facts));
    }
    return kept === undefined ? undefined : { kind: "number", value: kept };
  }
  extra(context, 1);
  const places = /\.([0-9]*)$/.exec(first.text)?.[1]?.length ?? 0;
  if (places > 6) {
    const rounded = String(Number(value.toFixed(6)));
    report(
      finding("VR2049", first.span, { keyword: keyword.word, text: first.text, used: rounded }),
    );
    return { kind: "number", value: Number(rounded) };
  }
  return { kind: "number", value };
}

/** `= 100`, `100;` and `5s` are reported as what they are. */
function notANumber(
  context: ValueContext,
  token: Token,
  decimal: boolean,
  used: string,
): AnyFinding {
  const { keyword, args } = context;
  const [, second] = args;
  const assigned = /^[=:]+$/.test(token.text) && second !== undefined;
  if (assigned) {
    const span = { ...token.span, end: second.span.start };
    const edits = [{ span, text: "" }];
    return finding(
      "VR1025",
      token.span,
      { keyword: keyword.word, mark: token.text },
      { fix: { safety: "safe", edits } },
    );
  }
  const mark = /^[=:]+(?=[0-9.])/.exec(token.text)?.[0];
  if (mark !== undefined) {
    const span = { ...token.span, end: token.span.start + mark.length };
    return finding(
      "VR1025",
      span,
      { keyword: keyword.word, mark },
      { fix: { safety: "safe", edits: [{ span, text: "" }] } },
    );
  }
  const tail = /^([+-]?[0-9.]+)([;,]+)$/.exec(token.text);
  if (tail !== null && !token.quoted) {
    const span = { ...token.span, start: token.span.end - (tail[2]?.length ?? 0) };
    return finding(
      "VR1026",
      span,
      { word: keyword.word, mark: tail[2] ?? "" },
      { fix: { safety: "safe", edits: [{ span, text: "" }] } },
    );
  }
  const facts = { keyword: keyword.word, text: token.text, decimal, used, ...ownOf(keyword) };
  return finding("VR2001", token.span, facts);
}

const ownOf = ({ since }: Keyword): { readonly isOwn?: true } =>
  since === "baton" ? { isOwn: true } : {};

function readWeight(
  context: ValueContext,
  { limit, beyond }: Extract<Takes, { kind: "weight" }>,
): Value | undefined {
  const { args, keyword, report } = context;
  const first = need(context, "number");
  if (first === undefined) return undefined;
  const weight = readInteger(first.text);
  // `5s` is 5 and `abc` is 0 to keepalived, with a warning.
  const meant = weight ?? leadingInteger(first.text);
  const clamped = Math.max(-limit, Math.min(limit, meant));
  const kept = meant === clamped || beyond === "limit" ? clamped : Number(keyword.default ?? "0");
  if (weight === undefined) report(notANumber(context, first, false, String(kept)));
  else if (weight !== kept) {
    const facts = { keyword: keyword.word, text: first.text, min: -limit, max: limit };
    const used = String(kept);
    report(finding("VR2002", first.span, { ...facts, used, ...ownOf(keyword) }));
  }
  const second = args[1];
  const direction = second?.text === "reverse" || second?.text === "noreverse";
  if (second !== undefined && !direction) {
    reportUnknownOption(context, second, ["reverse", "noreverse"], false);
  } else extra(context, direction ? 2 : 1);
  return { kind: "weight", weight: kept, reverse: second?.text === "reverse" };
}

function readChoice(
  context: ValueContext,
  takes: Extract<Takes, { kind: "choice" }>,
): Value | undefined {
  const { args, keyword, report } = context;
  if (args.length === 0 && takes.optional === true) return { kind: "flag" };
  const first = need(context, "word");
  if (first === undefined) return undefined;
  if (!takes.of.includes(first.text)) {
    const digits = takes.bad === undefined ? undefined : String(leadingInteger(first.text));
    const kept = takes.of.find((one) => one === digits);
    report(
      finding(
        "VR2004",
        first.span,
        {
          keyword: keyword.word,
          text: first.text,
          choices: takes.of,
          suggestion: nearest(first.text, takes.of),
          used: kept ?? keyword.default ?? "",
          ...ownOf(keyword),
        },
        choiceFix(first, takes.of),
      ),
    );
    return kept === undefined ? undefined : { kind: "text", value: kept };
  }
  extra(context, 1);
  return { kind: "text", value: first.text };
}

/** `backup` for `BACKUP` can mean only one thing. */
function choiceFix(
  token: Token,
  choices: readonly string[],
): { fix: { safety: "safe"; edits: { span: Token["span"]; text: string }[] } } | undefined {
  const same = choices.find(
    (one) => one.toLowerCase() === token.text.toLowerCase().replace(/[;,]$/, ""),
  );
  if (same === undefined) return undefined;
  return { fix: { safety: "safe", edits: [{ span: token.span, text: same }] } };
}

function readAddressArgument(
  context: ValueContext,
  takes: Extract<Takes, { kind: "address" }>,
): Value | undefined {
  const { keyword, report } = context;
  const first = need(context, "address");
  if (first === undefined) return undefined;
  extra(context, 1);
  const ip = readIp(first.text);
  if (ip === undefined || (takes.family !== "any" && ip.family !== takes.family)) {
    report(finding("VR2005", first.span, { keyword: keyword.word, text: first.text }));
    return undefined;
  }
  if (takes.multicast === true && !isMulticast(ip)) {
    report(finding("VR2046", first.span, { address: first.text }));
    return undefined;
  }
  return { kind: "address", ip };
}

/** The kernel's limit of an interface name is 15 bytes. */
export const INTERFACE_BYTES_MAX = 15;

function readInterface(context: ValueContext): Value | undefined {
  const first = need(context, "interface");
  if (first === undefined) return undefined;
  extra(context, 1);
  noteSingleQuotes(first, context.report);
  if (first.text.length > INTERFACE_BYTES_MAX) {
    const facts = { name: first.text, bytes: first.text.length };
    context.report(finding("VR2041", first.span, facts));
    return undefined;
  }
  return { kind: "text", value: first.text };
}
