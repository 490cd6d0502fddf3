/**
 * The first file of the engine's process: from here on no signal ends it. The rest takes some
 * tens of milliseconds to load. It then ignores signals for good (engine-main.ts), since it
 * never returns to an event loop that could handle them.
 */
import { keepStops } from "./signals.ts";

keepStops();
const { main } = await import("./engine-main.ts");
main();
