/** Starts one script as the keeper does, and waits to be killed. Arguments: folder of the notes, script. */
import { deathSignalPrefix } from "../../apps/daemon/launcher.ts";
import { keepLog, makeLauncher } from "./daemon-bench.ts";

const [notes = "", script = ""] = process.argv.slice(2);
const launcher = makeLauncher(keepLog().log, notes, deathSignalPrefix());
launcher.start({ argv: [script], user: undefined }, {}, () => undefined);
setInterval(() => undefined, 1_000);
