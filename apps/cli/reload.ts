/** `baton reload`: like SIGHUP, but says whether it worked. */
import { parseArgs } from "node:util";
import { ask, RUNTIME_DIR } from "./control-client.ts";
import type { Command } from "./io.ts";

const USAGE = "usage: baton reload [--runtime-dir DIR]\n";

export const command: Command = async (args, io) => {
  const options = {
    "runtime-dir": { type: "string" },
    help: { type: "boolean", short: "h" },
  } as const;
  let values: { "runtime-dir"?: string; help?: boolean };
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true }));
  } catch (error) {
    io.stderr(
      `baton reload: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`,
    );
    return 2;
  }
  if (values.help === true) {
    io.stdout(USAGE);
    return 0;
  }
  const asked = await ask(values["runtime-dir"] ?? RUNTIME_DIR, { command: "reload" });
  if (asked.kind === "unreachable") {
    io.stderr(`baton reload: ${asked.why}\n`);
    return 1;
  }
  if (!asked.answer.ok) {
    io.stderr(
      `baton reload: ${asked.answer.error}${asked.answer.help === undefined ? "" : `\n  ${asked.answer.help}`}\n`,
    );
    return 1;
  }
  io.stdout("reloaded\n");
  return 0;
};
