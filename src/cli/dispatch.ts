/** `baton COMMAND`: finds the command and imports only it, so that every start is quick. */

import { defineCommand } from "#command-line/command";
import { type Command, type Line, NoSuchCommandError, text } from "#command-line/definition";
import type { CommandIo } from "#command-line/io";
import { styleFor } from "#command-line/language";
import { listCommands, ROOT_NOTES, ROOT_OPTIONS } from "./command-list.ts";

const GROUPS = listCommands(dispatch);

/** The options that precede the command's name. */
const ROOT: Command = defineCommand({
  name: "",
  summary: text("Keeps a virtual IP on exactly one machine.", "让虚拟 IP 始终只在一台机器上。"),
  options: ROOT_OPTIONS,
  operands: [{ name: text("COMMAND", "命令"), isOptional: true, most: Infinity }],
  isPassThrough: true,
  hasOwnHelp: true,
  overview: GROUPS,
  notes: ROOT_NOTES,
  run: runLine,
});

export async function dispatch(args: readonly string[], io: CommandIo): Promise<number> {
  return await ROOT(args, io);
}

async function runLine(line: Line<typeof ROOT_OPTIONS>): Promise<number> {
  const { options, operands, language, io } = line;
  const [name, ...args] = operands;
  if (options.version) return await (await findCommand("version"))([], io);
  // As `keepalived --signum=DATA`: scripts only have to name another program.
  if (options.signum !== undefined)
    return await (await findCommand("run"))([`--signum=${options.signum}`], io);
  if (name === undefined) {
    const { printHelp } = await import("#command-line/help");
    const page = printHelp(ROOT.definition, "baton", styleFor(io, language));
    if (options.help) io.stdout(page);
    else io.stderr(page);
    return options.help ? 0 : 2;
  }
  if (options.help) return await (await findCommand("help"))(operands, io);
  return await (await findCommand(name))(args, io);
}

async function findCommand(name: string): Promise<Command> {
  const entries = GROUPS.flatMap(({ commands }) => commands);
  const entry = entries.find((one) => one.name === name);
  if (entry !== undefined) return await entry.load();
  throw new NoSuchCommandError(
    name,
    entries.map((one) => one.name),
  );
}
