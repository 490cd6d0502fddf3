/**
 * A command is its definition and what runs when it is called.
 *
 * A line without options needs no parser: `baton status` starts a fifth faster without one.
 */
import { type Command, type Definition, type Line, type Options, valuesOf } from "./definition.ts";
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

/** Reads a line that has only operands, and no more than are allowed. */
function plainLine(
  { commands, operands = [], options = {}, common = {}, isPassThrough }: Definition,
  args: readonly string[],
  io: CommandIo,
): Line | undefined {
  if (commands !== undefined) return undefined;
  const least = operands.filter(({ isOptional }) => isOptional !== true).length;
  const most = operands.reduce((sum, one) => sum + (one.most ?? 1), 0);
  if (args.length < least || args.length > most) return undefined;
  const read = isPassThrough === true ? args.slice(0, 1) : args;
  if (read.some((arg) => arg.startsWith("-"))) return undefined;
  return {
    options: valuesOf([], { ...common, ...GLOBAL_OPTIONS, ...options }),
    operands: args,
    given: [],
    language: languageAmong(args, io.env),
    io,
  };
}
