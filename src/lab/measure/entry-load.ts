/**
 * An entry tier (nginx or HAProxy before an application) on each node, and its clients: new
 * connections all the time, and long streams.
 */
import { type ChildProcess, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnIn } from "#linux/namespace";
import { resourceUrl } from "#units/installation";
import { CLIENT, type Lab, VIRTUAL_ADDRESS } from "./lab.ts";
import type { LabNode } from "./node.ts";
import { firstOutput, type LoadFigures, readFigures } from "./web-load.ts";

export type EntryServer = "nginx" | "haproxy";
export const ENTRY_SERVERS: readonly EntryServer[] = ["nginx", "haproxy"];

/** What became of streams that ran when the address moved. */
export interface StreamFigures {
  readonly completed: number;
  readonly reset: number;
  /** Neither data nor an end. */
  readonly hung: number;
  readonly running: number;
  /** Milliseconds from the last data to the reset, of each that was reset. */
  readonly gaps: readonly number[];
}

export interface EntryFigures {
  readonly requests: LoadFigures;
  readonly streams: StreamFigures;
}

const PORT = 80;
const APP_PORT = 8_081;
const QUIET = "--disable-warning=ExperimentalWarning";
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const run = (name: string, ...args: readonly string[]): readonly string[] => [
  process.execPath,
  QUIET,
  program(name),
  ...args,
];

export const hasServer = (server: EntryServer): boolean =>
  spawnSync(server, ["-v"], { stdio: "ignore" }).error === undefined;

/** The example's file, with what a node of the laboratory has otherwise: logs, and no own user. */
export function entryConfig(server: EntryServer): string {
  const name = server === "nginx" ? "nginx.conf" : "haproxy.cfg";
  const text = readFileSync(resourceUrl(`examples/${server}/${name}`), "utf8");
  return text
    .replaceAll(/^(user|pid|error_log) .*;\n/gm, "")
    .replaceAll(/^(\s*access_log) \/.*;$/gm, "$1 off;");
}

/** The servers of a laboratory: started once, and asked by one load after the other. */
export class EntryTier {
  readonly #lab: Lab;
  readonly #children: readonly ChildProcess[];
  readonly #apps: readonly ChildProcess[];
  /** Rejected when a server ends by itself: nobody would answer the clients. */
  readonly #ended = Promise.withResolvers<never>();

  /** @param server undefined: the application itself is asked */
  constructor(lab: Lab, server: EntryServer | undefined) {
    this.#lab = lab;
    const where =
      server === undefined ? ["0.0.0.0", String(PORT)] : ["127.0.0.1", String(APP_PORT)];
    this.#apps = lab.nodes.map((node) =>
      spawnIn(node.namespace, run("entry-app-main.ts", node.name, ...where), {
        stdio: ["ignore", "pipe", "inherit"],
        diesWithParent: true,
      }),
    );
    const servers = server === undefined ? [] : lab.nodes.map((node) => startServer(node, server));
    this.#children = [...this.#apps, ...servers];
    this.#ended.promise.catch(() => undefined);
    for (const [index, child] of servers.entries()) {
      const log = join(lab.nodes[index]?.folder ?? "", `${server}.log`);
      child.once("exit", () => this.#ended.reject(new Error(readFileSync(log, "utf8"))));
    }
  }

  async ready(): Promise<void> {
    await Promise.all(this.#apps.map(firstOutput));
  }

  /** Resolves when a request has been answered and every stream has sent something. */
  async load(rate: number, streams: number, seconds: number): Promise<EntryLoad> {
    const client = (argv: readonly string[]): ChildProcess =>
      spawnIn(this.#lab.network.namespaceOf(CLIENT), argv, {
        stdio: ["pipe", "pipe", "inherit"],
        diesWithParent: true,
      });
    const where = [VIRTUAL_ADDRESS, String(PORT)];
    const load = new EntryLoad(
      client(run("entry-streams-main.ts", ...where, String(streams), String(seconds))),
      client(run("web-load-main.ts", ...where, String(rate))),
    );
    try {
      await Promise.race([load.started, this.#ended.promise]);
    } catch (error) {
      load.close();
      throw error;
    }
    return load;
  }

  close(): void {
    for (const one of this.#children) one.kill("SIGKILL");
  }
}

export class EntryLoad {
  readonly started: Promise<void>;
  readonly #figures: Promise<EntryFigures>;
  readonly #clients: readonly ChildProcess[];

  constructor(streams: ChildProcess, requests: ChildProcess) {
    this.#clients = [streams, requests];
    const ofStreams = readFigures<StreamFigures>(streams);
    const ofRequests = readFigures<LoadFigures>(requests);
    this.started = Promise.all([ofStreams.started, ofRequests.started]).then(() => undefined);
    this.#figures = Promise.all([ofStreams.figures, ofRequests.figures]).then(
      ([about, asked]): EntryFigures => ({ streams: about, requests: asked }),
    );
    this.#figures.catch(() => undefined);
  }

  async finish(): Promise<EntryFigures> {
    for (const one of this.#clients) one.stdin?.end();
    try {
      return await this.#figures;
    } finally {
      this.close();
    }
  }

  close(): void {
    for (const one of this.#clients) one.kill("SIGKILL");
  }
}

function startServer(node: LabNode, server: EntryServer): ChildProcess {
  const file = join(node.folder, `${server}.conf`);
  writeFileSync(file, entryConfig(server));
  // One process, which may not change its user in a user namespace and need not here.
  const inFront = `daemon off; master_process off; pid ${join(node.folder, "nginx.pid")};`;
  const argv =
    server === "nginx"
      ? ["nginx", "-e", "stderr", "-p", node.folder, "-c", file, "-g", inFront]
      : ["haproxy", "-db", "-q", "-f", file];
  // It logs each connection that is reset.
  const log = openSync(join(node.folder, `${server}.log`), "a");
  const child = spawnIn(node.namespace, argv, {
    stdio: ["ignore", log, log],
    diesWithParent: true,
  });
  closeSync(log);
  return child;
}
