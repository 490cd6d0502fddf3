/** Two nodes with a PostgreSQL each, behind one address, with writers through it. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  APP_ACCOUNT,
  APP_DATABASE,
  GATE_ACCOUNT,
  PostgreSql,
  preparePostgreSql,
} from "#lab/database/postgresql";
import { BATON } from "#lab/measure/daemon";
import { type Lab, VIRTUAL_ADDRESS } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { FAST, type Profile } from "#lab/measure/profile";
import { type Gate, outputOf, untilGate, withLab } from "./lab.ts";
import type { WriterReport } from "./postgresql-writer-main.ts";

const PORT = 5_432;
const HERE = "@GATE@";
const CREDENTIALS = "postgresql.cnf";
const PROFILE: Profile = { ...FAST, name: "gate", extraInstanceLines: [HERE] };

export interface Nodes {
  readonly lab: Lab;
  readonly owner: LabNode;
  readonly peer: LabNode;
  readonly serverOf: (node: LabNode) => PostgreSql;
  readonly untilGate: (node: LabNode, isSo: (gate: Gate) => boolean) => Promise<void>;
  /** A client of the address, in that node's network. */
  readonly write: (node: LabNode) => Writer;
}

export const follows = ({ database, eligible }: Gate): boolean =>
  database?.follows === true && eligible === "yes";

const gateLines = (own: PostgreSql, peer: LabNode): string =>
  [
    `check db {`,
    `    postgresql ${own.socket} credentials_file /etc/keepalived/${CREDENTIALS}`,
    "    interval 0.2",
    "    timeout 0.3",
    "    fall 2",
    "}",
    "@INSTANCE@",
    "track_script {",
    "    db",
    "}",
    "gate {",
    "    postgresql {",
    `        socket ${own.socket}`,
    `        peer ${peer.address}:${PORT}`,
    `        credentials_file /etc/keepalived/${CREDENTIALS}`,
    "        interval 0.2",
    "        sync required",
    "    }",
    `    rejoin "${own.rejoinProgram(PORT).join(" ")}" root timeout 60`,
    "}",
  ].join("\n");

/** A `check` stands beside instances, and the profile's lines are inside of one. */
function withGate(text: string, own: PostgreSql, peer: LabNode): string {
  const [check = "", gate = ""] = gateLines(own, peer).split("@INSTANCE@\n");
  return `${check}${text.replace(HERE, gate)}`;
}

export async function withPostgreSqlNodes(
  context: TestContext,
  use: (nodes: Nodes) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "baton-postgresql-nodes-"));
  chmodSync(folder, 0o755);
  const template = join(folder, "template");
  await preparePostgreSql(template);
  const servers = new Map<LabNode, PostgreSql>();
  try {
    await withLab(context, { profile: PROFILE, kinds: ["baton", "baton"] }, async (lab) => {
      const [first, second] = lab.nodes;
      assert.ok(first !== undefined && second !== undefined);
      await startServers(folder, [first, second], servers);
      for (const [node, other] of [
        [first, second],
        [second, first],
      ] as const) {
        const own = servers.get(node);
        assert.ok(own !== undefined);
        const { user, password } = GATE_ACCOUNT;
        const file = join(node.folder, "etc", CREDENTIALS);
        writeFileSync(file, `[client]\nuser = ${user}\npassword = ${password}\n`, { mode: 0o600 });
        node.configure(withGate(node.readFile("etc", "keepalived.conf") ?? "", own, other));
      }
      const owner = await lab.startDaemons();
      await use(nodesOf(lab, owner, servers));
    });
  } finally {
    for (const server of servers.values()) await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startServers(
  folder: string,
  [first, second]: readonly [LabNode, LabNode],
  servers: Map<LabNode, PostgreSql>,
): Promise<void> {
  for (const node of [first, second]) {
    const server = await PostgreSql.start({
      template: join(folder, "template"),
      folder: join(folder, node.name),
      address: "0.0.0.0",
      port: PORT,
      start: (argv, [, output]) => node.spawn(argv, typeof output === "number" ? output : "ignore"),
      ...(node === second && { follows: { host: first.address, port: PORT } }),
    });
    servers.set(node, server);
  }
  const app = await servers.get(first)?.connect(APP_ACCOUNT.user, APP_DATABASE);
  await app?.query("CREATE TABLE t(writer int, seq int, PRIMARY KEY (writer, seq))");
  await app?.end();
}

function nodesOf(lab: Lab, owner: LabNode, servers: ReadonlyMap<LabNode, PostgreSql>): Nodes {
  const peer = lab.nodes.find((one) => one !== owner);
  assert.ok(peer !== undefined);
  return {
    lab,
    owner,
    peer,
    serverOf: (node) => {
      const server = servers.get(node);
      assert.ok(server !== undefined);
      return server;
    },
    untilGate,
    write: (node) => new Writer(node),
  };
}

export const switchOn = async (node: LabNode): Promise<string> =>
  await outputOf(node, BATON, "switch");

const WRITER = join(import.meta.dirname, "postgresql-writer-main.ts");
let writers = 0;

export class Writer {
  readonly #child: ChildProcess;
  readonly #number: number;
  #out = "";

  constructor(node: LabNode) {
    writers += 1;
    this.#number = writers;
    const argv = [process.execPath, "--conditions=source", WRITER];
    this.#child = node.spawn([...argv, VIRTUAL_ADDRESS, String(writers)], "pipe");
    this.#child.stdout?.on("data", (more: Buffer) => {
      this.#out += more.toString();
    });
  }

  /** @returns what it saw, and what of it is not at that server */
  async end(server: PostgreSql): Promise<WriterReport & { readonly lost: readonly number[] }> {
    const closed = new Promise((resolve) => this.#child.once("close", resolve));
    this.#child.kill("SIGTERM");
    await closed;
    const report = JSON.parse(this.#out) as WriterReport;
    const app = await server.connect(APP_ACCOUNT.user, APP_DATABASE);
    const { rows } = await app.query<{ seq: number }>("SELECT seq FROM t WHERE writer = $1", [
      this.#number,
    ]);
    await app.end();
    const there = new Set(rows.map(({ seq }) => seq));
    return { ...report, lost: report.acknowledged.filter((seq) => !there.has(seq)) };
  }
}
