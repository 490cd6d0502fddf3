/** `baton cloud …`: the emulated cloud. */
import { SERVE_USAGE, serve } from "#cloud/server/serve";
import { languageOf, readLanguage } from "#diagnostics/language";
import type { Command, CommandIo } from "./io.ts";
import { languageAmong } from "./language.ts";
import { noSuchLanguage, noSuchVerb, parseMistake, usageComplaint } from "./usage-mistakes.ts";

export async function runCloud(argv: readonly string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = argv;
  if (verb === "serve" && !rest.includes("--help") && !rest.includes("-h")) {
    return await runServe(rest, io);
  }
  const isHelp = argv.some((word) => word === "--help" || word === "-h" || word === "help");
  const language = languageAmong(argv, io.env);
  const usage = SERVE_USAGE[language];
  if (isHelp) io.stdout(usage);
  else {
    const text = noSuchVerb(verb, ["serve"], language);
    io.stderr(usageComplaint("cloud", text, usage, language));
  }
  return isHelp ? 0 : 2;
}

async function runServe(argv: readonly string[], io: CommandIo): Promise<number> {
  const at = argv.findIndex((word) => word === "--lang" || word.startsWith("--lang="));
  const asked = argv[at] === "--lang" ? argv[at + 1] : argv[at]?.slice("--lang=".length);
  const language = readLanguage(asked ?? "") ?? languageOf(io.env);
  const complain = (text: string): string =>
    usageComplaint("cloud serve", text, SERVE_USAGE[language], language);
  if (asked !== undefined && readLanguage(asked) === undefined) {
    io.stderr(complain(noSuchLanguage(asked, language)));
    return 2;
  }
  return await serve(argv, io, language, (mistake, options) =>
    complain(typeof mistake === "string" ? mistake : parseMistake(mistake, options, language)),
  );
}

export const command: Command = runCloud;
