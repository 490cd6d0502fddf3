/** The peer's program as the benchmark sees it. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Namespace, spawnIn } from "#linux/namespace";
import { OUTPUT_FD } from "#probes/probe-protocol";
import type { PeerAnswer, PeerOrder, PeerReading, PeerRequest } from "./advert-peer-protocol.ts";

const MAIN = fileURLToPath(new URL("./advert-peer-main.ts", import.meta.url));

export class AdvertPeer {
  readonly #child: ChildProcess;
  readonly #pipe: Duplex;
  readonly #waiting: ((answer: PeerAnswer) => void)[] = [];
  #closing = false;

  constructor(namespace: Namespace, order: PeerOrder) {
    const program = [process.execPath, "--disable-warning=ExperimentalWarning", MAIN];
    this.#child = spawnIn(namespace, [...program, JSON.stringify(order)], {
      stdio: ["ignore", "ignore", "inherit", "pipe"],
      detached: true,
    });
    const pipe = this.#child.stdio[OUTPUT_FD];
    if (!(pipe instanceof Duplex)) throw new Error("a peer without a pipe");
    this.#pipe = pipe;
    // It ends with the process; readline would pass on its error.
    pipe.on("error", () => {});
    createInterface({ input: pipe })
      .on("line", (line) => this.#waiting.shift()?.(JSON.parse(line) as PeerAnswer))
      .on("error", () => {});
    this.#child.on("exit", (code, signal) => {
      if (!this.#closing) throw new Error(`the peer ended: ${signal ?? `exit code ${code}`}`);
    });
  }

  async ready(): Promise<void> {
    await this.#next();
  }

  #next(): Promise<PeerAnswer> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Sends any request but "read", for which there is `read`. */
  order(request: Exclude<PeerRequest, { kind: "read" }>): void {
    this.#pipe.write(`${JSON.stringify(request)}\n`);
  }

  async read(): Promise<PeerReading> {
    const answer = this.#next();
    this.#pipe.write(`${JSON.stringify({ kind: "read" } satisfies PeerRequest)}\n`);
    const reading = await answer;
    if (reading.kind !== "reading") throw new Error(`the peer answered ${reading.kind}`);
    return reading;
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
