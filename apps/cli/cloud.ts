/** `baton cloud …`: the emulated cloud. */
import { SERVE_USAGE, serve } from "../cloud/serve.ts";
import type { Command, CommandIo } from "./io.ts";
import { languageOf, readLanguage } from "./language.ts";
import { noSuchVerb } from "./usage-mistakes.ts";

export async function runCloud(argv: readonly string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = argv;
  if (verb === "serve" && !rest.includes("--help") && !rest.includes("-h")) {
    return await serve(rest, io);
  }
  const isHelp = argv.some((word) => word === "--help" || word === "-h" || word === "help");
  const language = readLanguage(argv[argv.indexOf("--lang") + 1] ?? "") ?? languageOf(io.env);
  const usage = SERVE_USAGE[language];
  if (isHelp) io.stdout(usage);
  else io.stderr(`baton cloud: ${noSuchVerb(verb, ["serve"], language)}\n\n${usage}`);
  return isHelp ? 0 : 2;
}

export const command: Command = runCloud;
