/**
 * A pair of real keepalived with `baton shadow` beside each of them, and the faults of the
 * benchmark. What the shadows found is read from their lines of JSON.
 */
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CONFIG_FILE } from "#lab/measure/daemon";
import type { FaultName } from "#lab/measure/faults";
import type { Lab } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { runFault } from "#lab/measure/scenario";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));

/** A line of `baton shadow --json`. */
export interface ShadowLine {
  readonly type: "finding" | "summary";
  readonly verdict?: "same" | "expected" | "unexplained";
  readonly kind?: string;
  readonly page?: string;
  readonly text?: string;
  readonly at?: string;
  readonly baton?: string;
  readonly unexplained?: number;
  readonly adverts?: number;
  readonly skipped?: number;
}

export interface FoundLine extends ShadowLine {
  readonly node: string;
}

export interface RunningShadow {
  readonly node: LabNode;
  readonly process: ChildProcess;
  lines(): readonly ShadowLine[];
  errors(): string;
  /** Ends it with SIGINT; its exit status. */
  stop(): Promise<number | null>;
}

/** @param config what it reads, if not the file of the node's daemon */
export function startShadow(
  node: LabNode,
  more: readonly string[] = [],
  config?: string,
): RunningShadow {
  const path = join(node.folder, config === undefined ? "shadow.jsonl" : "other.jsonl");
  if (config !== undefined) writeFileSync(join(node.folder, "etc", "other.conf"), config);
  const file = config === undefined ? CONFIG_FILE : join(dirname(CONFIG_FILE), "other.conf");
  const fd = openSync(path, "a");
  const argv = [BATON, "shadow", "-f", file, "--json", "--all", ...more];
  const process = node.spawn(argv, fd);
  closeSync(fd);
  const ended = new Promise<number | null>((resolve) => {
    process.once("exit", (code) => resolve(code));
  });
  const text = (): readonly string[] => readFileSync(path, "utf8").split("\n");
  return {
    node,
    process,
    lines: () =>
      text()
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as ShadowLine),
    errors: () =>
      text()
        .filter((line) => !line.startsWith("{"))
        .join("\n"),
    stop: async () => {
      process.kill("SIGINT");
      return await ended;
    },
  };
}

/** Runs the faults one after the other, and returns what was found during each. */
export async function drill(
  lab: Lab,
  shadows: readonly RunningShadow[],
  faults: readonly FaultName[],
  random: () => number,
): Promise<ReadonlyMap<FaultName, readonly FoundLine[]>> {
  const found = new Map<FaultName, readonly FoundLine[]>();
  for (const fault of faults) {
    const before = shadows.map((one) => one.lines().length);
    await runFault(lab, fault, { random });
    await lab.untilSettled();
    const lines = shadows.flatMap((one, place) =>
      one
        .lines()
        .slice(before[place])
        .map((line) => ({ ...line, node: one.node.name })),
    );
    found.set(fault, lines);
  }
  return found;
}
