/**
 * A command is its definition and what runs when it is called.
 *
 * A line of operands and flags needs no parser: `baton status --json` starts faster without one.
 */
import {
  type Command,
  type Definition,
  type Given,
  type Line,
  type Options,
  valuesOf,
} from "./definition.ts";
import type { CommandIo } from "./io.ts";
import { GLOBAL_OPTIONS, languageAmong } from "./language.ts";

export function defineCommand<Own extends Options, Common extends Options>(
  definition: Definition<Own, Common>,
): Command {
  // The values that `run` gets have been read with exactly these options.
  const erased = definition as unknown as Definition;
  const command = async (args: readonly string[], io: CommandIo): Promise<number> =>
    await runCommand(erased, args, io);
  return Object.assign(command, { definition: erased });
}

async function runCommand(
  definition: Definition,
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  const line = plainLine(definition, args, io);
  if (line === undefined) {
    const { parseAndRun } = await import("./parse-line.ts");
    return await parseAndRun(definition, args, io);
  }
  try {
    return (await definition.run?.(line)) ?? 0;
  } catch (error) {
    const { explainMistake } = await import("./parse-line.ts");
    return await explainMistake(error, definition, args, io);
  }
}

/** Reads a line of operands, no more than are allowed, and of flags that are written in full. */
function plainLine(
  { commands, operands = [], options = {}, common = {}, isPassThrough }: Definition,
  args: readonly string[],
  io: CommandIo,
): Line | undefined {
  if (commands !== undefined) return undefined;
  const accepted: Options = { ...common, ...GLOBAL_OPTIONS, ...options };
  const found: string[] = [];
  const given: Given[] = [];
  for (const arg of args) {
    const isPassed = isPassThrough === true && found.length > 0;
    if (isPassed || !arg.startsWith("-")) {
      found.push(arg);
      continue;
    }
    const name = arg.slice(2);
    const isFlag = arg.startsWith("--") && accepted[name]?.kind === "flag";
    if (!isFlag || name === "help") return undefined;
    given.push({ name, value: undefined });
  }
  const least = operands.filter(({ isOptional }) => isOptional !== true).length;
  const most = operands.reduce((sum, one) => sum + (one.most ?? 1), 0);
  if (found.length < least || found.length > most) return undefined;
  return {
    options: valuesOf(given, accepted),
    operands: found,
    given,
    language: languageAmong(args, io.env),
    io,
  };
}
