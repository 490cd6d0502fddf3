/**
 * What a command accepts, as data: the parser, the help and the completion scripts are all made
 * from it, so none of them can forget an option.
 */
import type { Language } from "#diagnostics/diagnostic";
import type { CommandIo } from "./io.ts";

export type Text = Readonly<Record<Language, string>>;

export const text = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

/** The values that an option takes. */
export interface Accepts {
  readonly test: (value: string) => boolean;
  /** Completes "`--option` is …, not `x`". */
  readonly wanted: Text;
  /** Offered by completion. */
  readonly list?: readonly string[];
}

/** One of a few names, which completion offers. */
export const oneOf = (list: readonly string[]): Accepts => ({
  test: (value) => list.includes(value),
  wanted: text(`one of ${list.join(", ")}`, `${list.join("、")} 之一`),
  list,
});

interface OptionBase {
  /** One letter, without its dash. */
  readonly short?: string;
  /**
   * Absent if the option is accepted but not shown in the help, like keepalived's options that
   * change nothing here.
   */
  readonly about?: Text;
}

export interface FlagOption extends OptionBase {
  readonly kind: "flag";
}

/**
 * `value`: the last one counts. `values`: all of them. `attached`: may be left out, and is written
 * in the same argument (`--cloud=URL`, `-tFILE`), as getopt_long(3) reads optional values.
 */
export interface ValueOption<Kind extends "value" | "values" | "attached">
  extends OptionBase,
    ValueTraits {
  readonly kind: Kind;
  /** The name of the value in the help. */
  readonly placeholder: Text;
}

interface ValueTraits {
  readonly short?: string;
  readonly accepts?: Accepts;
  readonly completes?: "files" | "folders";
  /**
   * Of an `attached` one: its value may also be the next word, if that is no option. Only for a
   * command without operands.
   */
  readonly mayStandApart?: true;
}

export type Option =
  | FlagOption
  | ValueOption<"value">
  | ValueOption<"values">
  | ValueOption<"attached">;
/** The options by long name, without the dashes. */
export type Options = Readonly<Record<string, Option>>;

export const flag = (about?: Text, short?: string): FlagOption => ({
  kind: "flag",
  ...(about !== undefined && { about }),
  ...(short !== undefined && { short }),
});

const valued =
  <Kind extends "value" | "values" | "attached">(kind: Kind) =>
  (placeholder: Text, about?: Text, traits: ValueTraits = {}): ValueOption<Kind> => ({
    kind,
    placeholder,
    ...(about !== undefined && { about }),
    ...traits,
  });

type MakeOption<Kind extends "value" | "values" | "attached"> = (
  placeholder: Text,
  about?: Text,
  traits?: ValueTraits,
) => ValueOption<Kind>;
export const value: MakeOption<"value"> = valued("value");
export const values: MakeOption<"values"> = valued("values");
export const attached: MakeOption<"attached"> = valued("attached");

/** A word of the line that is no option. */
export interface Operand {
  readonly name: Text;
  readonly about?: Text;
  readonly isOptional?: true;
  /** Only for the last operand: how many are allowed. */
  readonly most?: number;
  /** `commands`: the names of all commands, and then of theirs. */
  readonly completes?: "files" | "commands" | readonly string[];
  /** Completion offers the names of the running daemon's instances as well. */
  readonly isInstance?: true;
}

export interface Example {
  readonly line: string;
  readonly about: Text;
}

export interface Term {
  readonly term: Text;
  readonly about: Text;
}

type ValueOf<One extends Option> = One extends { readonly kind: "flag" }
  ? boolean
  : One extends { readonly kind: "values" }
    ? readonly string[]
    : One extends { readonly kind: "attached" }
      ? string | true | undefined
      : string | undefined;

export type Values<All extends Options> = { readonly [Name in keyof All]: ValueOf<All[Name]> };

/** An option as it was written on the line. */
export interface Given {
  readonly name: string;
  readonly value: string | undefined;
}

/** A command line that has been read. */
export interface Line<All extends Options = Options> {
  readonly options: Values<All>;
  readonly operands: readonly string[];
  /** The options in the order of the line. */
  readonly given: readonly Given[];
  /** `--lang`, else what the environment asks for. */
  readonly language: Language;
  /**
   * The environment, in which `--lang` of the line is set too, for programs that are started.
   */
  readonly io: CommandIo;
}

export interface Definition<Own extends Options = Options, Common extends Options = Options> {
  /** The name as typed after `baton`. */
  readonly name: string;
  /** How the program is started, if not as `baton`. */
  readonly program?: string;
  /** One line, in the list of commands. */
  readonly summary: Text;
  /** Paragraphs below the summary in the command's own help. */
  readonly details?: Text;
  readonly operands?: readonly Operand[];
  readonly options?: Own;
  /** Options shared with other commands; they are shown below the command's own. */
  readonly common?: Common;
  /** Alternatives that the help lists. */
  readonly list?: { readonly title: Text; readonly items: readonly Term[] };
  readonly examples?: readonly Example[];
  /** The end of the help: exit statuses. */
  readonly notes?: Text;
  /** After the first operand everything belongs to another program. */
  readonly isPassThrough?: true;
  /** What to do instead, if there is an operand too many. */
  readonly operandAdvice?: Text;
  /** The word behind an option is its value, even `--json`, as getopt_long(3) reads it. */
  readonly takesAnyValue?: true;
  /** keepalived writes some names with `_`; both ways are accepted. */
  readonly hasEitherDash?: true;
  /** For the program itself: the commands that its page lists. */
  readonly overview?: readonly CommandGroup[];
  /** `--help` is answered by `run`. */
  readonly hasOwnHelp?: true;
  /** Present if this command only groups others, which accept each other's options. */
  readonly commands?: readonly Command[];
  run?(line: Line<Own & Common>): number | Promise<number>;
}

export interface CommandGroup {
  readonly title: Text;
  readonly commands: readonly CommandEntry[];
}

export interface CommandEntry {
  readonly name: string;
  /** One line of the overview; the command's own page says more. */
  readonly summary: Text;
  readonly load: () => Promise<Command>;
}

/**
 * Called with what follows the command's name; the result is the exit status: 0 done, 1 failed,
 * 2 wrong usage, or what the command's help says.
 */
export interface Command {
  (args: readonly string[], io: CommandIo): Promise<number>;
  readonly definition: Definition;
}

/** A position on a line: a command, and every option that it accepts there. */
export interface Place {
  readonly definition: Definition;
  /** The full command as typed: `baton havip create`. */
  readonly path: string;
  readonly accepted: Options;
  readonly node: { readonly args: readonly string[] };
}

/**
 * Thrown by a command for a mistake on its line that only it can see; prints the usage and
 * exits with 2.
 */
export class UsageError extends Error {
  readonly sentence: Text;

  constructor(sentence: Text) {
    super(sentence.en);
    this.sentence = sentence;
  }
}

/**
 * Thrown for a command that does not exist; the message suggests the most similar one that
 * does.
 */
export class NoSuchCommandError extends Error {
  readonly word: string;
  readonly known: readonly string[];

  constructor(word: string, known: readonly string[]) {
    super(`there is no command ${word}`);
    this.word = word;
    this.known = known;
  }
}

export const needsValue = (option: string): Text =>
  text(`\`${option}\` needs a value`, `\`${option}\` 需要一个值`);

export const takesNoValue = (option: string): Text =>
  text(`\`${option}\` takes no value`, `\`${option}\` 不带值`);

export const notAccepted = (option: string, value: string, { wanted }: Accepts): Text =>
  text(
    `\`${option}\` is ${wanted.en}, not \`${value}\``,
    `\`${option}\` 应为 ${wanted["zh-CN"]}，而不是 \`${value}\``,
  );

export const missingOperand = (name: string): Text =>
  text(`an argument is missing: ${name}`, `缺少参数：${name}`);

export const extraOperand = (word: string, advice: Text | undefined): Text =>
  text(
    `\`${word}\` is one argument too many${advice === undefined ? "" : `; ${advice.en}`}`,
    `参数 \`${word}\` 多余${advice === undefined ? "" : `；${advice["zh-CN"]}`}`,
  );

/** The values that a command gets for the options on its line. */
export function valuesOf(given: readonly Given[], accepted: Options): Values<Options> {
  const entries = Object.entries(accepted).map(([name, { kind }]) => {
    const own = given.filter((one) => one.name === name);
    const last = own.at(-1);
    switch (kind) {
      case "flag":
        return [name, last !== undefined] as const;
      case "value":
        return [name, last?.value] as const;
      case "values":
        return [name, own.flatMap((one) => one.value ?? [])] as const;
      case "attached":
        return [name, last === undefined ? undefined : (last.value ?? true)] as const;
    }
  });
  return Object.fromEntries(entries) as Values<Options>;
}
