/**
 * The first file of the engine's process: no signal ends it from here on. The rest takes some tens
 * of milliseconds to load, and then ignores signals for good (engine-main.ts), since it never
 * returns to an event loop that could handle them.
 */
import { keepStops } from "./signals.ts";

keepStops();
const { main } = await import("./engine-main.ts");
main();
