/**
 * Reads a command line with commander and runs what it asks for.
 *
 * A `Definition` becomes a tree of commander's commands. Values are put beside their options
 * first (normal-form.ts); commander finds the command and what is wrong with the line; every text
 * that a person reads is ours, in the person's language. Options are collected from commander's
 * `option:` events in the order of the line. Only what commander documents is used, and its errors
 * are recognized by their codes.
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
import { NO_VALUE, normalForm } from "./normal-form.ts";

const USAGE_STATUS = 2;

export async function parseAndRun(
  definition: Definition,
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  const reading = new Reading(io, languageAmong(args, io.env), args);
  const root = reading.addNode(definition, pathOf(definition), {});
  try {
    await root.parseAsync([...reading.tokensFor(withoutHelpWord(definition, args))], {
      from: "user",
    });
    return reading.status;
  } catch (error) {
    return await reading.fail(error);
  }
}

/**
 * For a line that was run without being parsed: prints what is wrong, and returns the exit
 * status.
 */
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
  /** The position that commander has reached; at first the command itself. */
  #place: Place | undefined;
  /** An option without its value, which commander does not see. */
  #mistake: UsageError | undefined;
  status = 0;

  constructor(io: CommandIo, language: Language, args: readonly string[]) {
    this.#io = io;
    this.#language = language;
    this.#args = args;
  }

  /** The line as commander gets it. */
  tokensFor(args: readonly string[]): readonly string[] {
    const place = this.#place;
    if (place === undefined) return args;
    const { tokens, mistake } = normalForm(place.definition, place.accepted, args);
    this.#mistake = mistake;
    return tokens;
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
      // Only the name of the others matters.
      const isNamed = this.#args.includes(name);
      const shared = { ...siblings, ...below };
      node.addCommand(
        isNamed ? this.addNode(one.definition, `${path} ${name}`, shared) : new Node(name),
      );
    }
    if (commands.length === 0) node.action(async () => await this.#run(place));
    return node;
  }

  #addOption({ node }: Place & { readonly node: Node }, name: string, option: Option): void {
    const { short } = option;
    const flags = short === undefined ? `--${name}` : `-${short}, --${name}`;
    node.addOption(new NodeOption(option.kind === "flag" ? flags : `${flags} <v>`));
    node.on(`option:${name}`, (value?: string | null) => {
      this.#given.push({ name, value: value === NO_VALUE ? undefined : (value ?? undefined) });
    });
  }

  async #run(place: Place): Promise<void> {
    this.#place = place;
    if (this.#hasHelp() && place.definition.hasOwnHelp !== true) {
      await this.#printHelp(place);
      return;
    }
    if (this.#mistake !== undefined && !this.#hasHelp()) throw this.#mistake;
    for (const one of this.#given) checkValue(one, place.accepted);
    const given = this.#given;
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

  #checkCount({ definition }: Place, operands: readonly string[]): void {
    const expected = definition.operands ?? [];
    const most = expected.reduce((sum, one) => sum + (one.most ?? 1), 0);
    const extra = operands[most];
    if (extra !== undefined && definition.isPassThrough !== true) {
      throw new UsageError(extraOperand(extra, definition.operandAdvice));
    }
  }

  /** Prints what is wrong, unless help was asked for, and returns the exit status. */
  async fail(error: unknown): Promise<number> {
    const place = this.#place;
    if (place === undefined) throw error;
    const { complaintAbout } = await import("./mistakes.ts");
    const style = styleFor(this.#io, this.#language);
    const complaint = await complaintAbout(this.#mistake ?? error, place, style);
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

function checkValue({ name, value }: Given, accepted: Options): void {
  const option = accepted[name];
  if (option === undefined || option.kind === "flag" || value === undefined) return;
  if (option.accepts?.test(value) !== false) return;
  throw new UsageError(notAccepted(`--${name}`, value, option.accepts));
}

/** The options of all commands of a group. They may come before or after the command's name. */
const optionsOf = (commands: readonly Command[]): Options =>
  Object.assign(
    {},
    ...commands.map(({ definition }) => ({ ...definition.common, ...definition.options })),
  ) as Options;
