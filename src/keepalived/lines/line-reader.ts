/**
 * Files to logical lines, in the order of keepalived's own reader: comment, `@condition`, definition, loop, expansion,
 * include, braces. `{` and `}` outside quotes always make a line of their own, wherever they stand.
 *
 * keepalived reads twice: the parent expands everything into a copy, its children read the copy. That is why a comment mark
 * that comes out of a definition still begins a comment: the second reading is repeated here.
 */
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Source, Span } from "#diagnostics/source";
import {
  type Definition,
  type Definitions,
  type Expanded,
  expandLine,
  type Predefined,
  readDefinition,
} from "./definitions.ts";
import { type Include, readInclude } from "./include.ts";
import { joinLines, type Line, lineOf, sliceLine, spanOf, spanOfLine } from "./line.ts";
import { type Loop, readLoop } from "./loops.ts";
import { findTemplate } from "./templates.ts";
import { checkText } from "./text-checks.ts";
import { byteLength, findBrace, isPlain, PLAIN, type Stripped, stripLine } from "./tokens.ts";

export interface LineReaderOptions {
  readonly configId: string | undefined;
  readonly predefined: Predefined;
  readonly include: (request: Include) => readonly Source[];
  readonly report: (finding: AnyFinding) => void;
}

export interface LineReader {
  /** The next line without blanks at its ends, never empty; undefined: the end. */
  next(): Line | undefined;
  /** A line had a condition whose result depends on the config-id. */
  readonly conditional: Span | undefined;
  /** All files read so far, in order. */
  readonly sources: readonly Source[];
}

/** keepalived's buffer holds 1023 bytes of a line and the line end. */
const LINE_BYTES_MAX = 1023;
/** Lines made by loops and definitions; a file's own are not counted. */
const MADE_MAX = 100_000;
/** Characters that definitions added to lines; a name of two letters may stand for a thousand. */
const EXPANDED_MAX = 1_000_000;
const DEPTH_MAX = 100;
const INCLUDES_MAX = 1_000;

interface FileFrame {
  readonly kind: "file";
  readonly source: Source;
  at: number;
  /** The line read last has no comment, quote or backslash. */
  plain: boolean;
}

type Frame =
  | FileFrame
  | { readonly kind: "lines"; readonly lines: readonly Line[]; at: number }
  | { readonly kind: "loop"; readonly loop: Loop; round: number };

/** How a line of a file ended; the line itself is given beside it. */
type Ending = Omit<Stripped, "line">;

interface Taken {
  readonly line: Line;
  /** Of a line that comes straight from a file. */
  readonly stripped: Ending | undefined;
  /** By a loop or a definition. */
  readonly made: boolean;
  /** Nothing in it can be expanded or begin a comment: it is not searched again behind every brace. */
  readonly plain: boolean;
}

export function openLineReader(first: readonly Source[], options: LineReaderOptions): LineReader {
  const definitions: Definitions = new Map();
  const sources: Source[] = [];
  const frames: Frame[] = [];
  let residue: { readonly line: Line; readonly plain: boolean } | undefined;
  let open: { readonly name: string; readonly lines: Line[] } | undefined;
  let conditional: Span | undefined;
  const misspelled = new Set<string>();
  const templates = new Set<string>();
  let produced = 0;
  let expandedLength = 0;
  let included = 0;
  const { report } = options;

  const push = (files: readonly Source[]): void => {
    for (const source of files.toReversed())
      frames.push({ kind: "file", source, at: 0, plain: false });
    for (const source of files) {
      if (!sources.some(({ name }) => name === source.name)) {
        sources.push(source);
        for (const found of checkText(source)) report(found);
      }
    }
  };
  push(first);

  function take(): Taken | undefined {
    if (residue !== undefined) {
      const { line, plain } = residue;
      residue = undefined;
      return { line, stripped: undefined, made: false, plain };
    }
    for (;;) {
      const frame = frames.at(-1);
      if (frame === undefined) return undefined;
      switch (frame.kind) {
        case "file": {
          const line = nextOfFile(frame);
          if (line === undefined) {
            frames.pop();
            continue;
          }
          checkLength(line);
          noteTemplate(line);
          if (frame.plain) {
            return { line, stripped: PLAIN, made: false, plain: !line.text.includes("$") };
          }
          const stripped = stripLine(line);
          noteStripped(line, stripped);
          return { line: stripped.line, stripped, made: false, plain: false };
        }
        case "lines": {
          const line = frame.lines[frame.at++];
          if (line === undefined) {
            frames.pop();
            continue;
          }
          return { line, stripped: undefined, made: true, plain: false };
        }
        case "loop": {
          const round = frame.loop.rounds[frame.round++];
          if (round === undefined) {
            frames.pop();
            continue;
          }
          for (const [index, name] of frame.loop.names.entries()) {
            define(name, [lineOf(round[index] ?? "", "", 0)], false);
          }
          return { line: frame.loop.body, stripped: undefined, made: true, plain: false };
        }
      }
    }
  }

  function checkLength(line: Line): void {
    if (line.text.length * 3 <= LINE_BYTES_MAX) return;
    const bytes = byteLength(line.text);
    if (bytes > LINE_BYTES_MAX) {
      const end = Math.min(line.text.length, 80);
      report(finding("VR1008", spanOf(line, 0, end), { bytes, limit: LINE_BYTES_MAX }));
    }
  }

  /** One of each file: a template that was not filled in has many. */
  function noteTemplate(line: Line): void {
    const { file } = spanOf(line, 0, 0);
    if (templates.has(file)) return;
    const found = findTemplate(line);
    if (found === undefined) return;
    templates.add(file);
    report(finding("VR1043", found.span, { text: found.text, kind: found.kind }));
  }

  function noteStripped(line: Line, stripped: Stripped): void {
    const { commentAt } = stripped;
    if (stripped.openQuote) {
      const at = line.text.lastIndexOf('"', commentAt ?? line.text.length);
      report(finding("VR1007", spanOf(line, at, line.text.length), { line: line.text.trim() }));
    }
    const at = stripped.escapes[0] ?? commentAt;
    if (at === undefined || at === 0 || open !== undefined) return;
    const before = line.text[at - 1] ?? " ";
    if (before === " " || before === "\t" || before === "{" || before === "}") return;
    const words = stripped.line.text.split(/[ \t]+/);
    const keyword = words[0] ?? "";
    const mark = line.text[stripped.escapes.length > 0 ? at + 1 : at] ?? "#";
    let from = at;
    while (from > 0 && !/[ \t]/.test(line.text[from - 1] ?? "")) from--;
    let to = at;
    while (to < line.text.length && !/[ \t]/.test(line.text[to] ?? "")) to++;
    const place = spanOf(line, from, to);
    if (stripped.escapes.length > 0) {
      report(finding("VR1024", place, { keyword, mark }));
    } else if (to > at + 1 && words.length > 1) {
      // `eth0#main` is a word cut in two; `eth0# comment` is a comment without a blank before it.
      const secret = keyword === "auth_pass" || keyword === "key";
      const kept = secret ? "" : line.text.slice(from, at);
      report(finding("VR1023", place, { keyword, mark, secret, kept }));
    }
  }

  function define(name: string, lines: readonly Line[], multiline: boolean): void {
    const definition: Definition = { lines, multiline };
    definitions.set(name, definition);
  }

  /** One line inside a definition of several lines; true: it was taken. */
  function continueDefinition(line: Line, stripped: Ending | undefined): boolean {
    if (open === undefined) return false;
    if (line.text !== "") open.lines.push(line);
    if (stripped?.continued !== true) {
      define(open.name, open.lines, open.lines.length > 0);
      open = undefined;
    }
    return true;
  }

  /** `@id rest` and `@^id rest`; undefined: the line is not for this machine. */
  function judge(line: Line): Line | undefined {
    const match = /^@(\^?)([^ \t]*)[ \t]+/.exec(line.text);
    if (match === null) return undefined;
    conditional ??= spanOf(line, 0, match[0].trimEnd().length);
    const same = match[2] === options.configId;
    return same === (match[1] === "")
      ? sliceLine(line, match[0].length, line.text.length)
      : undefined;
  }

  /** `$i/24`: a name is replaced only before a blank, a comma, `)` or the line's end. */
  function reportGlued(line: Line): void {
    for (const match of line.text.matchAll(/\$([A-Za-z_][A-Za-z0-9_]*)(?=[^ \t,)A-Za-z0-9_])/g)) {
      const name = match[1] ?? "";
      if (!definitions.has(name)) continue;
      const place = spanOf(line, match.index, match.index + match[0].length);
      const edits = [{ span: place, text: `\${${name}}` }];
      report(finding("VR1039", place, { name }, { fix: { safety: "safe", edits } }));
    }
  }

  function reportExpansion(line: Line, expanded: Expanded): void {
    reportGlued(line);
    if (expanded.endless !== undefined) {
      report(finding("VR1014", spanOfLine(line), { name: expanded.endless }));
    }
    for (const { name, from, to, braces } of expanded.undefined) {
      if (misspelled.has(name)) continue;
      if (!braces && (inQuotes(expanded.line.text, from) || isSecret(expanded.line.text))) continue;
      const suggestion = nearestName(name, definitions);
      report(finding("VR1013", spanOf(expanded.line, from, to), { name, braces, suggestion }));
    }
  }

  /** Conditions, definitions, loops and expansion, until nothing changes. Undefined: nothing is left of the line. */
  function evaluate({ line: start, stripped, plain }: Taken): Line | undefined {
    let line = keepBackslash(start, stripped);
    for (;;) {
      if (line.text.startsWith("@")) {
        const judged = judge(line);
        if (judged === undefined) return undefined;
        line = judged;
      }
      const definition = line.text.startsWith("$") ? readDefinition(line) : undefined;
      if (definition !== undefined) {
        if (stripped?.continued === true) {
          open = {
            name: definition.name,
            lines: definition.value.text === "" ? [] : [definition.value],
          };
        } else define(definition.name, [definition.value], false);
        return undefined;
      }
      if (spacedDefinition(line)) return undefined;
      if (line.text.startsWith("~")) {
        startLoop(line);
        return undefined;
      }
      if (plain || !line.text.includes("$")) return line;
      const expanded = expandLine(line, definitions, options.predefined);
      expandedLength += expanded.growth;
      if (expandedLength > EXPANDED_MAX) return stop(line, EXPANDED_MAX, "characters");
      reportExpansion(line, expanded);
      if (expanded.rest.length > 0) frames.push({ kind: "lines", lines: expanded.rest, at: 0 });
      if (expanded.endless !== undefined) return undefined;
      if (!expanded.changed) return line;
      // A definition may come out of a definition, too.
      const again = /^[@~]/.test(expanded.line.text) || readDefinition(expanded.line) !== undefined;
      line = expanded.line;
      if (!again) return line;
    }
  }

  /** `$NAME = value`: keepalived sees an unknown keyword, and the name stays undefined. */
  function spacedDefinition(line: Line): boolean {
    if (!line.text.startsWith("$")) return false;
    const match = /^(\$([A-Za-z_][A-Za-z0-9_]*))[ \t]+=[ \t]*/.exec(line.text);
    if (match === null) return false;
    const from = match[1]?.length ?? 0;
    const name = match[2] ?? "";
    misspelled.add(name);
    const edits = [{ span: spanOf(line, from, match[0].length), text: "=" }];
    const place = spanOf(line, 0, match[0].trimEnd().length);
    report(finding("VR1038", place, { name }, { fix: { safety: "safe", edits } }));
    return true;
  }

  function startLoop(line: Line): void {
    const close = line.text.indexOf(")");
    const head = sliceLine(line, 0, close < 0 ? line.text.length : close + 1);
    // The parameters may be definitions; the variable's name carries no `$`, and the body is expanded in each round.
    const expanded = expandLine(head, definitions, options.predefined);
    reportExpansion(head, expanded);
    const result = readLoop(expanded.line);
    if (result.kind === "bad") {
      report(finding("VR1015", spanOfLine(head), { text: head.text, problem: result.problem }));
      return;
    }
    let from = close + 1;
    while (line.text[from] === " " || line.text[from] === "\t") from++;
    const body = sliceLine(line, from, line.text.length);
    frames.push({ kind: "loop", loop: { ...result.loop, body }, round: 0 });
  }

  /** The second reading: comment marks that an expansion brought in. */
  function finish(line: Line): Line {
    if (!/[#!]/.test(line.text)) return line;
    return stripLine(line).line;
  }

  /** What stands behind a brace in a line that keepalived's buffer could not hold was looked at with the whole line. */
  function splitAtBrace(line: Line, plain: boolean): Line {
    const at = findBrace(line.text);
    if (at < 0) return line;
    const cut = at === 0 ? 1 : at;
    let rest = cut;
    while (line.text[rest] === " " || line.text[rest] === "\t") rest++;
    const { length } = line.text;
    if (rest < length) {
      residue = { line: sliceLine(line, rest, length), plain: plain || length > LINE_BYTES_MAX };
    }
    let end = cut;
    while (end > 0 && /[ \t]/.test(line.text[end - 1] ?? "")) end--;
    return sliceLine(line, 0, end);
  }

  function tooMuch(line: Line): boolean {
    if (++produced <= MADE_MAX) return false;
    stop(line, MADE_MAX, "lines");
    return true;
  }

  function stop(line: Line, limit: number, unit: "lines" | "characters"): undefined {
    report(finding("VR1034", spanOfLine(line), { limit, unit }));
    frames.length = 0;
    residue = undefined;
  }

  /** Outside a definition, a backslash at the line's end is a character like any other. */
  function keepBackslash(line: Line, stripped: Ending | undefined): Line {
    if (stripped?.backslash === undefined) return line;
    if (/^(?:@\^?[^ \t]*[ \t]+)?\$[A-Za-z_]\w*=/.test(line.text)) return line;
    const whole = joinLines([line, stripped.backslash]);
    const from = Math.max(0, whole.text.search(/[^ \t]*$/));
    report(
      finding("VR1035", spanOf(whole, from, whole.text.length), { word: whole.text.slice(from) }),
    );
    return whole;
  }

  function includes(line: Line): boolean {
    const request = readInclude(line);
    if (request === undefined) return false;
    const depth = frames.filter(({ kind }) => kind === "file").length;
    if (depth >= DEPTH_MAX || ++included > INCLUDES_MAX) {
      if (included <= INCLUDES_MAX + 1)
        report(finding("VR1019", request.span, { path: request.pattern, depth }));
    } else push(options.include(request));
    return true;
  }

  function next(): Line | undefined {
    for (;;) {
      const taken = take();
      if (taken === undefined) return undefined;
      const { line, stripped, made, plain } = taken;
      if (continueDefinition(line, stripped)) continue;
      // Made lines count also when they are empty: a loop in a loop makes ten billion of them.
      if ((made && tooMuch(line)) || line.text === "") continue;
      const evaluated = evaluate(taken);
      if (evaluated === undefined || evaluated.text === "") continue;
      const whole = plain ? evaluated : finish(evaluated);
      if (whole.text === "" || includes(whole)) continue;
      const own = splitAtBrace(whole, plain);
      if (own.text !== "") return own;
    }
  }

  return {
    next,
    get conditional(): Span | undefined {
      return conditional;
    },
    sources,
  };
}

/** Blank lines are passed over here, and blanks around a line without marks are left out at once: most lines are such. */
function nextOfFile(frame: FileFrame): Line | undefined {
  const { text, name } = frame.source;
  if (frame.at >= text.length) return undefined;
  const start = frame.at;
  const found = text.indexOf("\n", start);
  frame.at = found < 0 ? text.length : found + 1;
  let end = found < 0 ? text.length : found;
  while (end > start && text.charCodeAt(end - 1) === 13) end--;
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  const trimmed = text.slice(from, to);
  frame.plain = isPlain(trimmed);
  return frame.plain ? lineOf(trimmed, name, from) : lineOf(text.slice(start, end), name, start);
}

const isBlank = (code: number): boolean => code === 32 || code === 9;

function inQuotes(text: string, at: number): boolean {
  let quote = false;
  for (let index = 0; index < at; index++) if (text[index] === '"') quote = !quote;
  return quote;
}

const isSecret = (text: string): boolean => /^(?:auth_pass|key)\b/.test(text);

function nearestName(name: string, definitions: Definitions): string | undefined {
  const lower = name.toLowerCase();
  return [...definitions.keys()].find((known) => known.toLowerCase() === lower);
}
