/** Which tests there are, and how each kind of them wants to be run. */
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = join(dirname(fileURLToPath(import.meta.url)), "..");

export interface Stage {
  readonly name: string;
  readonly files: readonly string[];
  readonly concurrency: number;
  /** Of one test. */
  readonly timeoutMilliseconds: number;
  /** In the lab's sandbox: needs root or user namespaces, cannot touch the machine's own network. */
  readonly sandboxed: boolean;
}

function testFiles(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(root, folder, name))
    .toSorted();
}

const LABS_AT_ONCE = 2;
const measures = (file: string): boolean => /^(linux-|prober|vpc-)/.test(basename(file));

/** @param only absolute paths; empty for all tests */
export function planStages(namespaces: boolean, only: readonly string[]): readonly Stage[] {
  const all = only.length > 0 ? only : testFiles("tests");
  const folderOf = (file: string): string => relative(root, file).split("/")[1] ?? "";
  const special = ["sim", "namespaces"];
  const stages: readonly Stage[] = [
    {
      name: "units, vectors, goldens, tidy",
      files: all.filter((file) => !special.includes(folderOf(file))),
      concurrency: availableParallelism(),
      timeoutMilliseconds: 120_000,
      sandboxed: false,
    },
    {
      name: "simulator",
      files: all.filter((file) => folderOf(file) === "sim"),
      concurrency: availableParallelism(),
      timeoutMilliseconds: 240_000,
      sandboxed: false,
    },
    {
      name: "network namespaces: labs",
      files: all.filter((file) => folderOf(file) === "namespaces" && !measures(file)),
      // They mostly wait for detection times, and say nothing about speed.
      concurrency: LABS_AT_ONCE,
      timeoutMilliseconds: 480_000,
      sandboxed: true,
    },
    {
      name: "network namespaces: kernel, instruments and VPC",
      files: all.filter((file) => folderOf(file) === "namespaces" && measures(file)),
      // One file at a time: what the kernel does when is measured here, and the VPC's switch is one busy process.
      concurrency: 1,
      timeoutMilliseconds: 480_000,
      sandboxed: true,
    },
  ];
  return stages.filter(
    (stage) => stage.files.length > 0 && (namespaces || only.length > 0 || !stage.sandboxed),
  );
}
