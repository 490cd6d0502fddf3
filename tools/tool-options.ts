/**
 * Options of the tools: `--help` prints the head comment of the tool itself; what is wrong is one
 * line, and exit status 2.
 */
import { readFileSync } from "node:fs";
import { type ParseArgsConfig, parseArgs } from "node:util";

type Parsed<Config extends ParseArgsConfig> = ReturnType<typeof parseArgs<Config>>;

/** @param file the tool's own path; its first comment is its manual */
export function toolOptions<Config extends ParseArgsConfig>(
  file: string,
  config: Config,
): Parsed<Config>["values"] {
  // `| head` has read enough.
  process.stdout.on("error", () => process.exit(0));
  const argv = process.argv.slice(2);
  if (argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(`${manualOf(file)}\n`);
    process.exit(0);
  }
  try {
    return parseArgs({ ...config, args: argv }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n\n${manualOf(file)}\n`);
    process.exit(2);
  }
}

/** A whole number from `least` on, or the end of the program with the option's name. */
export function wholeNumber(name: string, text: string, least = 0): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
  process.stderr.write(`--${name}: ${text} is not a whole number from ${least} on\n`);
  process.exit(2);
}

export function manualOf(file: string): string {
  const [, comment = ""] = /^\/\*\*\n?([\s\S]*?)\*\//.exec(readFileSync(file, "utf8")) ?? [];
  return comment.replaceAll(/^ ?\* ?/gm, "").trim();
}
