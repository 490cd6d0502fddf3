/**
 * Files to logical lines, in the order of keepalived's own reader: comment, `@condition`,
 * definition, loop, expansion, include, braces. `{` and `}` outside quotes always make a line of
 * their own, wherever they stand.
 *
 * keepalived reads twice: the parent expands everything into a copy, its children read the copy.
 * That is why a comment mark that comes out of a definition still begins a comment: the second
 * reading is repeated here.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Source, Span } from "#diagnostics/source";
import {
  type Definitions,
  type Expanded,
  expandLine,
  type Predefined,
  readDefinition,
} from "./definitions.ts";
import { type Include, readInclude } from "./include.ts";
import { joinLines, type Line, lineOf, sliceLine, spanOf, spanOfLine } from "./line.ts";
import { LINE_BYTES_MAX, LineChecks } from "./line-checks.ts";
import { type FileOrigin, type LineOrigin, nextOfFile } from "./line-origins.ts";
import { readLoop } from "./loops.ts";
import { checkText } from "./text-checks.ts";
import { findBrace, PLAIN, type Stripped, stripLine } from "./tokens.ts";

export interface LineReaderOptions {
  readonly configId: string | undefined;
  readonly predefined: Predefined;
  readonly include: (request: Include) => readonly Source[];
  readonly report: (finding: AnyFinding) => void;
}

/** Lines made by loops and definitions; a file's own are not counted. */
const MADE_MAX = 100_000;
/** Characters that definitions added to lines; a name of two letters may stand for a thousand. */
const EXPANDED_MAX = 1_000_000;
const DEPTH_MAX = 100;
const INCLUDES_MAX = 1_000;

/** How a line of a file ended; the line itself is given beside it. */
type Ending = Omit<Stripped, "line">;

interface TakenLine {
  readonly line: Line;
  /** Of a line that comes straight from a file. */
  readonly stripped: Ending | undefined;
  /** By a loop or a definition. */
  readonly made: boolean;
  /**
   * Nothing in it can be expanded or begin a comment, so it is not searched again behind every
   * brace.
   */
  readonly plain: boolean;
}

export class LineReader {
  readonly #options: LineReaderOptions;
  readonly #definitions: Definitions = new Map();
  readonly #checks: LineChecks;
  readonly #sources: Source[] = [];
  /** The last one gives the next line: an included file, a loop, then what stands behind them. */
  readonly #origins: LineOrigin[] = [];
  /** What stands behind a brace of the line that was given last. */
  #rest: TakenLine | undefined;
  /** A definition of several lines that has not been read to its end. */
  #openDefinition: { readonly name: string; readonly lines: Line[] } | undefined;
  #conditional: Span | undefined;
  #made = 0;
  #expandedLength = 0;
  #included = 0;

  constructor(files: readonly Source[], options: LineReaderOptions) {
    this.#options = options;
    this.#checks = new LineChecks(options.report, this.#definitions);
    this.#pushFiles(files);
  }

  /** A condition in the files: what is read depends on the config-id. */
  get conditional(): Span | undefined {
    return this.#conditional;
  }

  /** All files read so far, in order. */
  get sources(): readonly Source[] {
    return this.#sources;
  }

  /** The next line without blanks at its ends, never empty; undefined: the end. */
  next(): Line | undefined {
    for (;;) {
      const taken = this.#take();
      if (taken === undefined) return undefined;
      const { line, stripped, made, plain } = taken;
      if (this.#openDefinition !== undefined) {
        this.#continueDefinition(this.#openDefinition, line, stripped);
        continue;
      }
      // Lines that loops make count even when they are empty: a loop in a loop could make ten
      // billion of them.
      if ((made && this.#isOneTooMany(line)) || line.text === "") continue;
      const evaluated = this.#evaluate(taken);
      if (evaluated === undefined || evaluated.text === "") continue;
      const whole = plain ? evaluated : readAgain(evaluated);
      if (whole.text === "" || this.#include(whole)) continue;
      const own = this.#splitAtBrace(whole, plain);
      if (own.text !== "") return own;
    }
  }

  #pushFiles(files: readonly Source[]): void {
    for (const source of files.toReversed()) {
      this.#origins.push({ kind: "file", source, at: 0, plain: false });
    }
    for (const source of files) {
      if (this.#sources.some(({ name }) => name === source.name)) continue;
      this.#sources.push(source);
      for (const found of checkText(source)) this.#options.report(found);
    }
  }

  #take(): TakenLine | undefined {
    const rest = this.#rest;
    if (rest !== undefined) {
      this.#rest = undefined;
      return rest;
    }
    for (let origin = this.#origins.at(-1); origin !== undefined; origin = this.#origins.at(-1)) {
      const taken = this.#nextOf(origin);
      if (taken !== undefined) return taken;
      this.#origins.pop();
    }
    return undefined;
  }

  #nextOf(origin: LineOrigin): TakenLine | undefined {
    switch (origin.kind) {
      case "file":
        return this.#takeOfFile(origin);
      case "lines": {
        const line = origin.lines[origin.at++];
        return line && { line, stripped: undefined, made: true, plain: false };
      }
      case "loop": {
        const { names, rounds, body } = origin.loop;
        const round = rounds[origin.round++];
        if (round === undefined) return undefined;
        for (const [index, name] of names.entries()) {
          this.#define(name, [lineOf(round[index] ?? "", "", 0)], false);
        }
        return { line: body, stripped: undefined, made: true, plain: false };
      }
    }
  }

  #takeOfFile(file: FileOrigin): TakenLine | undefined {
    const line = nextOfFile(file);
    if (line === undefined) return undefined;
    this.#checks.raw(line);
    if (file.plain) return { line, stripped: PLAIN, made: false, plain: !line.text.includes("$") };
    const stripped = stripLine(line);
    this.#checks.stripped(line, stripped, this.#openDefinition !== undefined);
    return { line: stripped.line, stripped, made: false, plain: false };
  }

  #define(name: string, lines: readonly Line[], multiline: boolean): void {
    this.#definitions.set(name, { lines, multiline });
  }

  /** A definition goes on as long as its lines end with a backslash. */
  #continueDefinition(
    { name, lines }: { readonly name: string; readonly lines: Line[] },
    line: Line,
    stripped: Ending | undefined,
  ): void {
    if (line.text !== "") lines.push(line);
    if (stripped?.continued === true) return;
    this.#define(name, lines, lines.length > 0);
    this.#openDefinition = undefined;
  }

  /**
   * Conditions, definitions, loops and expansion, until nothing changes. Undefined: nothing is left
   * of the line.
   */
  #evaluate({ line: start, stripped, plain }: TakenLine): Line | undefined {
    let line: Line | undefined = this.#keepBackslash(start, stripped);
    for (;;) {
      if (line.text.startsWith("@")) line = this.#evaluateCondition(line);
      if (line === undefined || this.#takeDefinition(line, stripped) || this.#startLoop(line)) {
        return undefined;
      }
      if (plain || !line.text.includes("$")) return line;
      const expanded = this.#expand(line);
      if (expanded === undefined) return undefined;
      if (!expanded.changed) return line;
      line = expanded.line;
      // The expansion may itself be a definition.
      if (!/^[@~]/.test(line.text) && readDefinition(line) === undefined) return line;
    }
  }

  /** Outside a definition, a backslash at the end of a line is an ordinary character. */
  #keepBackslash(line: Line, stripped: Ending | undefined): Line {
    if (stripped?.backslash === undefined) return line;
    if (/^(?:@\^?[^ \t]*[ \t]+)?\$[A-Za-z_]\w*=/.test(line.text)) return line;
    const whole = joinLines([line, stripped.backslash]);
    this.#checks.backslash(whole);
    return whole;
  }

  /** `@id rest` and `@^id rest`; undefined: the line is not for this machine. */
  #evaluateCondition(line: Line): Line | undefined {
    const match = /^@(\^?)([^ \t]*)[ \t]+/.exec(line.text);
    if (match === null) return undefined;
    this.#conditional ??= spanOf(line, 0, match[0].trimEnd().length);
    const isSame = match[2] === this.#options.configId;
    const isWanted = match[1] === "";
    return isSame === isWanted ? sliceLine(line, match[0].length, line.text.length) : undefined;
  }

  /** `$NAME=value`, and `$NAME = value`, which keepalived does not understand. */
  #takeDefinition(line: Line, stripped: Ending | undefined): boolean {
    if (!line.text.startsWith("$")) return false;
    const definition = readDefinition(line);
    if (definition === undefined) return this.#checks.isSpacedDefinition(line);
    const { name, value } = definition;
    if (stripped?.continued === true) {
      this.#openDefinition = { name, lines: value.text === "" ? [] : [value] };
    } else this.#define(name, [value], false);
    return true;
  }

  /** `~SEQ(…) line` and `~LST(…) line`. */
  #startLoop(line: Line): boolean {
    if (!line.text.startsWith("~")) return false;
    const close = line.text.indexOf(")");
    const head = sliceLine(line, 0, close < 0 ? line.text.length : close + 1);
    // The parameters may be definitions; the variable's name carries no `$`, and the body is
    // expanded in each round.
    const expanded = expandLine(head, this.#definitions, this.#options.predefined);
    this.#checks.expansion(head, expanded);
    const result = readLoop(expanded.line);
    if (result.kind === "bad") {
      const facts = { text: head.text, problem: result.problem };
      this.#options.report(finding("VR1015", spanOfLine(head), facts));
      return true;
    }
    let from = close + 1;
    while (line.text[from] === " " || line.text[from] === "\t") from++;
    const body = sliceLine(line, from, line.text.length);
    this.#origins.push({ kind: "loop", loop: { ...result.loop, body }, round: 0 });
    return true;
  }

  /** Undefined: it would never end, or too much was made already. */
  #expand(line: Line): Expanded | undefined {
    const expanded = expandLine(line, this.#definitions, this.#options.predefined);
    this.#expandedLength += expanded.growth;
    if (this.#expandedLength > EXPANDED_MAX) {
      this.#stop(line, EXPANDED_MAX, "characters");
      return undefined;
    }
    this.#checks.expansion(line, expanded);
    const { rest } = expanded;
    if (rest.length > 0) this.#origins.push({ kind: "lines", lines: rest, at: 0 });
    return expanded.endless === undefined ? expanded : undefined;
  }

  #isOneTooMany(line: Line): boolean {
    if (++this.#made <= MADE_MAX) return false;
    this.#stop(line, MADE_MAX, "lines");
    return true;
  }

  /** Nothing more is read. */
  #stop(line: Line, limit: number, unit: "lines" | "characters"): void {
    this.#options.report(finding("VR1034", spanOfLine(line), { limit, unit }));
    this.#origins.length = 0;
    this.#rest = undefined;
  }

  #include(line: Line): boolean {
    const request = readInclude(line);
    if (request === undefined) return false;
    const depth = this.#origins.filter(({ kind }) => kind === "file").length;
    if (depth < DEPTH_MAX && ++this.#included <= INCLUDES_MAX) {
      this.#pushFiles(this.#options.include(request));
    } else if (this.#included <= INCLUDES_MAX + 1) {
      const facts = { path: request.pattern, depth };
      this.#options.report(finding("VR1019", request.span, facts));
    }
    return true;
  }

  /**
   * A brace is a line of its own; what stands behind it waits. What stands behind a brace in a line
   * that keepalived's buffer could not hold was searched with the whole line.
   */
  #splitAtBrace(line: Line, plain: boolean): Line {
    const at = findBrace(line.text);
    if (at < 0) return line;
    const cut = at === 0 ? 1 : at;
    const { text } = line;
    let from = cut;
    while (text[from] === " " || text[from] === "\t") from++;
    if (from < text.length) {
      const rest = sliceLine(line, from, text.length);
      const isPlain = plain || text.length > LINE_BYTES_MAX;
      this.#rest = { line: rest, stripped: undefined, made: false, plain: isPlain };
    }
    let end = cut;
    while (end > 0 && /[ \t]/.test(text[end - 1] ?? "")) end--;
    return sliceLine(line, 0, end);
  }
}

/** The second reading: comment marks that an expansion brought in. */
function readAgain(line: Line): Line {
  return /[#!]/.test(line.text) ? stripLine(line).line : line;
}
