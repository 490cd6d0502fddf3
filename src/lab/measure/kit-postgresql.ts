/**
 * A pair of PostgreSQL servers as examples/postgresql sets them up, without its `rejoin` program:
 * a former primary stays as it is.
 */
import { chmodSync, chownSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { rowKey } from "../database/ledger.ts";
import {
  APP_ACCOUNT,
  APP_DATABASE,
  GATE_ACCOUNT,
  PostgreSql,
  preparePostgreSql,
} from "../database/postgresql.ts";
import { NUMBER_SETTING } from "../database/postgresql-session.ts";
import { scratchFolder } from "../sandbox/sandbox.ts";
import {
  type DatabaseNode,
  printGuide,
  readExampleFile,
  withNode,
  writeNodeFile,
} from "./database-config.ts";
import { controlsOf, type DatabaseKit, type LabServer, type Member } from "./database-kit.ts";
import { SLOWLY } from "./database-scripts.ts";

const PORT = 5_432;
/** The server refuses to run as root. */
const NOBODY = 65_534;
const POLL_MILLISECONDS = 10;

const templateIn = (folder: string): string => join(folder, "template");

/** The example's settings of a server. */
export const postgresqlSettings = (): readonly string[] =>
  readExampleFile("postgresql/postgresql.conf")
    .split("\n")
    .map((line) => /^(\w+) = '?([^']*)'?$/.exec(line))
    .filter((match) => match !== null)
    .map(([, key = "", value = ""]) => `${key}=${value}`);

const labServer = (server: PostgreSql): LabServer => ({
  ...controlsOf(server),

  rows: async () => {
    const client = await server.connect(APP_ACCOUNT.user, APP_DATABASE);
    try {
      const { rows } = await client.query<{ readonly writer: number; readonly seq: number }>(
        "SELECT writer, seq FROM ledger",
      );
      return new Set(rows.map(({ writer, seq }) => rowKey(writer, seq)));
    } finally {
      await client.end();
    }
  },

  isFollowing: async () => {
    const rows = await server.query("SELECT FROM pg_stat_wal_receiver WHERE status='streaming'");
    return rows.length > 0;
  },
});

/** The servers' user may enter the folder, and no more. */
function open(folder: string): void {
  for (let path = folder; path.startsWith(scratchFolder()); path = dirname(path)) {
    chmodSync(path, statSync(path).mode | 0o011);
  }
}

async function start(folder: string, member: Member, primary?: Member): Promise<PostgreSql> {
  const { runFolder, number, address } = member;
  chownSync(runFolder, NOBODY, NOBODY);
  open(runFolder);
  mkdirSync(member.folder, { recursive: true });
  return await PostgreSql.start({
    template: templateIn(folder),
    folder: member.folder,
    address,
    port: PORT,
    socketFolder: runFolder,
    settings: [...postgresqlSettings(), `${NUMBER_SETTING}=${number}`],
    start: member.start,
    ...(primary !== undefined && { follows: { host: primary.address, port: PORT } }),
  });
}

const PSQL = "psql -h /run/postgresql -U postgres -d postgres -XAtqc";

/** Guides promote, and leave the former primary to a person. */
function writeGuide(node: DatabaseNode): string {
  const promote = `#!/bin/sh\n${SLOWLY}\nexec ${PSQL} 'SELECT pg_promote()'\n`;
  writeNodeFile(node, "promote.sh", promote, 0o755);
  writeNodeFile(node, "demote.sh", "#!/bin/sh\nexit 0\n", 0o755);
  return printGuide(node, "postgresql", `#!/bin/sh\nexec ${PSQL} 'SELECT 1' >/dev/null\n`);
}

function writeGate(node: DatabaseNode): string {
  const { user, password } = GATE_ACCOUNT;
  const credentials = `[client]\nuser = ${user}\npassword = ${password}\n`;
  writeNodeFile(node, "postgresql.cnf", credentials, 0o600);
  const example = readExampleFile(`postgresql/node-${node.name}.conf`);
  const alone = example.replace(/^ +rejoin ".*\n/m, "").replace("rejoin auto", "rejoin manual");
  return withNode(alone, node);
}

export const postgresqlKit: DatabaseKit = {
  name: "postgresql",
  port: PORT,
  run: "postgresql",
  rejoins: false,
  load: { kind: "postgresql", ...APP_ACCOUNT, database: APP_DATABASE },

  prepare: async (folder) => {
    open(folder);
    await preparePostgreSql(templateIn(folder));
  },

  startPair: async (folder, [first, second]) => {
    const primary = await start(folder, first);
    const client = await primary.connect(APP_ACCOUNT.user, APP_DATABASE);
    await client.query("CREATE TABLE ledger (writer int, seq int, PRIMARY KEY (writer, seq))");
    await client.end();
    const servers = [labServer(primary), labServer(await start(folder, second, first))] as const;
    while (!(await servers[1].isFollowing())) {
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MILLISECONDS);
      });
    }
    return servers;
  },

  configure: (node, gate) => {
    if (gate === "scripts") throw new Error("--gate scripts: with MariaDB only");
    return gate === "builtin" ? writeGate(node) : writeGuide(node);
  },
};
