/**
 * A command line with every option on its own, and its value beside it: `-jfX` becomes `--json`
 * and `--file=X`. What is the value of what is decided here alone, by position; the parser behind
 * it has nothing left to guess.
 */
import {
  type Definition,
  needsValue,
  type Option,
  type Options,
  UsageError,
} from "./definition.ts";

/** Stands for the value that an `attached` option goes without: no argument can hold it. */
export const NO_VALUE = "\0";

export interface NormalForm {
  readonly tokens: readonly string[];
  /** The first option that lacks its value, which is not among the tokens. */
  readonly mistake: UsageError | undefined;
}

/** @param accepted every option that may stand anywhere on the line */
export function normalForm(
  definition: Definition,
  accepted: Options,
  args: readonly string[],
): NormalForm {
  const walk = new Walk(definition, accepted, args);
  walk.run();
  return walk;
}

class Walk {
  readonly tokens: string[] = [];
  mistake: UsageError | undefined;
  readonly #args: readonly string[];
  readonly #accepted: Options;
  /** The command where the line has got to. */
  #definition: Definition;
  #next = 0;

  constructor(definition: Definition, accepted: Options, args: readonly string[]) {
    this.#definition = definition;
    this.#accepted = accepted;
    this.#args = args;
  }

  run(): void {
    for (;;) {
      const word = this.#args[this.#next];
      if (word === undefined) return;
      this.#next += 1;
      if (word === "--" || (!isOptionLike(word) && !this.#passOperand(word))) {
        // The rest is no option of ours.
        this.tokens.push(word, ...this.#args.slice(this.#next));
        return;
      }
      if (word.startsWith("--")) this.#passLong(word);
      else if (isOptionLike(word)) this.#passLetters(word);
      else this.tokens.push(word);
    }
  }

  /** False: what follows belongs to another program. */
  #passOperand(word: string): boolean {
    const { commands, isPassThrough } = this.#definition;
    if (commands === undefined) return isPassThrough !== true;
    const command = commands.find((one) => one.definition.name === word);
    if (command !== undefined) this.#definition = command.definition;
    return true;
  }

  #passLong(word: string): void {
    const [written = word] = word.split("=", 1);
    const name = this.#nameOf(written.slice(2));
    const inline = written === word ? undefined : word.slice(written.length + 1);
    const option = Object.hasOwn(this.#accepted, name) ? this.#accepted[name] : undefined;
    if (option === undefined) this.tokens.push(word);
    // That it takes none is for the parser to say.
    else if (option.kind === "flag") this.tokens.push(`--${name}${word.slice(written.length)}`);
    else this.#give(name, option, written, inline);
  }

  /** `-jfX`: flags, then perhaps one that takes the rest, or the next word. */
  #passLetters(word: string): void {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at];
      const found = Object.entries(this.#accepted).find(([, { short }]) => short === letter);
      if (found === undefined) {
        this.tokens.push(`-${word.slice(at)}`);
        return;
      }
      const [name, option] = found;
      if (option.kind !== "flag") {
        const rest = word.slice(at + 1);
        const inline = rest === "" ? undefined : rest.replace(/^=/, "");
        this.#give(name, option, `-${letter}`, inline);
        return;
      }
      this.tokens.push(`--${name}`);
    }
  }

  #give(name: string, option: Option, written: string, inline: string | undefined): void {
    const given = inline ?? this.#givenApart(option);
    if (given !== undefined) this.tokens.push(`--${name}=${given}`);
    else this.mistake ??= new UsageError(needsValue(written));
  }

  #givenApart(option: Option): string | undefined {
    if (option.kind !== "attached") return this.#takeNext();
    const word = this.#args[this.#next];
    if (option.mayStandApart !== true || word === undefined || isOptionLike(word)) return NO_VALUE;
    return this.#takeNext();
  }

  /** Undefined: its value was forgotten. */
  #takeNext(): string | undefined {
    const word = this.#args[this.#next];
    if (word === undefined) return undefined;
    const isValue = !isOptionLike(word) || /^-\d*\.?\d+$/.test(word);
    if (!isValue && this.#definition.takesAnyValue !== true) return undefined;
    this.#next += 1;
    return word;
  }

  #nameOf(written: string): string {
    if (this.#definition.hasEitherDash !== true) return written;
    const names = Object.keys(this.#accepted);
    return names.find((one) => withDashes(one) === withDashes(written)) ?? written;
  }
}

/** `-` alone is an operand, such as standard input. */
const isOptionLike = (word: string): boolean => word.length > 1 && word.startsWith("-");

const withDashes = (name: string): string => name.replaceAll("_", "-");
