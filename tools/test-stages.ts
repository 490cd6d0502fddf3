/** Which tests there are, and how each kind of them has to be run. */
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { longestFirst } from "./test-times.ts";

export const root: string = join(dirname(fileURLToPath(import.meta.url)), "..");

export interface Stage {
  readonly name: string;
  readonly files: readonly string[];
  readonly concurrency: number;
  /** Every file gets a process, whatever it says itself. */
  readonly ownProcess: boolean;
  /** Of one test. */
  readonly timeoutMilliseconds: number;
  /**
   * In the lab's sandbox: needs root or user namespaces, cannot touch the machine's own network.
   */
  readonly sandboxed: boolean;
}

export function testFiles(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(root, folder, name))
    .toSorted();
}

/** Some files wait for timers and children, so one more than there are processors runs. */
const LANES_MORE = 1;
const LABS_AT_ONCE = 2;
const measures = (file: string): boolean => /^(linux-|prober|vpc-)/.test(basename(file));
const isLab = (file: string): boolean => relative(root, file).startsWith("tests/namespaces/");

/** @param only absolute paths; empty for all tests */
export function planStages(namespaces: boolean, only: readonly string[]): readonly Stage[] {
  const all = only.length > 0 ? only : testFiles("tests");
  const stages: readonly Stage[] = [
    {
      name: "units, vectors, goldens, simulator, tidy",
      files: longestFirst(all.filter((file) => !isLab(file))),
      concurrency: availableParallelism() + LANES_MORE,
      ownProcess: false,
      timeoutMilliseconds: 240_000,
      sandboxed: false,
    },
    {
      name: "network namespaces: labs",
      files: all.filter((file) => isLab(file) && !measures(file)),
      // They mostly wait for detection times, and say nothing about speed.
      concurrency: LABS_AT_ONCE,
      ownProcess: true,
      timeoutMilliseconds: 480_000,
      sandboxed: true,
    },
    {
      name: "network namespaces: kernel, instruments and VPC",
      files: all.filter((file) => isLab(file) && measures(file)),
      // One at a time: what the kernel does when is measured here, and the VPC's switch is one busy
      // process.
      concurrency: 1,
      ownProcess: true,
      timeoutMilliseconds: 480_000,
      sandboxed: true,
    },
  ];
  return stages.filter(
    (stage) => stage.files.length > 0 && (namespaces || only.length > 0 || !stage.sandboxed),
  );
}

/** The runner again, where namespaces can be made and nothing of the machine can be touched. */
export const sandboxCommand = (runner: string, args: readonly string[]): readonly string[] => [
  process.execPath,
  ...process.execArgv,
  join(root, "src/lab/sandbox/sandbox-main.ts"),
  process.execPath,
  ...process.execArgv,
  runner,
  "--inside-sandbox",
  ...args,
];
