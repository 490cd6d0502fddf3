/** A line of `interface_up_down_delays`: `INTERFACE DOWN [UP]`, in seconds. */
import { finding } from "#diagnostics/diagnostic";
import type { Token } from "../lines/tokens.ts";
import { noteSingleQuotes } from "./argument.ts";
import { type ItemContext, several } from "./item-line.ts";
import { readDecimal } from "./numbers.ts";
import type { DelayItem } from "./value.ts";

const SECONDS_MAX = 255;

/**
 * Undefined: keepalived drops the line. Without UP it is 0 in keepalived 2.2.7, whatever its manual
 * page says.
 */
export function readDelay(context: ItemContext, first: Token): DelayItem | undefined {
  const { tokens, report, keyword } = context;
  noteSingleQuotes(first, report);
  const [, down, up] = tokens;
  if (down === undefined) {
    report(finding("VR1040", first.span, { keyword: first.text, expected: "number" }));
    return undefined;
  }
  several(context, first, 3);
  const seconds = [down, up].map((token) => {
    if (token === undefined) return 0;
    const value = readDecimal(token.text);
    const facts = { keyword: keyword.word, text: token.text, used: "" };
    if (value === undefined) report(finding("VR2001", token.span, { ...facts, decimal: true }));
    else if (value < 0 || value > SECONDS_MAX)
      report(finding("VR2002", token.span, { ...facts, min: 0, max: SECONDS_MAX }));
    else return value;
    return undefined;
  });
  const [wait, back] = seconds;
  if (wait === undefined || back === undefined) return undefined;
  return { kind: "delay", token: first, down: wait, up: back };
}
