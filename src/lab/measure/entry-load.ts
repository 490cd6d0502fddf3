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
import type { SeenFrames } from "./entry-frames.ts";
import type { EntryServer } from "./entry-names.ts";
import { CLIENT, type Lab, VIRTUAL_ADDRESS } from "./lab.ts";
import type { LabNode } from "./node.ts";
import { firstOutput, type LoadFigures, readFigures } from "./web-load.ts";

/** What became of streams that ran when the address moved. */
export interface StreamFigures {
  readonly completed: number;
  readonly reset: number;
  /** Neither data nor an end. */
  readonly hung: number;
  readonly running: number;
  /** Milliseconds: the longest time in which the program that reads them did not run. */
  readonly pause: number;
}

export interface EntryFigures {
  readonly requests: LoadFigures;
  readonly streams: StreamFigures;
  readonly frames: SeenFrames;
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
  readonly #server: EntryServer | undefined;
  readonly #apps: readonly ChildProcess[];
  #servers: readonly ChildProcess[] = [];
  /** Rejected when a server ends by itself: nobody would answer the clients. */
  readonly #ended = Promise.withResolvers<never>();

  /** @param server undefined: the application itself is asked */
  constructor(lab: Lab, server: EntryServer | undefined) {
    this.#lab = lab;
    this.#server = server;
    const where =
      server === undefined ? ["0.0.0.0", String(PORT)] : ["127.0.0.1", String(APP_PORT)];
    this.#apps = lab.nodes.map((node) =>
      spawnIn(node.namespace, run("entry-app-main.ts", node.name, ...where), {
        stdio: ["ignore", "pipe", "inherit"],
        diesWithParent: true,
      }),
    );
    this.#ended.promise.catch(() => undefined);
  }

  /**
   * Only then the servers are started: HAProxy answers 503 for four seconds when its first check
   * finds no application. Whether they serve is asked by each load.
   */
  async ready(): Promise<void> {
    await Promise.all(this.#apps.map(firstOutput));
    const server = this.#server;
    if (server === undefined) return;
    this.#servers = this.#lab.nodes.map((node) => {
      const child = startServer(node, server);
      const log = join(node.folder, `${server}.log`);
      child.once("exit", () => this.#ended.reject(new Error(readFileSync(log, "utf8"))));
      return child;
    });
  }

  /** Resolves when every server has answered, and every stream has sent something. */
  async load(rate: number, streams: number, seconds: number): Promise<EntryLoad> {
    const where = [VIRTUAL_ADDRESS, String(PORT)];
    const nodes = this.#lab.nodes.map(({ address }) => address);
    const children: ChildProcess[] = [];
    const begin = async <Figures>(argv: readonly string[]): Promise<Client<Figures>> => {
      const child = spawnIn(this.#lab.network.namespaceOf(CLIENT), argv, {
        stdio: ["pipe", "pipe", "inherit"],
        diesWithParent: true,
      });
      children.push(child);
      const { started, figures } = readFigures<Figures>(child);
      await Promise.race([started, this.#ended.promise]);
      return { child, figures };
    };
    try {
      const index = String(this.#lab.network.interfaceIndexOf(CLIENT));
      const frames = await begin<SeenFrames>(run("entry-frames-main.ts", index, ...where));
      const requests = run("web-load-main.ts", ...where, String(rate), ...nodes);
      const ofRequests = await begin<LoadFigures>(requests);
      const reads = run("entry-streams-main.ts", ...where, String(streams), String(seconds));
      const ofStreams = await begin<StreamFigures>(reads);
      return new EntryLoad({ requests: ofRequests, streams: ofStreams, frames });
    } catch (error) {
      for (const one of children) one.kill("SIGKILL");
      throw error;
    }
  }

  close(): void {
    for (const one of [...this.#servers, ...this.#apps]) one.kill("SIGKILL");
  }
}

interface Client<Figures> {
  readonly child: ChildProcess;
  readonly figures: Promise<Figures>;
}

type Clients = { readonly [Name in keyof EntryFigures]: Client<EntryFigures[Name]> };

export class EntryLoad {
  readonly #clients: Clients;

  constructor(clients: Clients) {
    this.#clients = clients;
  }

  async finish(): Promise<EntryFigures> {
    const { requests, streams, frames } = this.#clients;
    // First of all: a client that ends resets its streams itself.
    frames.child.stdin?.end();
    try {
      const seen = await frames.figures;
      for (const { child } of [requests, streams]) child.stdin?.end();
      return { requests: await requests.figures, streams: await streams.figures, frames: seen };
    } finally {
      this.close();
    }
  }

  close(): void {
    for (const { child } of Object.values(this.#clients)) child.kill("SIGKILL");
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
