/**
 * Reads a command line with commander and runs what it asks for.
 *
 * A `Definition` becomes a tree of commander's commands. Commander splits the line (`-nlD`,
 * `-fFILE`, `--name=VALUE`, `--`) and finds the command; every text that a person reads is ours, in
 * the person's language. Options are collected from commander's `option:` events in the order of
 * the line. Only what commander documents is used, and its errors are recognized by their codes.
 */
import { Argument, Command as Node, Option as NodeOption } from "commander";
import type { Language } from "#diagnostics/diagnostic";
import { LANGUAGE_VARIABLE, readLanguage } from "#diagnostics/language";
import {
  type Command,
  type Definition,
  extraOperand,
  type Given,
  type Line,
  notAccepted,
  type Option,
  type Options,
  type Place,
  UsageError,
  valuesOf,
} from "./definition.ts";
import type { CommandIo } from "./io.ts";
import { GLOBAL_OPTIONS, languageAmong, styleFor } from "./language.ts";

const USAGE_STATUS = 2;

export async function parseAndRun(
  definition: Definition,
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  const reading = new Reading(io, languageAmong(args, io.env), args);
  const root = reading.addNode(definition, pathOf(definition), {});
  try {
    await root.parseAsync(withoutHelpWord(definition, args), { from: "user" });
    return reading.status;
  } catch (error) {
    return await reading.fail(error);
  }
}

/** For a line that was run without being parsed: prints what is wrong; the exit status. */
export async function explainMistake(
  error: unknown,
  definition: Definition,
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  const reading = new Reading(io, languageAmong(args, io.env), args);
  reading.addNode(definition, pathOf(definition), {});
  return await reading.fail(error);
}

const pathOf = ({ program = "baton", name }: Definition): string => `${program} ${name}`.trim();

/** `baton havip help create` is `baton havip create --help`. */
function withoutHelpWord({ commands }: Definition, args: readonly string[]): readonly string[] {
  if (commands === undefined || args[0] !== "help") return args;
  return [...args.slice(1), "--help"];
}

class Reading {
  readonly #io: CommandIo;
  readonly #language: Language;
  readonly #args: readonly string[];
  readonly #given: Given[] = [];
  /** Where commander stands; at first at the command itself. */
  #place: Place | undefined;
  status = 0;

  constructor(io: CommandIo, language: Language, args: readonly string[]) {
    this.#io = io;
    this.#language = language;
    this.#args = args;
  }

  /** @param siblings options of other commands of the same group, which are accepted and ignored */
  addNode(definition: Definition, path: string, siblings: Options): Node {
    const { commands = [], options = {}, common = {}, operands = [] } = definition;
    const own = { ...common, ...GLOBAL_OPTIONS, ...options };
    const below = optionsOf(commands);
    const accepted = { ...siblings, ...below, ...own };
    const node = new Node(path.split(" ").at(-1) ?? "")
      .helpOption(false)
      .helpCommand(false)
      .showSuggestionAfterError(false)
      .enablePositionalOptions()
      .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
    const place = { definition, path, accepted, node };
    this.#place ??= place;
    node.exitOverride((error) => {
      this.#place = place;
      throw error;
    });
    for (const [name, option] of Object.entries(accepted)) this.#addOption(place, name, option);
    for (const { name, isOptional, most } of operands) {
      const label = `${name[this.#language]}${most === undefined ? "" : "..."}`;
      node.addArgument(new Argument(isOptional === true ? `[${label}]` : `<${label}>`));
    }
    if (definition.isPassThrough === true) node.passThroughOptions();
    for (const one of commands) {
      const { name } = one.definition;
      // Of the others only the name matters.
      const isNamed = this.#args.includes(name);
      const shared = { ...siblings, ...below };
      node.addCommand(
        isNamed ? this.addNode(one.definition, `${path} ${name}`, shared) : new Node(name),
      );
    }
    if (commands.length === 0) node.action(async () => await this.#run(place));
    return node;
  }

  #addOption(
    { node, definition }: Place & { readonly node: Node },
    name: string,
    option: Option,
  ): void {
    const { short } = option;
    const names = definition.hasEitherDash === true ? spellings(name) : [name];
    for (const [index, long] of names.entries()) {
      const flags = index === 0 && short !== undefined ? `-${short}, --${long}` : `--${long}`;
      const one = new NodeOption(`${flags}${PLACEHOLDER[option.kind]}`);
      node.addOption(one);
      node.on(`option:${long}`, (value?: string | null) => {
        this.#given.push({ name, value: value ?? undefined });
      });
    }
  }

  async #run(place: Place): Promise<void> {
    this.#place = place;
    if (this.#hasHelp() && place.definition.hasOwnHelp !== true) {
      await this.#printHelp(place);
      return;
    }
    const given = this.#given.map((one) => this.#checked(one, place));
    const operands = place.node.args;
    this.#checkCount(place, operands);
    const asked = readLanguage(given.findLast(({ name }) => name === "lang")?.value ?? "");
    const line: Line = {
      options: valuesOf(given, place.accepted),
      operands,
      given,
      language: asked ?? this.#language,
      io: this.#ioFor(asked),
    };
    this.status = (await place.definition.run?.(line)) ?? 0;
  }

  #ioFor(asked: Language | undefined): CommandIo {
    if (asked === undefined) return this.#io;
    return { ...this.#io, env: { ...this.#io.env, [LANGUAGE_VARIABLE]: asked } };
  }

  /** The value as it was meant, if the option accepts it. */
  #checked(given: Given, { accepted, definition }: Place): Given {
    const option = accepted[given.name];
    if (option === undefined || option.kind === "flag" || given.value === undefined) return given;
    const { short } = option;
    let { value } = given;
    const isAttached = this.#args.some(
      (word) =>
        (/^--[^=]+=/.test(word) && word.endsWith(`=${value}`)) ||
        (/^-[^-]/.test(word) && short !== undefined && word.endsWith(`${short}${value}`)),
    );
    // Commander takes the next word too, which getopt_long(3) would not.
    if (option.kind === "attached" && !isAttached) {
      throw new UsageError(extraOperand(value, definition.operandAdvice));
    }
    // `-f=FILE`.
    if (value.startsWith("=") && isAttached && !this.#args.includes(value)) value = value.slice(1);
    if (option.accepts?.test(value) === false) {
      throw new UsageError(notAccepted(`--${given.name}`, value, option.accepts));
    }
    return { ...given, value };
  }

  #checkCount({ definition }: Place, operands: readonly string[]): void {
    const expected = definition.operands ?? [];
    const most = expected.reduce((sum, one) => sum + (one.most ?? 1), 0);
    const extra = operands[most];
    if (extra !== undefined && definition.isPassThrough !== true) {
      throw new UsageError(extraOperand(extra, definition.operandAdvice));
    }
  }

  /** Prints what is wrong, unless help was asked for; the exit status. */
  async fail(error: unknown): Promise<number> {
    const place = this.#place;
    if (place === undefined) throw error;
    const { complaintAbout } = await import("./mistakes.ts");
    const style = styleFor(this.#io, this.#language);
    const complaint = await complaintAbout(error, place, this.#args, style);
    if (complaint === undefined) throw error;
    if (this.#hasHelp()) {
      await this.#printHelp(place);
      return 0;
    }
    this.#io.stderr(complaint);
    return USAGE_STATUS;
  }

  readonly #hasHelp = (): boolean => this.#given.some(({ name }) => name === "help");

  async #printHelp({ definition, path }: Place): Promise<void> {
    const { printHelp } = await import("./help.ts");
    this.#io.stdout(printHelp(definition, path, styleFor(this.#io, this.#language)));
  }
}

const PLACEHOLDER = { flag: "", value: " <v>", values: " <v>", attached: " [v]" } as const;

/** Of all commands of a group. Its commands may stand behind or before them. */
const optionsOf = (commands: readonly Command[]): Options =>
  Object.assign(
    {},
    ...commands.map(({ definition }) => ({ ...definition.common, ...definition.options })),
  ) as Options;

/** `a-b_c` with every choice of `-` and `_`, its own first. */
function spellings(name: string): readonly string[] {
  let all: readonly string[] = [""];
  for (const letter of name) {
    const choices = letter === "-" ? ["-", "_"] : letter === "_" ? ["_", "-"] : [letter];
    all = choices.flatMap((choice) => all.map((start) => start + choice));
  }
  return all;
}
