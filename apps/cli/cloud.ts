/** `baton cloud …`: the emulated cloud. */
import { SERVE_USAGE, serve } from "../cloud/serve.ts";
import type { Command, CommandIo } from "./io.ts";

export async function runCloud(argv: readonly string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = argv;
  if (verb === "serve" && !rest.includes("--help") && !rest.includes("-h")) {
    return await serve(rest, io);
  }
  const isHelp = argv.some((word) => word === "--help" || word === "-h" || word === "help");
  if (isHelp) io.stdout(SERVE_USAGE);
  else
    io.stderr(
      `baton cloud: ${verb === undefined ? "say what to do" : `there is no ${verb}`}\n\n${SERVE_USAGE}`,
    );
  return isHelp ? 0 : 2;
}

export const command: Command = runCloud;
