/**
 * Web servers on the nodes and a client that asks the virtual address. A connection that is open
 * when the address moves is cut, since the new owner does not know it; what is counted as failed is
 * a request that could not even connect.
 */
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { spawnIn } from "#linux/namespace";
import { CLIENT, type Lab } from "./lab.ts";

export interface LoadFigures {
  readonly asked: number;
  readonly answered: number;
  /** Connected, and then reset. */
  readonly cut: number;
  /** Requests that found nobody. */
  readonly failures: readonly { readonly code: string; readonly atMs: number }[];
  /** Answers by node. */
  readonly by: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Milliseconds. */
  readonly slowest: number;
}

const PORT = 8_080;
const QUIET = "--disable-warning=ExperimentalWarning";
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export class WebLoad {
  readonly #servers: readonly ChildProcess[];
  readonly #client: ChildProcess;
  readonly #figures: Promise<LoadFigures>;

  constructor(lab: Lab, address: string, requestsPerSecond: number) {
    this.#servers = lab.nodes.map((node) =>
      spawnIn(
        node.namespace,
        [process.execPath, QUIET, program("web-server-main.ts"), node.name, String(PORT)],
        { stdio: ["ignore", "ignore", "inherit"], diesWithParent: true },
      ),
    );
    this.#client = spawnIn(
      lab.network.namespaceOf(CLIENT),
      [
        process.execPath,
        QUIET,
        program("web-load-main.ts"),
        address,
        String(PORT),
        String(requestsPerSecond),
      ],
      { stdio: ["pipe", "pipe", "inherit"], diesWithParent: true },
    );
    this.#figures = readAll(this.#client);
  }

  /** No more requests; resolves when all that were sent have their ends. */
  async finish(): Promise<LoadFigures> {
    this.#client.stdin?.end();
    const figures = await this.#figures;
    this.close();
    return figures;
  }

  close(): void {
    for (const one of [this.#client, ...this.#servers]) one.kill("SIGKILL");
  }
}

async function readAll(child: ChildProcess): Promise<LoadFigures> {
  let text = "";
  child.stdout?.setEncoding("utf8");
  child.stdout?.on("data", (more: string) => {
    text += more;
  });
  return await new Promise((resolve, reject) => {
    child.once("close", () => {
      try {
        resolve(JSON.parse(text) as LoadFigures);
      } catch {
        reject(new Error(`the web client ended with: ${text}`));
      }
    });
  });
}
