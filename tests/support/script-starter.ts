/**
 * Starts one script as the supervisor does. Arguments: folder of the notes, script, and "stop" to
 * end like a supervisor that is stopped when the script has ended; without it, it waits to be
 * killed.
 */

import { deathSignalPrefix } from "#daemon/launcher";
import { OutputPipe } from "#daemon/output-pipe";
import { keepDescriptorsToOurselves } from "#linux/descriptors";
import { keepLog, makeLauncher } from "./daemon-bench.ts";

keepDescriptorsToOurselves();
const [notes = "", script = "", then = ""] = process.argv.slice(2);
const launcher = makeLauncher(keepLog().log, notes, deathSignalPrefix());
launcher.start({ argv: [script], user: undefined }, {}, () => {
  if (then !== "stop") return;
  OutputPipe.leaveAll();
  process.exit(0);
});
setInterval(() => undefined, 1_000);
