/**
 * `~SEQ(var,[start,[step,]]end) line` and `~LST(var,a,b,…) line`: the line once for each value.
 * `~SEQx` counts in hexadecimal; `~LST({a,b},{1,2},{3,4})` sets several names at once. keepalived
 * has them since 2.0.9 and 2.1.0.
 */
import { type Line, sliceLine } from "./line.ts";

export interface Loop {
  /** Names to be defined, and for each round their values. */
  readonly names: readonly string[];
  readonly rounds: readonly (readonly string[])[];
  readonly body: Line;
}

export type LoopProblem = "form" | "numbers" | "tuples";
export type LoopResult =
  | { readonly kind: "loop"; readonly loop: Loop }
  | { readonly kind: "bad"; readonly problem: LoopProblem };

export const ROUNDS_MAX = 100_000;

const bad = (problem: LoopProblem): LoopResult => ({ kind: "bad", problem });

/** `text` begins with `~`. Its parameters have been expanded already. */
export function readLoop(line: Line): LoopResult {
  const head = /^~(SEQx?|LST)[ \t]*\(/.exec(line.text);
  if (head === null) return bad("form");
  const open = head[0].length;
  const close = line.text.indexOf(")", open);
  if (close < 0) return bad("form");
  let from = close + 1;
  while (line.text[from] === " " || line.text[from] === "\t") from++;
  const body = sliceLine(line, from, line.text.length);
  const inside = line.text.slice(open, close).trim();
  return head[1] === "LST"
    ? readList(inside, body)
    : readSequence(inside, head[1] === "SEQx", body);
}

function readSequence(inside: string, hex: boolean, body: Line): LoopResult {
  const [name = "", ...texts] = inside.split(",").map((part) => part.trim());
  if (!isName(name) || texts.length < 1 || texts.length > 3) return bad("form");
  const numbers = texts.map(readInteger);
  // Beyond the safe integers, adding a step changes nothing, and the loop would never end.
  if (!numbers.every((value) => value !== undefined && Number.isSafeInteger(value)))
    return bad("numbers");
  const [one = 0, two = 0, three = 0] = numbers as number[];
  const { start, step, end } = limits(texts.length, one, two, three);
  if (step === 0 || (start < end && step < 0) || (start > end && step > 0)) return bad("numbers");
  if (hex && (start < 0 || end < 0)) return bad("numbers");
  if (Math.abs(end - start) / Math.abs(step) > ROUNDS_MAX) return bad("numbers");
  const rounds: string[][] = [];
  for (let value = start; step > 0 ? value <= end : value >= end; value += step) {
    rounds.push([value.toString(hex ? 16 : 10)]);
  }
  return { kind: "loop", loop: { names: [name], rounds, body } };
}

function limits(
  count: number,
  one: number,
  two: number,
  three: number,
): { start: number; step: number; end: number } {
  if (count === 1) return { start: one < 0 ? -1 : 1, step: one < 1 ? -1 : 1, end: one };
  if (count === 2) return { start: one, step: one <= two ? 1 : -1, end: two };
  return { start: one, step: two, end: three };
}

/** As strtol with base 0 reads it. */
function readInteger(text: string): number | undefined {
  if (/^[+-]?0[xX][0-9a-fA-F]+$/.test(text)) {
    return Number.parseInt(text.replace(/^[+-]/, ""), 16) * (text.startsWith("-") ? -1 : 1);
  }
  if (/^[+-]?0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^[+-]?[0-9]+$/.test(text) ? Number.parseInt(text, 10) : undefined;
}

function readList(inside: string, body: Line): LoopResult {
  if (!inside.startsWith("{")) {
    const [name = "", ...values] = inside.split(",").map((part) => part.trim());
    if (!isName(name) || values.length === 0) return bad("form");
    return { kind: "loop", loop: { names: [name], rounds: values.map((value) => [value]), body } };
  }
  const tuples = [...inside.matchAll(/\{([^{}]*)\}/g)].map((match) =>
    (match[1] ?? "").split(",").map((part) => part.trim()),
  );
  const [names = [], ...rounds] = tuples;
  if (names.length === 0 || !names.every(isName) || rounds.length === 0) return bad("form");
  if (rounds.some((round) => round.length !== names.length)) return bad("tuples");
  return { kind: "loop", loop: { names, rounds, body } };
}

const isName = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
