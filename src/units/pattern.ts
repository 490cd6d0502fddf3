/**
 * Regular expressions that take time in proportion to the text, whatever they are: `RegExp` may
 * take exponential time (`(a+)+$`), and a process that others depend on has no time to lose.
 *
 * A pattern becomes a program for all of its states at once (Thompson, CACM 11(6), 1968): each
 * character of the text is looked at once, for at most `STATES_MAX` states. So there are no
 * references back and no looking around; only whether the pattern is found somewhere is asked, so
 * groups are groups and nothing more.
 *
 * `.` (no line end), `[a-z]`, `[^…]`, `\d \w \s \D \W \S`, `\n \r \t`, `\` and a character that is
 * neither letter nor digit; `^` and `$`: beginning and end of the text; `( )`, `(?: )`, `|`;
 * `* + ?`, `{3}`, `{3,}`, `{3,5}`; `(?i)` at the beginning: upper and lower case are the same.
 */

/** First and last character in turn. */
type Ranges = readonly number[];

type Node =
  | { readonly kind: "set"; readonly ranges: Ranges; readonly isNot: boolean }
  | { readonly kind: "begin" | "end" }
  | { readonly kind: "all" | "any"; readonly of: readonly Node[] }
  /** `max` undefined: no limit. */
  | { readonly kind: "repeat"; readonly of: Node; readonly min: number; readonly max?: number };

/** What each state does; `next` and `other` are states. */
type Step =
  | { readonly op: "set"; readonly ranges: Ranges; readonly isNot: boolean; readonly next: number }
  | { readonly op: "begin" | "end"; readonly next: number }
  | { readonly op: "split"; next: number; other: number }
  | { readonly op: "found" };

export interface Pattern {
  readonly steps: readonly Step[];
  readonly start: number;
  readonly isCaseless: boolean;
}

export type PatternProblem =
  | "bracket"
  | "parenthesis"
  | "repeat"
  | "escape"
  | "range"
  | "unsupported"
  | "too-large";

export type ReadPattern =
  | { readonly kind: "pattern"; readonly pattern: Pattern }
  /** `at`: index in the text of the pattern. */
  | { readonly kind: "problem"; readonly why: PatternProblem; readonly at: number };

const STATES_MAX = 500;
const LENGTH_MAX = 500;
const DEPTH_MAX = 20;
const REPEAT_MAX = 100;

export function readPattern(text: string): ReadPattern {
  if (text.length > LENGTH_MAX) return { kind: "problem", why: "too-large", at: LENGTH_MAX };
  const isCaseless = text.startsWith("(?i)");
  const parser = new Parser(text, isCaseless ? 4 : 0);
  const node = parser.read();
  if (parser.problem !== undefined) return { kind: "problem", ...parser.problem };
  const steps: Step[] = [{ op: "found" }];
  const start = compile(node, 0, steps);
  return steps.length > STATES_MAX
    ? { kind: "problem", why: "too-large", at: 0 }
    : { kind: "pattern", pattern: { steps, start, isCaseless } };
}

class Parser {
  problem: { readonly why: PatternProblem; readonly at: number } | undefined;
  readonly #text: string;
  #at: number;
  #depth = 0;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  read(): Node {
    const node = this.#readAny();
    if (this.#at < this.#text.length) this.#fail("parenthesis", this.#at);
    return node;
  }

  /** The first problem counts; reading ends there. */
  #fail(why: PatternProblem, at: number): void {
    this.problem ??= { why, at };
    this.#at = this.#text.length;
  }

  #takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #readAny(): Node {
    const of = [this.#readAll()];
    while (this.#takes("|")) of.push(this.#readAll());
    return { kind: "any", of };
  }

  #readAll(): Node {
    const of: Node[] = [];
    while (this.#at < this.#text.length && !/[|)]/.test(this.#text.charAt(this.#at))) {
      const one = this.#readOne();
      of.push(this.#readRepeats(one));
    }
    return { kind: "all", of };
  }

  #readOne(): Node {
    const at = this.#at;
    const char = this.#text.codePointAt(at) ?? 0;
    this.#at += char > 0xffff ? 2 : 1;
    switch (String.fromCodePoint(char)) {
      case "^":
        return { kind: "begin" };
      case "$":
        return { kind: "end" };
      case ".":
        return { kind: "set", ranges: LINE_ENDS, isNot: true };
      case "(":
        return this.#readGroup(at);
      case "[":
        return this.#readSet(at);
      case "\\":
        return this.#readEscape(at);
      case "*":
      case "+":
      case "?":
      case "{":
        this.#fail("repeat", at);
        return NOTHING;
      default:
        return { kind: "set", ranges: [char, char], isNot: false };
    }
  }

  #readGroup(at: number): Node {
    if (this.#takes("?") && !this.#takes(":")) this.#fail("unsupported", at);
    if (++this.#depth > DEPTH_MAX) this.#fail("too-large", at);
    const node = this.#readAny();
    this.#depth--;
    if (!this.#takes(")")) this.#fail("parenthesis", at);
    return node;
  }

  #readRepeats(one: Node): Node {
    const at = this.#at;
    const limits = this.#readLimits();
    if (limits === undefined) return one;
    const [min, max] = limits;
    if (max !== undefined && (max < min || max > REPEAT_MAX || min > REPEAT_MAX)) {
      this.#fail("repeat", at);
      return NOTHING;
    }
    // As few as possible, or as many: it is found either way.
    this.#takes("?");
    if (/[*+?]/.test(this.#text.charAt(this.#at))) this.#fail("repeat", this.#at);
    return { kind: "repeat", of: one, min, ...(max === undefined ? {} : { max }) };
  }

  #readLimits(): readonly [min: number, max: number | undefined] | undefined {
    if (this.#takes("*")) return [0, undefined];
    if (this.#takes("+")) return [1, undefined];
    if (this.#takes("?")) return [0, 1];
    const at = this.#at;
    if (!this.#takes("{")) return undefined;
    const match = /^([0-9]{1,3})(,?)([0-9]{0,3})\}/.exec(this.#text.slice(this.#at));
    if (match === null) {
      this.#fail("repeat", at);
      return undefined;
    }
    this.#at += match[0].length;
    const [, low, comma, high] = match;
    const min = Number(low);
    if (comma === "") return high === "" ? [min, min] : undefined;
    if (high === "" && min > REPEAT_MAX) this.#fail("repeat", at);
    return [min, high === "" ? undefined : Number(high)];
  }

  #readEscape(at: number): Node {
    const ranges = this.#readEscaped(at);
    return { kind: "set", ranges, isNot: false };
  }

  /** Behind the backslash. */
  #readEscaped(at: number): Ranges {
    const char = this.#text.charAt(this.#at++);
    const named = CLASSES[char];
    if (named !== undefined) return named;
    const code = this.#text.codePointAt(this.#at - 1) ?? 0;
    if (char === "" || /[A-Za-z0-9]/.test(char))
      this.#fail(char === "" ? "escape" : "unsupported", at);
    else if (code > 0xffff) this.#at++;
    return [code, code];
  }

  #readSet(open: number): Node {
    const isNot = this.#takes("^");
    const ranges: number[] = [];
    // A bracket that comes first is one of the characters.
    for (let isFirst = true; isFirst || this.#text.charAt(this.#at) !== "]"; isFirst = false) {
      if (this.#at >= this.#text.length) {
        this.#fail("bracket", open);
        return NOTHING;
      }
      const at = this.#at;
      const from = this.#readMember();
      const hasRange =
        this.#text.charAt(this.#at) === "-" && !["", "]"].includes(this.#text.charAt(this.#at + 1));
      if (!hasRange) {
        ranges.push(...from);
        continue;
      }
      this.#at++;
      const to = this.#readMember();
      const [low = 0, high = 0] = [from[0], to[1]];
      if (
        from.length !== 2 ||
        to.length !== 2 ||
        from[0] !== from[1] ||
        to[0] !== to[1] ||
        low > high
      )
        this.#fail("range", at);
      ranges.push(low, high);
    }
    this.#at++;
    return { kind: "set", ranges, isNot };
  }

  #readMember(): Ranges {
    const at = this.#at;
    if (this.#takes("\\")) return this.#readEscaped(at);
    const char = this.#text.codePointAt(at) ?? 0;
    this.#at += char > 0xffff ? 2 : 1;
    return [char, char];
  }
}

const LAST = 0x10ffff;
const code = (char: string): number => char.charCodeAt(0);
const DIGITS: Ranges = [code("0"), code("9")];
const WORD: Ranges = [...DIGITS, code("A"), code("Z"), code("_"), code("_"), code("a"), code("z")];
const BLANKS: Ranges = [9, 13, 32, 32, 0xa0, 0xa0, 0x2028, 0x2029, 0x3000, 0x3000, 0xfeff, 0xfeff];
const LINE_ENDS: Ranges = [10, 10, 13, 13, 0x2028, 0x2029];

/** In order, without overlaps. */
function except(ranges: Ranges): Ranges {
  const out: number[] = [];
  let from = 0;
  for (let at = 0; at < ranges.length; at += 2) {
    const [low = 0, high = 0] = [ranges[at], ranges[at + 1]];
    if (low > from) out.push(from, low - 1);
    from = high + 1;
  }
  return [...out, from, LAST];
}

const CLASSES: Readonly<Record<string, Ranges>> = {
  d: DIGITS,
  w: WORD,
  s: BLANKS,
  D: except(DIGITS),
  W: except(WORD),
  S: except(BLANKS),
  n: [10, 10],
  r: [13, 13],
  t: [9, 9],
};

const NOTHING: Node = { kind: "all", of: [] };

/** From the end to the beginning: what follows a node is there already. Its first state. */
function compile(node: Node, next: number, steps: Step[]): number {
  if (steps.length > STATES_MAX) return next;
  switch (node.kind) {
    case "set":
      return steps.push({ op: "set", ranges: node.ranges, isNot: node.isNot, next }) - 1;
    case "begin":
    case "end":
      return steps.push({ op: node.kind, next }) - 1;
    case "all":
      return node.of.reduceRight((after, one) => compile(one, after, steps), next);
    case "any":
      return node.of
        .map((one) => compile(one, next, steps))
        .reduceRight((other, one) => steps.push({ op: "split", next: one, other }) - 1);
    case "repeat":
      return compileRepeat(node, next, steps);
  }
}

function compileRepeat(
  { of, min, max }: Extract<Node, { kind: "repeat" }>,
  next: number,
  steps: Step[],
): number {
  let start = next;
  if (max === undefined) {
    const loop: Step = { op: "split", next, other: next };
    start = steps.push(loop) - 1;
    loop.other = compile(of, start, steps);
  } else {
    for (let at = min; at < max && steps.length <= STATES_MAX; at++)
      start = steps.push({ op: "split", next, other: compile(of, start, steps) }) - 1;
  }
  for (let at = 0; at < min && steps.length <= STATES_MAX; at++) start = compile(of, start, steps);
  return start;
}

/** Whether the pattern is found somewhere in the text. */
export function isFound({ steps, start, isCaseless }: Pattern, text: string): boolean {
  /** Where each state was last added, so that it is added once for each character. */
  const added = new Int32Array(steps.length).fill(-1);
  let [now, then] = [new Uint16Array(steps.length), new Uint16Array(steps.length)];
  const open: number[] = [];
  let count = 0;
  /** True: the end of the pattern is reached. */
  const add = (into: Uint16Array, from: number, at: number): boolean => {
    open.push(from);
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      const step = steps[state];
      if (step === undefined || added[state] === at) continue;
      added[state] = at;
      if (step.op === "found") return true;
      if (step.op === "set") into[count++] = state;
      else if (step.op === "split") open.push(step.next, step.other);
      else if (step.op === "begin" ? at === 0 : at === text.length) open.push(step.next);
    }
    return false;
  };
  if (add(now, start, 0)) return true;
  for (let at = 0; at < text.length; ) {
    const char = text.codePointAt(at) ?? 0;
    at += char > 0xffff ? 2 : 1;
    const chars = isCaseless ? casesOf(char) : undefined;
    const last = count;
    count = 0;
    for (let index = 0; index < last; index++) {
      const step = steps[now[index] ?? 0];
      if (step?.op !== "set" || !isIn(step, char, chars)) continue;
      if (add(then, step.next, at)) return true;
    }
    if (add(then, start, at)) return true;
    [now, then] = [then, now];
  }
  return false;
}

function isIn(
  { ranges, isNot }: Extract<Step, { op: "set" }>,
  char: number,
  chars: readonly number[] | undefined,
): boolean {
  const isThere =
    chars === undefined ? hasChar(ranges, char) : chars.some((one) => hasChar(ranges, one));
  return isThere !== isNot;
}

function hasChar(ranges: Ranges, char: number): boolean {
  for (let at = 0; at < ranges.length; at += 2) {
    if (char >= (ranges[at] ?? 0) && char <= (ranges[at + 1] ?? 0)) return true;
  }
  return false;
}

function casesOf(char: number): readonly number[] {
  const text = String.fromCodePoint(char);
  return [
    char,
    text.toLowerCase().codePointAt(0) ?? char,
    text.toUpperCase().codePointAt(0) ?? char,
  ];
}
