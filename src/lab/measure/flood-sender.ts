/** The program that floods, as the benchmark and the tests see it. */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Namespace, spawnIn } from "#linux/namespace";
import { OUTPUT_FD } from "#probes/probe-protocol";
import type { FloodTarget, WireFlood } from "./flood-frames.ts";

const MAIN = fileURLToPath(new URL("./flood-sender-main.ts", import.meta.url));

export interface FloodOrder {
  readonly flood: WireFlood;
  readonly target: FloodTarget;
  /** Frames in a second. */
  readonly rate: number;
  /** Not more than these; undefined: until it is stopped. */
  readonly frames: number | undefined;
  readonly seed: number;
}

export interface FloodAnswer {
  readonly sent: number;
  readonly seconds: number;
}

/** Floods from now on. What is given back ends it. */
export function startFlood(namespace: Namespace, order: FloodOrder): () => Promise<FloodAnswer> {
  const program = [process.execPath, "--disable-warning=ExperimentalWarning", MAIN];
  const child = spawnIn(namespace, [...program, JSON.stringify(order)], {
    stdio: ["ignore", "ignore", "inherit", "pipe"],
    detached: true,
  });
  const pipe = child.stdio[OUTPUT_FD];
  if (!(pipe instanceof Duplex)) throw new Error("a sender without a pipe");
  // It ends with the process.
  pipe.on("error", () => {});
  const ended = once(child, "exit");
  const answer = once(createInterface({ input: pipe }), "line");
  return async () => {
    pipe.write("stop\n");
    const [line] = (await Promise.race([answer, ended])) as readonly unknown[];
    if (typeof line !== "string") throw new Error("the sender ended without an answer");
    await ended;
    return JSON.parse(line) as FloodAnswer;
  };
}
