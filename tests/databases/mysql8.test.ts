/** The statements of MySQL 8: their names changed twice, and the old ones are gone in 8.4. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MySqlDatabase } from "#databases/mysql/mysql";
import { noAnswer } from "#databases/mysql/texts";
import type { DatabaseSettings } from "#databases/port/database";
import { QueryCheck } from "#databases/port/query-check";
import { Secret } from "#units/secret";
import { fromSeconds } from "#units/time";
import { dialFakes, FakeMySql, UUID_A, UUID_B } from "../support/fake-mysql.ts";

const login = (user: string) => ({ user, password: new Secret(`${user}'s`) });
const CREDENTIALS = { client: login("baton"), replication: login("repl") };

const settings = (own: FakeMySql, peer: FakeMySql): DatabaseSettings => ({
  kind: "mysql",
  at: { host: "127.0.0.1", port: own.port },
  peers: [{ host: "10.0.0.2", port: peer.port }],
  maxLag: fromSeconds(5),
  sync: "preferred",
  rejoin: "auto",
  interval: fromSeconds(1),
  timeout: fromSeconds(1),
  promoteTimeout: fromSeconds(10),
  demoteTimeout: fromSeconds(5),
});

/** The first follows, the second is its primary. */
function pair(version = "8.4.2"): {
  readonly own: FakeMySql;
  readonly peer: FakeMySql;
  readonly gate: MySqlDatabase;
} {
  const own = new FakeMySql(3_306);
  const peer = new FakeMySql(3_307);
  for (const one of [own, peer]) {
    one.version = version;
    one.executed = `${UUID_A}:1-100`;
    one.semiSync(version < "8.0.26" ? ["master", "slave"] : undefined);
  }
  own.follow(`${UUID_A}:1-100`);
  peer.variables = { ...peer.variables, read_only: "OFF", super_read_only: "OFF" };
  const gate = new MySqlDatabase(settings(own, peer), CREDENTIALS, dialFakes([own, peer]));
  return { own, peer, gate };
}

const soon = () => Date.now() + 2_000;
const promote = { reason: "master-down", acceptLoss: false };

for (const [version, replica] of [
  ["8.0.19", "SLAVE"],
  ["8.0.36", "REPLICA"],
  ["8.4.2", "REPLICA"],
] as const) {
  test(`${version}: a promotion makes the primary read-only, applies, and takes writes`, async () => {
    const { own, peer, gate } = pair(version);
    own.executed = `${UUID_A}:1-90`;
    peer.sessions = [
      { Id: "7", User: "app", Command: "Query" },
      { Id: "8", User: "repl", Command: "Binlog Dump GTID" },
      { Id: "9", User: "baton", Command: "Sleep" },
      { Id: "5", User: "event_scheduler", Command: "Daemon" },
    ];
    assert.equal((await gate.look()).role, "replica");
    own.waitedFor = `${UUID_A}:1-100`;
    const answer = await gate.promote({ ...promote, deadline: soon() });
    assert.ok(answer.ok, JSON.stringify(answer));
    assert.deepEqual(peer.killed, ["7"]);
    assert.equal(peer.variables["super_read_only"], "ON");
    assert.equal(own.variables["super_read_only"], "OFF");
    assert.equal(own.variables["read_only"], "OFF");
    const own4 = own.statements.filter((one) => !one.startsWith("SELECT WAIT_FOR"));
    assert.deepEqual(own4.slice(0, 3), [
      `STOP ${replica} SQL_THREAD`,
      "SET GLOBAL super_read_only=0",
      "SET GLOBAL read_only=0",
    ]);
    assert.ok(
      own.statements.some((one) => one.startsWith("SELECT WAIT_FOR_EXECUTED_GTID_SET('GTID'")),
    );
    await gate.close();
  });
}

test("a demotion kills, sets super_read_only and waits for the peer", async () => {
  const { own, peer, gate } = pair();
  own.replica = undefined;
  own.variables = { ...own.variables, read_only: "OFF", super_read_only: "OFF" };
  own.variables["rpl_semi_sync_source_enabled"] = "ON";
  peer.variables = { ...peer.variables, read_only: "ON", super_read_only: "ON" };
  peer.follow(`${UUID_A}:1-100`);
  own.sessions = [{ Id: "11", User: "app", Command: "Sleep" }];
  const answer = await gate.demote({ reason: "switch", isPlanned: true, deadline: soon() });
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.deepEqual(own.killed, ["11"]);
  assert.deepEqual(own.statements, [
    "KILL 11",
    "SET GLOBAL super_read_only=1",
    "SET GLOBAL rpl_semi_sync_source_enabled=0",
  ]);
  assert.ok(peer.statements.some((one) => one.startsWith("SELECT WAIT_FOR_EXECUTED_GTID_SET")));
  await gate.close();
});

test("a former primary follows by the statements of its version", async () => {
  const { own, gate } = pair();
  own.replica = undefined;
  const answer = await gate.demote({ reason: "rejoin", isPlanned: false, deadline: soon() });
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.deepEqual(own.statements, [
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST='10.0.0.2', SOURCE_PORT=3307, SOURCE_USER='repl', " +
      "SOURCE_PASSWORD='repl''s', SOURCE_AUTO_POSITION=1, SOURCE_CONNECT_RETRY=1, " +
      "GET_SOURCE_PUBLIC_KEY=1",
    "START REPLICA",
  ]);
  await gate.close();
});

test("a former primary that has more than the new one is left alone, and says what", async () => {
  const { own, gate } = pair();
  own.replica = undefined;
  own.executed = `${UUID_A}:1-100,${UUID_B}:1-3`;
  const answer = await gate.demote({ reason: "rejoin", isPlanned: false, deadline: soon() });
  assert.equal(answer.ok ? "" : answer.code, "diverged");
  assert.match(answer.ok ? "" : answer.text.en, new RegExp(`${UUID_B}:1-3$`));
  assert.deepEqual(own.statements, []);
  await gate.close();
});

test("a primary that does not become read-only keeps its successor out", async () => {
  const { peer, own, gate } = pair();
  // An account that has lost its right.
  delete peer.variables["super_read_only"];
  const answer = await gate.promote({ ...promote, deadline: soon() });
  assert.equal(answer.ok ? "" : answer.code, "peer-still-primary");
  assert.equal(own.variables["super_read_only"], "ON");
  await gate.close();
});

test("a look that began before a promotion and ends after it says nothing", async () => {
  const { own, peer, gate } = pair();
  await gate.look();
  await gate.look();
  peer.isHung = true;
  const hung = Promise.withResolvers<void>();
  peer.next = hung.promise;
  const looking = gate.look();
  while (peer.next !== undefined) await new Promise(setImmediate);
  const answer = await gate.promote({ ...promote, reason: "released", deadline: soon() });
  assert.ok(answer.ok, JSON.stringify(answer));
  hung.resolve();
  await looking;
  assert.equal(gate.lostRole(), undefined);
  assert.ok(!own.statements.some((one) => one.startsWith("CHANGE")), "it follows nobody");
  assert.equal((await gate.look()).role, "primary");
  await gate.close();
});

test("where the peer is this very server nobody is promoted, unless a person says so", async () => {
  const own = new FakeMySql(3_306);
  own.variables = { ...own.variables, server_id: "1" };
  own.follow(`${UUID_A}:1-100`);
  const gate = new MySqlDatabase(settings(own, own), CREDENTIALS, dialFakes([own]));
  assert.equal((await gate.look()).eligible, false);
  const answer = await gate.promote({ ...promote, deadline: soon() });
  assert.equal(answer.ok ? "" : answer.code, "same-server");
  assert.equal(own.variables["super_read_only"], "ON");
  assert.deepEqual(await gate.compare(), { result: "unknown" });
  const accepted = await gate.promote({ ...promote, acceptLoss: true, deadline: soon() });
  assert.ok(accepted.ok, JSON.stringify(accepted));
  // What is taken back was promoted before.
  assert.ok(
    (await gate.demote({ reason: "switch", isPlanned: false, deadline: soon() })).ok === false,
  );
  await gate.close();
});

test("a password that the server repeats in its answer is shown to nobody", async () => {
  const { own, peer, gate } = pair();
  own.variables = { ...own.variables, super_read_only: "ON" };
  own.replica = undefined;
  own.refuses = {
    statement: /^CHANGE/,
    message: "String 'repl's' is too long for MASTER_PASSWORD",
  };
  own.executed = peer.executed;
  const standing = await gate.look().then(async () => await gate.look());
  const notes = standing.notes?.map(({ en }) => en).join("; ") ?? "";
  assert.match(notes, /CHANGE MASTER TO .* failed: its answer repeats the password/);
  assert.ok(!notes.includes("repl's"));
  await gate.close();
});

test("a promoted server that is read-only again has lost its role, until it is demoted", async () => {
  const { own, gate } = pair();
  assert.ok((await gate.promote({ ...promote, deadline: soon() })).ok);
  await gate.look();
  assert.equal(gate.lostRole(), undefined);
  // As its option file has it, after a restart.
  own.variables = { ...own.variables, read_only: "ON", super_read_only: "ON" };
  await gate.look();
  assert.match(gate.lostRole()?.en ?? "", /read-only now/);
  assert.ok((await gate.demote({ reason: "fault", isPlanned: false, deadline: soon() })).ok);
  assert.equal(gate.lostRole(), undefined);
  await gate.close();
});

test("a later ask ends the one before it", async () => {
  const { own, gate } = pair();
  const first = gate.promote({ ...promote, deadline: Date.now() + 60_000 });
  const second = gate.demote({ reason: "rival", isPlanned: false, deadline: soon() });
  const [promoted, demoted] = await Promise.all([first, second]);
  assert.equal(promoted.ok, false);
  assert.ok(demoted.ok, JSON.stringify(demoted));
  assert.equal(own.variables["super_read_only"], "ON");
  await gate.close();
});

test("a check by a query, and by any answer at all", async () => {
  const own = new FakeMySql(3_306);
  const check = new QueryCheck({ host: "h", port: 3_306 }, CREDENTIALS, dialFakes([own]), noAnswer);
  assert.deepEqual(await check.run("SHOW PROCESSLIST", 500), {
    ok: false,
    why: { en: "the query gave no row", "zh-CN": "查询没有返回任何行" },
  });
  own.sessions = [{ Id: "0" }];
  assert.equal((await check.run("SHOW PROCESSLIST", 500)).ok, false);
  own.sessions = [{ Id: "4" }];
  assert.equal((await check.run("SHOW PROCESSLIST", 500)).ok, true);
  own.isHung = true;
  const hung = await check.run(undefined, 500);
  assert.match(hung.ok === true ? "" : hung.why.en, /accepts connections and does not answer/);
  check.close();
});
