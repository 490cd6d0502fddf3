/**
 * Fuzz tools by name; each has options of its own (`--help`):
 *
 *     npm run fuzz -- config --minutes 10    configurations through the reader
 *     npm run fuzz -- supervisor --minutes 10    everything the supervisor reads
 */
import { manualOf } from "./tool-options.ts";

const TOOLS: Readonly<Record<string, () => Promise<unknown>>> = {
  config: async () => await import("./fuzz-config.ts"),
  supervisor: async () => await import("./fuzz-supervisor.ts"),
};
const [name = ""] = process.argv.splice(2, 1);
const load = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
if (load === undefined) {
  process.stderr.write(`${manualOf(import.meta.filename)}\n`);
  process.exitCode = 2;
} else await load();
