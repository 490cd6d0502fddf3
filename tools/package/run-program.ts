/** The programs that a package is made with. */
import { Buffer } from "node:buffer";
import { type SpawnSyncOptions, spawnSync } from "node:child_process";

const OUTPUT_BYTES_MAX = 1 << 29;

/** The package cannot be made, for a reason that its maker can do something about. */
export class Refusal extends Error {}

/** Standard output; throws a `Refusal` with what the program said. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions = {},
): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...options,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  if (status === 0) return Buffer.from(stdout);
  const why =
    error === undefined ? `${stderr.toString().trim()} (status ${status})` : error.message;
  throw new Refusal(`${program} ${args.join(" ")}: ${why}`);
}

export const compressGzip = (bytes: Buffer): Buffer =>
  runProgram("gzip", ["-9", "--no-name", "--stdout"], { input: bytes });

/**
 * Two threads whatever the machine has: another number of them cuts the data into other blocks.
 *
 * @param level 0 to 9
 */
export const compressXz = (bytes: Buffer, level: number): Buffer =>
  runProgram("xz", ["--format=xz", "--check=crc64", "--threads=2", `-${level}`, "--stdout"], {
    input: bytes,
  });
