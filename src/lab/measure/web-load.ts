/**
 * Web servers on the nodes and a client that asks the virtual address. A connection that is open
 * when the address moves is cut, since the new owner does not know it; what is counted as failed is
 * a request that could not even connect.
 */
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { spawnIn } from "#linux/namespace";
import { CLIENT, type Lab } from "./lab.ts";

/** What became of requests, each on a connection of its own. */
export interface RequestFigures {
  readonly asked: number;
  /** With status 200. */
  readonly answered: number;
  /** With another status: how many, by status. */
  readonly turnedAway: Readonly<Record<string, number>>;
  /** Connected, and then reset or not answered in time: how many, by error. */
  readonly cut: Readonly<Record<string, number>>;
  /** Requests that found nobody. */
  readonly failures: readonly LoadFailure[];
  /** Answers by node. */
  readonly by: Readonly<Record<string, number>>;
  /** Connected only after the kernel had sent their SYN again. */
  readonly late: number;
  /** Milliseconds. */
  readonly slowest: number;
}

export interface LoadFailure {
  /** ECONNREFUSED (a SYN was answered by an RST), ETIMEDOUT (after 2 s), … */
  readonly code: string;
  /** Milliseconds of the client's own time. */
  readonly atMs: number;
  readonly tookMs: number;
  /** How long the client itself did not run meanwhile. */
  readonly pausedMs: number;
}

export interface LoadFigures extends RequestFigures {
  /**
   * The same client asked the same servers at the nodes' own addresses, one request for each ten:
   * what failed there too, failed for another reason than the virtual address. Undefined: it was
   * not asked to.
   */
  readonly control: RequestFigures | undefined;
  /**
   * Milliseconds: the longest time in which the client itself did not run. What connected late or
   * was slow by less than that says nothing.
   */
  readonly pause: number;
  readonly seconds: number;
}

const PORT = 8_080;
const QUIET = "--disable-warning=ExperimentalWarning";
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export class WebLoad {
  readonly #servers: readonly ChildProcess[];
  readonly #begin: () => ChildProcess;
  #client: ChildProcess | undefined;
  #figures: Promise<LoadFigures> | undefined;

  constructor(lab: Lab, address: string, requestsPerSecond: number) {
    this.#servers = lab.nodes.map((node) =>
      spawnIn(
        node.namespace,
        [process.execPath, QUIET, program("web-server-main.ts"), node.name, String(PORT)],
        { stdio: ["ignore", "pipe", "inherit"], diesWithParent: true },
      ),
    );
    const figures = [address, String(PORT), String(requestsPerSecond)];
    this.#begin = () =>
      spawnIn(
        lab.network.namespaceOf(CLIENT),
        [process.execPath, QUIET, program("web-load-main.ts"), ...figures],
        { stdio: ["pipe", "pipe", "inherit"], diesWithParent: true },
      );
  }

  /** Every server listens, and a request has been answered. */
  async started(): Promise<void> {
    await Promise.all(this.#servers.map(firstOutput));
    this.#client = this.#begin();
    const { started, figures } = readFigures<LoadFigures>(this.#client);
    this.#figures = figures;
    await started;
  }

  /** No more requests; resolves when all that were sent have their ends. */
  async finish(): Promise<LoadFigures> {
    this.#client?.stdin?.end();
    if (this.#figures === undefined) throw new Error("the load was never started");
    const figures = await this.#figures;
    this.close();
    return figures;
  }

  close(): void {
    for (const one of [this.#client, ...this.#servers]) one?.kill("SIGKILL");
  }
}

export async function firstOutput(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("close", () => reject(new Error("a web server ended")));
  });
}

/** Two lines: that it has begun, and what became of it. */
export function readFigures<Figures>(child: ChildProcess): {
  readonly started: Promise<void>;
  readonly figures: Promise<Figures>;
} {
  const started = Promise.withResolvers<void>();
  const figures = Promise.withResolvers<Figures>();
  let text = "";
  child.stdout?.setEncoding("utf8");
  child.stdout?.on("data", (more: string) => {
    text += more;
    if (text.includes("\n")) started.resolve();
  });
  child.once("close", () => {
    const [, last = ""] = text.split("\n");
    try {
      figures.resolve(JSON.parse(last) as Figures);
    } catch {
      const problem = new Error(`the web client ended with: ${text}`);
      started.reject(problem);
      figures.reject(problem);
    }
  });
  // Whoever closes it early does not ask.
  for (const { promise } of [started, figures]) promise.catch(() => undefined);
  return { started: started.promise, figures: figures.promise };
}
