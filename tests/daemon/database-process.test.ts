/**
 * The process that talks to databases, from the supervisor's side: it answers, it is replaced when
 * it ends, and whoever asks is never left waiting.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DatabaseProcess } from "#daemon/database-process";
import type { Database, DatabaseSettings, Standing } from "#databases/port/database";
import { fromMillis, fromSeconds } from "#units/time";

const POLL_MS = 5;
const UNTIL_MS = 20_000;

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "baton-databases-"));
  // The process is nobody once it has read its credentials.
  chmodSync(folder, 0o755);
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const settingsAt = (socket: string, credentialsFile?: string): DatabaseSettings => ({
  kind: "mysql",
  at: { socket },
  peers: [],
  ...(credentialsFile === undefined ? {} : { credentialsFile }),
  maxLag: fromSeconds(5),
  sync: "off",
  rejoin: "auto",
  interval: fromMillis(50),
  timeout: fromMillis(500),
  promoteTimeout: fromSeconds(5),
  demoteTimeout: fromSeconds(5),
});

interface Bench {
  readonly databases: DatabaseProcess;
  open(settings: DatabaseSettings): Database;
  readonly logs: string[];
  until(isSo: (standing: Standing) => boolean): Promise<Standing>;
}

function start(context: TestContext, program?: readonly string[]): Bench {
  const logs: string[] = [];
  let last: Standing | undefined;
  const databases = new DatabaseProcess({
    log: Object.assign((_: unknown, line: string) => void logs.push(line), { dropped: () => 0 }),
    program,
  });
  context.after(() => databases.close());
  return {
    databases,
    logs,
    open: (settings) =>
      databases.openDatabase("VI_1", settings, (standing) => {
        last = standing;
      }),
    until: async (isSo) => {
      const end = performance.now() + UNTIL_MS;
      while (last === undefined || !isSo(last)) {
        if (performance.now() > end) throw new Error(`${JSON.stringify(last)} ${logs.join(" ")}`);
        await new Promise((resolve) => {
          setTimeout(resolve, POLL_MS);
        });
      }
      return last;
    },
  };
}

const says = (text: string) => (standing: Standing) =>
  standing.why.some(({ en }) => en.includes(text));
const soon = (): number => Date.now() + 2_000;

test("a database that is not there is reported, refused, and failed", async (context) => {
  const socket = join(folderFor(context), "none.sock");
  const bench = start(context);
  const target = { kind: "mysql", at: { socket } } as const;
  const database = bench.open(settingsAt(socket));
  bench.databases.setChecks([target]);
  await bench.until(says("does not answer (ENOENT"));
  const answer = await database.promote({
    reason: "master-down",
    acceptLoss: false,
    deadline: soon(),
  });
  assert.equal(answer.ok ? "" : answer.code, "unreachable");
  const demoted = await database.demote({ reason: "fault", isPlanned: false, deadline: soon() });
  assert.equal(demoted.ok ? "" : demoted.code, "unreachable");
  assert.deepEqual(await database.compare(), { result: "unknown" });
  assert.equal((await database.look()).role, "unreachable");
  const checked = await bench.databases.check(target, 500);
  assert.equal(checked.ok, false);
  assert.equal((await bench.databases.check({ ...target, query: "SELECT 0" }, 500)).ok, "unknown");
});

test("a process that is killed is started again; what was asked is refused at once", async (context) => {
  const socket = join(folderFor(context), "none.sock");
  const bench = start(context);
  const database = bench.open(settingsAt(socket));
  await bench.until(says("ENOENT"));
  const { pid = 0 } = bench.databases;
  process.kill(pid, "SIGSTOP");
  const deadline = Date.now() + 60_000;
  const asked = database.promote({ reason: "master-down", acceptLoss: false, deadline });
  process.kill(pid, "SIGKILL");
  const answer = await asked;
  assert.equal(answer.ok ? "" : answer.code, "gate-process-died");
  await bench.until(says("has ended and is started again"));
  await bench.until(says("ENOENT"));
  assert.notEqual(bench.databases.pid, pid);
  assert.match(bench.logs.join("\n"), /the process has ended \(SIGKILL\)/);
});

test("credentials that others can read are not used, and who configures again gets another process", async (context) => {
  const folder = folderFor(context);
  const file = join(folder, "db.cnf");
  writeFileSync(file, "[client]\nuser=baton\npassword=secret\n");
  chmodSync(file, 0o644);
  const bench = start(context);
  const settings = settingsAt(join(folder, "none.sock"), file);
  const database = bench.open(settings);
  const standing = await bench.until(says("can be read by others"));
  assert.ok(!JSON.stringify(standing).includes("secret"));
  const { pid } = bench.databases;
  bench.databases.setChecks([]);
  await Promise.resolve();
  assert.equal(bench.databases.pid, pid, "nothing has changed");
  chmodSync(file, 0o600);
  bench.databases.setChecks([]);
  await Promise.resolve();
  assert.notEqual(bench.databases.pid, pid);
  await bench.until(says("ENOENT"));
  await database.close();
  await Promise.resolve();
  assert.equal(bench.databases.pid, undefined);
});

test("a process that writes nonsense is killed and never believed", async (context) => {
  const bench = start(context, ["-e", "console.log('{'); setInterval(() => 0, 1e6)"]);
  const database = bench.open(settingsAt("/none"));
  await bench.until(says("has ended and is started again"));
  const deadline = Date.now() + 100;
  const answer = await database.demote({ reason: "fault", isPlanned: false, deadline });
  assert.equal(answer.ok, false);
});

test("without a database there is no process", async (context) => {
  const bench = start(context);
  bench.databases.setChecks([]);
  await Promise.resolve();
  assert.equal(bench.databases.pid, undefined);
});
