/**
 * The whole daemon but for its engine, in a process of its own: `baton run` with
 * tests/support/fake-engine.ts, which touches no network. The arguments are those of `baton run`;
 * FAKE_ENGINE_DIR is where the engine is steered from.
 */
import { fileURLToPath } from "node:url";
import { catchSignals } from "#daemon/signals";
import { openRtnetlink } from "#linux/rtnetlink";
import { runWith } from "./run-with.ts";

catchSignals();
process.exitCode = await runWith(process.argv.slice(2), {
  // As on an old kernel: the daemon has more to record there.
  openRequests: () => openRtnetlink({ marks: false }),
  engineProgram: [fileURLToPath(new URL("./fake-engine.ts", import.meta.url))],
});
