/**
 * The process that talks to databases, from the supervisor's side: it answers, it is replaced when
 * it ends, and whoever asks is never left waiting.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DatabaseProcess } from "#daemon/database-process";
import type { Answer, Database, DatabaseSettings, Standing } from "#databases/port/database";
import { fromMillis, fromSeconds } from "#units/time";

const POLL_MS = 5;
/** So long nothing here takes, on no machine. */
const LONG_MS = 60_000;
/** A process that has ended is started again after that time. */
const RESTART_MS = 100;

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
      const end = performance.now() + LONG_MS;
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
const soon = (): number => Date.now() + LONG_MS;

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
  const checked = await bench.databases.check(target, LONG_MS);
  assert.equal(checked.ok, false);
  assert.equal(
    (await bench.databases.check({ ...target, query: "SELECT 0" }, LONG_MS)).ok,
    "unknown",
  );
});

const asking = { reason: "master-down", acceptLoss: false } as const;
const codeOf = (answer: Answer): string => (answer.ok ? "" : answer.code);

test("a process that is killed is started again; a promotion is asked of the next one", async (context) => {
  const socket = join(folderFor(context), "none.sock");
  const bench = start(context);
  const database = bench.open(settingsAt(socket));
  await bench.until(says("ENOENT"));
  const { pid = 0 } = bench.databases;
  process.kill(pid, "SIGSTOP");
  const asked = database.promote({ ...asking, deadline: soon() });
  const looked = database.look();
  process.kill(pid, "SIGKILL");
  assert.match((await looked).why[0]?.en ?? "", /has ended and is started again/);
  assert.equal(codeOf(await asked), "unreachable", "an answer of the next process");
  assert.notEqual(bench.databases.pid, pid);
  assert.match(bench.logs.join("\n"), /the process has ended \(SIGKILL\)/);
});

test("a promotion that no process lives to answer is refused when its time is over, and one that was overtaken before", async (context) => {
  const bench = start(context, ["-e", "process.exit(1)"]);
  // The next process is started when the test says so.
  context.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const database = bench.open(settingsAt("/none"));
  while (bench.logs.length === 0) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  assert.equal(bench.databases.pid, undefined);
  const first = database.promote({ ...asking, deadline: soon() });
  const deadline = Date.now() + RESTART_MS - 1;
  const second = database.demote({ reason: "fault", isPlanned: false, deadline });
  await Promise.resolve();
  const settled: string[] = [];
  for (const [name, one] of [["first", first] as const, ["second", second] as const])
    void one.then(() => settled.push(name));
  context.mock.timers.tick(RESTART_MS - 2);
  await settle();
  assert.deepEqual(settled, []);
  context.mock.timers.tick(1);
  assert.equal(codeOf(await second), "gate-process-died");
  assert.deepEqual(settled, ["second"]);
  context.mock.timers.tick(1);
  assert.notEqual(bench.databases.pid, undefined);
  assert.equal(codeOf(await first), "gate-process-died");
});

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

test("a reload during a promotion waits for its end, unless the gate is gone", async (context) => {
  const folder = folderFor(context);
  // Answers what it is asked when the file is there.
  const go = join(folder, "go");
  const program = `
    const { existsSync } = require("node:fs");
    const ask = (line) => {
      const { type, id } = JSON.parse(line);
      if (type !== "ask") return;
      const timer = setInterval(() => {
        if (!existsSync(${JSON.stringify(go)})) return;
        clearInterval(timer);
        console.log(JSON.stringify({ type: "answer", id, answer: { ok: true } }));
      }, 5);
    };
    require("node:readline").createInterface({ input: process.stdin }).on("line", ask);`;
  const bench = start(context, ["-e", program]);
  const database = bench.open(settingsAt("/none"));
  await Promise.resolve();
  const { pid } = bench.databases;
  const promotion = database.promote({ ...asking, deadline: soon() });
  bench.databases.setChecks([{ kind: "mysql", at: { socket: "/none" } }]);
  await Promise.resolve();
  assert.equal(bench.databases.pid, pid, "it is not killed");
  writeFileSync(go, "");
  assert.deepEqual(await promotion, { ok: true });
  await Promise.resolve();
  assert.notEqual(bench.databases.pid, pid, "the next one has the new configuration");
  rmSync(go);
  const unwanted = database.promote({ ...asking, deadline: soon() });
  await database.close();
  assert.equal(codeOf(await unwanted), "gate-process-died");
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

test("a server with answers that a library does not survive is down, and the others are asked on", async (context) => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    // One answer more than was asked for, and that one is null.
    socket.on("data", () => void socket.write("$-1\r\n*-1\r\n"));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const bench = start(context);
  const redis = { kind: "redis", at: { host: "127.0.0.1", port } } as const;
  const mysql = { kind: "mysql", at: { socket: join(folderFor(context), "none.sock") } } as const;
  bench.databases.setChecks([redis, mysql]);
  await Promise.resolve();
  const { pid } = bench.databases;
  for (let run = 0; run < 3; run += 1) {
    const [first, second] = await Promise.all([
      bench.databases.check(redis, LONG_MS),
      bench.databases.check(mysql, LONG_MS),
    ]);
    assert.deepEqual([first.ok, second.ok], [false, false]);
  }
  assert.equal(bench.databases.pid, pid);
  assert.deepEqual(bench.logs, []);
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
