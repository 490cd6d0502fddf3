/**
 * `$NAME=value`, used as `$NAME` before a blank, a comma, `)` or the line's end, and as `${NAME}`
 * anywhere. The value is inserted as it is written, so definitions nest; a definition of several
 * lines continues with a backslash at the end of each and may hold whole blocks.
 */
import { joinLines, type Line, lineOf, replaceIn, sliceLine, spanOf } from "./line.ts";

export interface Definition {
  readonly lines: readonly Line[];
  readonly multiline: boolean;
}

/** Values that keepalived defines itself. What they depend on is passed in. */
export interface Predefined {
  /** `${_PWD}`: folder of the file that is being read. */
  folder(file: string): string;
  /** `${_INSTANCE}`: the value of `instance`, or the config-id. */
  instance(): string;
  /** `${_RANDOM [min [max]]}` */
  random(min: number, max: number): number;
  /** `${_ENV NAME}` */
  environment(name: string): string | undefined;
}

export type Definitions = Map<string, Definition>;

const DEFINITION = /^\$([A-Za-z_][A-Za-z0-9_]*)=/;

export interface DefinitionStart {
  readonly name: string;
  readonly value: Line;
}

/** `$NAME=…` at the start of a line. A blank before the `=` makes it an unknown keyword. */
export function readDefinition(line: Line): DefinitionStart | undefined {
  const match = DEFINITION.exec(line.text);
  if (match === null) return undefined;
  let from = match[0].length;
  while (line.text[from] === " " || line.text[from] === "\t") from++;
  return { name: match[1] ?? "", value: sliceLine(line, from, line.text.length) };
}

interface DefinitionUse {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly braces: boolean;
  readonly parameters: string;
}

const BRACED = /^\$\{([A-Za-z_][A-Za-z0-9_]*)((?: +[A-Za-z0-9_]+)*)\}/;
const PLAIN = /^\$([A-Za-z_][A-Za-z0-9_]*)(?=[ \t,)]|$)/;

function findUse(text: string, from: number): DefinitionUse | undefined {
  for (let at = text.indexOf("$", from); at >= 0; at = text.indexOf("$", at + 1)) {
    const rest = text.slice(at);
    const braced = BRACED.exec(rest);
    const match = braced ?? PLAIN.exec(rest);
    if (match !== null) {
      return {
        from: at,
        to: at + match[0].length,
        name: match[1] ?? "",
        braces: braced !== null,
        parameters: (match[2] ?? "").trim(),
      };
    }
  }
  return undefined;
}

function predefinedValue(use: DefinitionUse, line: Line, given: Predefined): string | undefined {
  const parameters = use.parameters === "" ? [] : use.parameters.split(/ +/);
  switch (use.name) {
    case "_PWD":
      return given.folder(spanOf(line, use.from, use.to).file);
    case "_INSTANCE":
      return given.instance();
    case "_HASH":
      return "#";
    case "_BANG":
      return "!";
    case "_RANDOM":
      return String(given.random(Number(parameters[0] ?? 0), Number(parameters[1] ?? 32767)));
    case "_ENV":
      return parameters[0] === undefined ? undefined : (given.environment(parameters[0]) ?? "");
    default:
      return undefined;
  }
}

export interface Undefined {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly braces: boolean;
}

export interface Expanded {
  readonly line: Line;
  /** Further lines of a definition of several lines, to be read next. */
  readonly rest: readonly Line[];
  readonly undefined: readonly Undefined[];
  /** Name of a definition that contains itself. */
  readonly endless: string | undefined;
  readonly changed: boolean;
  /** Characters that were added, even where the result is discarded. */
  readonly growth: number;
}

const USES_MAX = 1_000;
const GROWTH_MAX = 20_000;

/**
 * Replaces every use in the line. Stops in front of `~`: a loop expands its own variables when it
 * runs.
 */
export function expandLine(line: Line, definitions: Definitions, given: Predefined): Expanded {
  let current = line;
  let rest: readonly Line[] = [];
  const unknown: Undefined[] = [];
  // The definitions that are being expanded: how many characters of the line stand behind each.
  const inside: { readonly name: string; readonly behind: number }[] = [];
  let at = 0;
  let count = 0;
  for (;;) {
    const use = findUse(current.text, at);
    if (use === undefined) break;
    const growth = grown(line, current);
    while (use.to > current.text.length - (inside.at(-1)?.behind ?? 0)) inside.pop();
    const isRecursive = inside.some(({ name }) => name === use.name);
    if (isRecursive || ++count > USES_MAX || growth > GROWTH_MAX) {
      return { line, rest: [], undefined: [], endless: use.name, changed: false, growth };
    }
    const definition = use.parameters === "" ? definitions.get(use.name) : undefined;
    if (definition === undefined) {
      const value = predefinedValue(use, current, given);
      if (value === undefined) {
        unknown.push(use);
        at = use.to;
      } else {
        current = replaceIn(current, use.from, use.to, value);
        at = use.from + value.length;
      }
      continue;
    }
    const [first, ...more] = definition.lines;
    if (definition.multiline) {
      // Only at the end of a line: what follows the use would belong to no line.
      if (use.to !== current.text.length) {
        at = use.to;
        continue;
      }
      current = joinLines([sliceLine(current, 0, use.from), first ?? lineOf("", "", 0)]);
      rest = [...more, ...rest];
    } else {
      inside.push({ name: use.name, behind: current.text.length - use.to });
      current = replaceIn(current, use.from, use.to, first?.text ?? "");
    }
    at = use.from;
    if ((first?.text ?? "").trimStart().startsWith("~")) break;
  }
  const growth = grown(line, current);
  return {
    line: current,
    rest,
    undefined: unknown,
    endless: undefined,
    changed: count > 0,
    growth,
  };
}

const grown = (before: Line, after: Line): number =>
  Math.max(0, after.text.length - before.text.length);
