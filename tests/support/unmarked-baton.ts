/**
 * `baton run` and `baton release` as on a kernel without IFA_PROTO (before Linux 5.18): addresses
 * are added without the mark. The arguments are those of `baton`.
 */
import { fileURLToPath } from "node:url";
import { releaseCommand } from "#cli/release";
import { catchSignals } from "#daemon/signals";
import { openRtnetlink } from "#linux/rtnetlink";
import { processIo, runWith } from "./run-with.ts";

const openRequests = () => openRtnetlink({ marks: false });

async function run(args: readonly string[]): Promise<number> {
  catchSignals();
  const engineProgram = [fileURLToPath(new URL("./unmarked-engine.ts", import.meta.url))];
  return await runWith(args, { openRequests, engineProgram });
}

const [command, ...args] = process.argv.slice(2);
process.exitCode = await (command === "release"
  ? releaseCommand(openRequests)(args, processIo)
  : run(args));
