/** A gate beside the router: order, overtaking, late answers, who counts as a former primary. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { markPath, readMark, writeMark } from "#daemon/gate-mark";
import { fromMillis } from "#units/time";
import { makeFolder } from "../support/daemon-bench.ts";
import { GateBench, gatePlan, MYSQL, replica } from "../support/gate-bench.ts";

const NO_MASTER = {
  isBackup: true,
  master: undefined,
  isMasterDown: true,
  advertSecondsAgo: undefined,
} as const;
const HEARD = {
  ...NO_MASTER,
  isMasterDown: false,
  master: "192.0.2.2",
  advertSecondsAgo: 0.1,
} as const;

test("a promotion is on the disk before its script starts, and a planned demotion takes it back", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  const bench = new GateBench(context, {}, stateDir);
  assert.deepEqual(bench.take(), ["engine: true"]);
  const run = bench.ask("promote", "released");
  while (bench.programs.length === 0) {
    assert.ok(bench.said.length === 0);
    const isKept = existsSync(markPath(stateDir, "VI_1"));
    await bench.settle();
    assert.ok(isKept || bench.programs.length === 0 || existsSync(markPath(stateDir, "VI_1")));
  }
  const read = readMark(stateDir, "VI_1");
  assert.ok(read.kind === "read" && read.mark.wasPrimary);
  const { argv, environment } = bench.last;
  assert.deepEqual(argv, ["/etc/baton/promote", "INSTANCE", "VI_1", "MASTER", "100"]);
  assert.equal(environment["BATON_EPOCH"], String(read.mark.epoch));
  assert.equal(environment["BATON_REASON"], "released");
  assert.equal(environment["BATON_PEER"], "192.0.2.2");
  const leftMs = Number(environment["BATON_DEADLINE"]) * 1_000 - Date.now();
  assert.ok(leftMs > 0 && leftMs <= 10_000, `${leftMs}`);
  await bench.exit(0);
  assert.deepEqual(bench.take(), [`${run} done`]);
  assert.equal(bench.unit.isPrimary, true);

  const away = bench.ask("demote", "switch", { isPlanned: true });
  await bench.settle();
  assert.deepEqual(bench.last.argv.slice(1), ["INSTANCE", "VI_1", "BACKUP", "100"]);
  await bench.exit(0);
  assert.deepEqual(bench.take(), [`${away} done`]);
  await bench.unit.finish(0);
  const after = JSON.parse(readFileSync(markPath(stateDir, "VI_1"), "utf8"));
  assert.deepEqual([after.wasPrimary, after.epoch], [false, read.mark.epoch]);
  assert.equal(bench.unit.isEligible, true);
});

test("where the mark cannot be kept nothing is promoted", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  mkdirSync(stateDir, { mode: 0o700 });
  const bench = new GateBench(context, {}, stateDir);
  // It must not become a place for everybody.
  chmodSync(stateDir, 0o777);
  const run = bench.ask("promote", "master-down");
  await bench.settle();
  assert.deepEqual(bench.take(), ["engine: true", `${run} refused`]);
  assert.equal(bench.programs.length, 0);
  assert.match(
    bench.lines.at(-1) ?? "",
    /error: \(VI_1\) promotion .* failed.*recorded.*writable-by-others/,
  );
  assert.equal(bench.unit.isEligible, true, "nothing was promoted");
});

test("a demotion ends a promotion first, and nobody gets an answer to that one", async (context) => {
  const bench = new GateBench(context);
  bench.take();
  bench.ask("promote", "master-down");
  await bench.settle();
  const [promote] = bench.programs;
  bench.ask("demote", "fault");
  await bench.settle();
  assert.deepEqual(promote?.signals, ["SIGTERM"]);
  assert.equal(bench.programs.length, 1, "not before it is gone");
  context.mock.timers.tick(1_000);
  assert.deepEqual(promote?.signals, ["SIGTERM", "SIGKILL"]);
  promote?.exit(0);
  await bench.settle();
  assert.deepEqual(bench.last.argv, ["/etc/baton/demote", "INSTANCE", "VI_1", "FAULT", "100"]);
  await bench.exit(0);
  assert.deepEqual(bench.take(), ["not eligible", "2 done"]);
});

test("one that waited for its turn in vain records nothing, and the next one waits in its place", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  const bench = new GateBench(context, {}, stateDir);
  bench.ask("promote", "master-down");
  while (bench.programs.length === 0) await bench.settle();
  await bench.exit(0);
  bench.ask("demote", "switch", { isPlanned: true });
  await bench.settle();
  const [, demote] = bench.programs;
  bench.ask("promote", "taken-back");
  await bench.settle();
  assert.deepEqual(demote?.signals, ["SIGTERM"]);
  const away = bench.ask("demote", "stop", { isPlanned: true });
  await bench.settle();
  assert.equal(bench.programs.length, 2, "the first demotion is not gone yet");
  demote?.exit(1);
  await bench.settle();
  assert.equal(bench.programs.length, 3);
  assert.equal(bench.last.environment["BATON_REASON"], "stop");
  bench.take();
  await bench.exit(0);
  assert.deepEqual(bench.take(), [`${away} done`]);
  await bench.unit.finish(0);
  const { wasPrimary } = JSON.parse(readFileSync(markPath(stateDir, "VI_1"), "utf8"));
  assert.equal(wasPrimary, false, "it was demoted last");
});

test("one that the engine ends because its time is over is late, with what it said", async (context) => {
  const bench = new GateBench(context);
  const late = bench.ask("promote", "master-down", { timeoutMs: 50 });
  await bench.settle();
  bench.unit.cancel(late);
  await bench.settle();
  assert.deepEqual(bench.last.signals, ["SIGTERM"]);
  await bench.exit(0);
  const shown = (): readonly unknown[] => {
    const { kind, outcome, text } = bench.unit.status().last ?? {};
    return [kind, outcome, text?.en];
  };
  const why = ["promote", "late", "the promote script was not done in time, and was ended"];
  assert.deepEqual(shown(), why);
  bench.ask("demote", "refused");
  await bench.settle();
  await bench.exit(0);
  assert.deepEqual(shown(), why, "it was undone, and that is not the news");
});

test("a promotion that the router does not want any more is ended without an answer", async (context) => {
  const bench = new GateBench(context);
  bench.take();
  const run = bench.ask("promote", "master-down");
  await bench.settle();
  bench.unit.cancel(run + 1);
  assert.deepEqual(bench.last.signals, []);
  bench.unit.cancel(run);
  await bench.settle();
  assert.deepEqual(bench.last.signals, ["SIGTERM"]);
  await bench.exit(0);
  assert.deepEqual(bench.take(), ["not eligible"], "who knows how far it came");
  bench.ask("demote", "refused");
  await bench.settle();
  await bench.exit(0);
  assert.deepEqual(bench.take(), ["2 done", "eligible"]);
});

test("an engine that is gone gets no answer, and its successor none of its questions", async (context) => {
  const bench = new GateBench(context);
  bench.take();
  bench.ask("promote", "master-down");
  await bench.settle();
  bench.unit.engineGone();
  bench.unit.engineDied(100);
  await bench.settle();
  await bench.exit(0);
  assert.equal(bench.last.environment["BATON_REASON"], "engine-died");
  await bench.exit(0);
  assert.deepEqual(bench.take(), ["not eligible"]);
  bench.unit.engineDied(100);
  await bench.settle();
  assert.equal(bench.programs.length, 2, "it is no primary any more");
});

test("a script that fails or is late is a refusal, with what it said", async (context) => {
  const bench = new GateBench(context);
  bench.take();
  bench.ask("promote", "master-down");
  await bench.settle();
  await bench.exit(3);
  assert.deepEqual(bench.take(), ["1 refused", "not eligible"]);
  assert.equal(bench.unit.status().last?.text?.en, "the promote script failed: exit 3");
  bench.ask("demote", "refused");
  await bench.settle();
  context.mock.timers.tick(5_000);
  assert.deepEqual(bench.last.signals, ["SIGTERM"]);
  await bench.exit(0);
  assert.deepEqual(bench.take(), ["2 refused"]);
  assert.equal(bench.unit.status().last?.outcome, "late");
  assert.equal(bench.unit.counts.demote.timeout, 1);
});

test("a planned move that is taken back promotes again, though the demotion is not known to be undone", async (context) => {
  const bench = new GateBench(context);
  await bench.promote();
  bench.ask("demote", "switch", { isPlanned: true });
  await bench.settle();
  await bench.exit(1);
  bench.ask("promote", "taken-back");
  await bench.settle();
  await bench.exit(0);
  assert.deepEqual(bench.take(), ["engine: true", "1 done", "2 refused", "3 done"]);
  assert.equal(bench.unit.isPrimary, true);
});

test("after a planned demotion the other database is watched until it takes writes, and once only", async (context) => {
  const bench = new GateBench(context, { database: MYSQL, promote: undefined as never });
  bench.database.stands(replica());
  bench.ask("promote", "master-down");
  await bench.settle();
  bench.take();
  const { demote: _, ...script } = gatePlan({ database: MYSQL });
  bench.unit.configure(script);
  bench.database.standing = replica({
    peer: { role: "replica", isWritable: false, follows: true },
  });
  bench.ask("demote", "switch", { isPlanned: true });
  await bench.settle();
  assert.deepEqual(bench.take(), ["2 done"]);
  context.mock.timers.tick(50);
  await bench.settle();
  assert.deepEqual(bench.take(), []);
  bench.database.standing = replica({
    peer: { role: "primary", isWritable: true, follows: false },
  });
  context.mock.timers.tick(50);
  await bench.settle();
  context.mock.timers.tick(500);
  await bench.settle();
  assert.deepEqual(bench.take(), ["successor serves"]);
  bench.ask("promote", "taken-back");
  await bench.settle();
  bench.ask("demote", "fault");
  await bench.settle();
  context.mock.timers.tick(500);
  await bench.settle();
  assert.equal(bench.said.includes("successor serves"), false, "one that is not planned");
});

test("a stop goes on without a demotion that fails, and the next daemon knows of it", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  const bench = new GateBench(context, {}, stateDir);
  bench.ask("promote", "master-down");
  while (bench.programs.length === 0) await bench.settle();
  await bench.exit(0);
  bench.ask("demote", "stop", { isPlanned: true });
  await bench.settle();
  assert.equal(bench.last.argv[3], "STOP");
  await bench.exit(1);
  await bench.unit.finish(0);
  context.mock.timers.reset();
  const next = new GateBench(context, {}, stateDir);
  assert.deepEqual(next.take(), ["engine: false"]);
  assert.match(next.unit.why[0]?.en ?? "", /was not demoted before the daemon ended/);
  const run = next.ask("promote", "master-down");
  await next.settle();
  assert.deepEqual(next.take(), [`${run} refused`]);
  assert.equal(next.programs.length, 0);
});

test("a former primary shows that it follows by a demotion with the new owner as its peer", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  assert.equal(
    await writeMark(stateDir, "VI_1", { epoch: 5, wasPrimary: true, since: "" }),
    undefined,
  );
  const bench = new GateBench(context, {}, stateDir);
  assert.deepEqual(bench.take(), ["engine: false"]);
  bench.heard = NO_MASTER;
  for (let second = 0; second < 10; second++) {
    context.mock.timers.tick(1_000);
    await bench.settle();
  }
  assert.equal(bench.programs.length, 0, "there is nobody to follow, and nothing shows what was");
  bench.heard = HEARD;
  context.mock.timers.tick(30_000);
  await bench.settle();
  const { argv, environment } = bench.last;
  assert.deepEqual(argv.slice(0, 4), ["/etc/baton/demote", "INSTANCE", "VI_1", "BACKUP"]);
  assert.equal(environment["BATON_REASON"], "rejoin");
  assert.equal(environment["BATON_PEER"], "192.0.2.2");
  await bench.exit(1);
  assert.equal(bench.unit.isEligible, false);
  context.mock.timers.tick(30_000);
  await bench.settle();
  assert.equal(bench.programs.length, 2);
  await bench.exit(0);
  assert.deepEqual(bench.take(), ["eligible"]);
  await bench.unit.finish(0);
  const read = readMark(stateDir, "VI_1");
  assert.ok(read.kind === "read" && !read.mark.wasPrimary);
});

test("who failed, was demoted and hears nobody else afterwards may go on", async (context) => {
  const bench = new GateBench(context);
  await bench.promote();
  bench.take();
  bench.ask("demote", "fault");
  await bench.settle();
  await bench.exit(1);
  assert.deepEqual(bench.take(), ["2 refused", "not eligible"]);
  bench.heard = NO_MASTER;
  context.mock.timers.tick(1_000);
  await bench.settle();
  assert.equal(bench.last.environment["BATON_REASON"], "fault", "the demotion is still owed");
  assert.equal(bench.last.environment["BATON_PEER"], "");
  await bench.exit(0);
  assert.deepEqual(bench.take(), []);
  context.mock.timers.tick(1_000);
  await bench.settle();
  assert.deepEqual(bench.take(), ["eligible"]);
  const proved = bench.events.find(({ kind, data }) => kind === "gate" && data.what === "proved");
  assert.match(proved?.text.en ?? "", /nobody else has become master/);
});

test("after a link fault hearing no master shows nothing, and after a stall as little", async (context) => {
  for (const reason of ["fault", "stalled"]) {
    const bench = new GateBench(context);
    await bench.promote();
    bench.ask("demote", reason);
    bench.unit.couldNotHear();
    await bench.settle();
    await bench.exit(0);
    bench.take();
    bench.heard = NO_MASTER;
    for (let second = 0; second < 60; second++) {
      context.mock.timers.tick(1_000);
      await bench.settle();
    }
    assert.deepEqual(bench.take(), [], reason);
    assert.equal(bench.unit.isEligible, false, reason);
    context.mock.timers.reset();
  }
});

test("an operator who accepts the loss makes it eligible for one promotion, or for a minute", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  await writeMark(stateDir, "VI_1", { epoch: 5, wasPrimary: true, since: "" });
  const bench = new GateBench(context, { database: MYSQL }, stateDir);
  bench.take();
  bench.unit.accept();
  assert.deepEqual(bench.take(), ["eligible"]);
  bench.ask("promote", "operator");
  while (bench.programs.length === 0) await bench.settle();
  assert.deepEqual(bench.database.asked, ["promote operator accept-loss"]);
  await bench.exit(0);
  assert.deepEqual(bench.take(), ["1 done"]);
  assert.equal(bench.unit.status().marked, false);
  assert.deepEqual(bench.unit.why, []);
});

test("with a database its standing decides, and a script stands behind its promotion", async (context) => {
  const bench = new GateBench(context, { database: MYSQL });
  assert.deepEqual(bench.take(), ["engine: undefined"]);
  assert.match(bench.unit.why[0]?.en ?? "", /not been looked at/);
  bench.database.stands(replica());
  const lag = { en: "the replica is 4 s behind", "zh-CN": "复制延迟 4 秒" };
  bench.database.stands(replica({ eligible: false, why: [lag], lagMicros: 4_000_000 }));
  bench.database.stands(replica({ eligible: false, why: [lag], lagMicros: 5_000_000 }));
  assert.deepEqual(bench.take(), ["eligible", "not eligible"]);
  assert.deepEqual(bench.unit.why, [lag]);
  context.mock.timers.tick(3_000);
  assert.match(
    bench.lines.at(-1) ?? "",
    /warning: \(VI_1\) may not be promoted: the replica is 4 s/,
  );
  bench.database.stands(replica());
  const refusal = { en: "the peer is still primary", "zh-CN": "对端仍是主库" };
  bench.database.answer = async () =>
    await Promise.resolve({ ok: false, code: "peer-still-primary", text: refusal });
  bench.ask("promote", "master-down");
  await bench.settle();
  assert.deepEqual(bench.take(), ["eligible", "1 refused", "not eligible"]);
  assert.equal(bench.programs.length, 0, "its script does not run for a database that refused");
  bench.ask("demote", "refused");
  await bench.settle();
  await bench.exit(0);
  assert.deepEqual(bench.database.asked, ["promote master-down", "demote refused 192.0.2.2"]);
});

test("a database that does not answer is late, and a demotion does not wait for it", async (context) => {
  const bench = new GateBench(context, { database: MYSQL, demote: undefined as never });
  bench.database.stands(replica());
  bench.take();
  const never = Promise.withResolvers<{ ok: true }>();
  bench.database.answer = async () => await never.promise;
  bench.ask("promote", "master-down");
  await bench.settle();
  context.mock.timers.tick(10_000);
  await bench.settle();
  assert.deepEqual(bench.take(), ["1 refused", "not eligible"]);
  bench.ask("promote", "master-down", { reason: "taken-back" });
  await bench.settle();
  bench.database.answer = async () => await Promise.resolve({ ok: true });
  bench.ask("demote", "fault");
  await bench.settle();
  assert.deepEqual(bench.take(), ["3 done"]);
  assert.equal(bench.database.asked.at(-1), "demote fault 192.0.2.2");
});

test("an unplanned demotion goes on with the database when its script fails", async (context) => {
  const bench = new GateBench(context, { database: MYSQL });
  bench.database.stands(replica());
  await bench.promote();
  bench.ask("demote", "fault");
  await bench.settle();
  await bench.exit(1);
  assert.equal(bench.database.asked.at(-1), "demote fault 192.0.2.2");
  assert.equal(bench.said.includes("2 refused"), true);
  context.mock.timers.reset();
  const planned = new GateBench(context, { database: MYSQL });
  planned.database.stands(replica());
  await planned.promote();
  planned.ask("demote", "switch", { isPlanned: true });
  await planned.settle();
  await planned.exit(1);
  assert.deepEqual(planned.database.asked, ["promote master-down"]);
});

test("a replica that follows is no former primary any more", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  await writeMark(stateDir, "VI_1", { epoch: 5, wasPrimary: true, since: "" });
  const bench = new GateBench(context, { database: MYSQL, demote: undefined as never }, stateDir);
  assert.deepEqual(bench.take(), ["engine: false"]);
  bench.database.stands(replica({ role: "primary", isWritable: true, follows: false }));
  assert.deepEqual(bench.take(), []);
  bench.database.stands(replica());
  assert.deepEqual(bench.take(), ["eligible"]);
});

test("a former primary is reported after a restart, and tried at once when its server is back", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  await writeMark(stateDir, "VI_1", { epoch: 5, wasPrimary: true, since: "" });
  const bench = new GateBench(context, { database: MYSQL }, stateDir);
  const away = replica({ role: "unreachable", follows: false, eligible: false });
  bench.database.stands(away);
  context.mock.timers.tick(3_000);
  const news = bench.lines.filter((line) => line.includes("may not be promoted"));
  assert.equal(news.length, 1, "said once, though the engine knew it from the start");
  bench.heard = { ...NO_MASTER, isBackup: false };
  for (let attempt = 0; attempt < 8; attempt++) {
    context.mock.timers.tick(30_000);
    await bench.settle();
  }
  bench.heard = HEARD;
  bench.database.stands(replica({ role: "alone", follows: false, eligible: false }));
  assert.deepEqual(bench.database.asked, []);
  context.mock.timers.tick(250);
  await bench.settle();
  await bench.exit(0);
  assert.deepEqual(bench.database.asked, ["demote rejoin 192.0.2.2"]);
});

test("what a planned move would be refused for is known before, and said after", async (context) => {
  const bench = new GateBench(context, { database: MYSQL, demote: undefined as never });
  const { unit, database } = bench;
  const primary = replica({ role: "primary", isWritable: true, follows: false });
  database.standing = { ...primary, peer: replica() };
  assert.equal(await unit.obstacle(), undefined);
  database.standing = { ...primary, peer: replica({ follows: false }) };
  assert.match((await unit.obstacle())?.en ?? "", /does not follow this one/);
  database.standing = { ...primary, peer: replica({ role: "unreachable", follows: false }) };
  assert.match((await unit.obstacle())?.["zh-CN"] ?? "", /访问不到/);
  const text = { en: "its SQL thread is stopped", "zh-CN": "其 SQL 线程已停止" };
  database.answer = async () => await Promise.resolve({ ok: false, code: "not-ready", text });
  bench.ask("demote", "switch", { isPlanned: true });
  await bench.settle();
  bench.ask("promote", "taken-back");
  await bench.settle();
  assert.deepEqual(unit.refusal, text, "kept for the answer, whatever came after it");
  database.answer = async () => await Promise.resolve({ ok: true });
  bench.ask("demote", "switch", { isPlanned: true });
  await bench.settle();
  assert.equal(unit.refusal, undefined);
  assert.equal(unit.demotes, true);
});

test("a gate with nothing to promote or demote is done at once, and marks nothing", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  const bench = new GateBench(
    context,
    { promote: undefined as never, demote: undefined as never },
    stateDir,
  );
  bench.take();
  bench.ask("promote", "master-down");
  while (bench.said.length === 0) await bench.settle();
  bench.ask("demote", "fault");
  await bench.settle();
  assert.deepEqual(bench.take(), ["1 done", "2 done"]);
  assert.equal(bench.unit.isEligible, true);
  const read = readMark(stateDir, "VI_1");
  assert.ok(read.kind === "read" && !read.mark.wasPrimary);
});

test("what is tried again and again is said once", async (context) => {
  const stateDir = join(makeFolder(context).path, "state");
  await writeMark(stateDir, "VI_1", { epoch: 5, wasPrimary: true, since: "" });
  const bench = new GateBench(context, {}, stateDir);
  bench.heard = HEARD;
  for (let attempt = 0; attempt < 4; attempt++) {
    context.mock.timers.tick(30_000);
    await bench.settle();
    await bench.exit(1);
  }
  assert.equal(bench.programs.length, 4);
  const said = bench.lines.filter((line) => line.includes("rejoin"));
  assert.equal(said.length, 1, said.join("\n"));
});

test("a primary that is read-only though nobody else takes writes is promoted again", async (context) => {
  const bench = new GateBench(context, { database: MYSQL, promote: undefined as never });
  bench.database.stands(replica());
  bench.ask("promote", "master-down");
  await bench.settle();
  bench.take();
  const primary = replica({ role: "primary", isWritable: true, follows: false });
  const two = replica({ ...primary, isWritable: false, peer: primary });
  bench.database.stands(two);
  bench.database.standing = two;
  context.mock.timers.tick(5_000);
  await bench.settle();
  assert.equal(bench.database.asked.length, 1, "the other one takes writes");
  bench.database.standing = replica({ ...primary, isWritable: false });
  bench.database.stands(bench.database.standing);
  context.mock.timers.tick(1_000);
  await bench.settle();
  assert.deepEqual(bench.database.asked, ["promote master-down", "promote taken-back"]);
  assert.deepEqual(bench.take(), [], "the router waits for none of it");
  assert.equal(bench.unit.isPrimary, true);
});

test("a former primary that only a program makes follow: it is run, and only where it is needed", async (context) => {
  const rejoin = {
    command: { argv: ["/etc/baton/rejoin"], user: undefined, timeout: undefined },
    timeout: fromMillis(300_000),
  };
  const database = { ...MYSQL, kind: "postgresql" } as const;
  const bench = new GateBench(context, { database, rejoin });
  const closed = replica({ role: "alone", follows: false, eligible: false });
  bench.heard = HEARD;
  bench.database.stands(closed);
  context.mock.timers.tick(30_000);
  await bench.settle();
  assert.deepEqual(bench.programs, [], "it is not marked, and could follow as it is");
  bench.database.stands({ ...closed, needsRejoin: true });
  context.mock.timers.tick(250);
  await bench.settle();
  assert.deepEqual(bench.last.argv.slice(0, 2), ["/etc/baton/rejoin", "INSTANCE"]);
  const { BATON_MARKED, BATON_REASON, BATON_PEER } = bench.last.environment;
  assert.deepEqual([BATON_MARKED, BATON_REASON, BATON_PEER], ["0", "rejoin", "192.0.2.2"]);
  context.mock.timers.tick(299_000);
  assert.deepEqual(bench.last.signals, [], "it has its own time-out");
  bench.database.standing = replica();
  await bench.exit(0);
  assert.deepEqual(bench.database.asked, ["demote rejoin 192.0.2.2"]);
  context.mock.timers.tick(60_000);
  await bench.settle();
  assert.equal(bench.programs.length, 1, "it follows");
});

test("rejoin manual: the program is not run, whatever the database needs", async (context) => {
  const rejoin = {
    command: { argv: ["/etc/baton/rejoin"], user: undefined, timeout: undefined },
    timeout: fromMillis(300_000),
  };
  const database = { ...MYSQL, rejoin: "manual" } as const;
  const bench = new GateBench(context, { database, rejoin });
  bench.heard = HEARD;
  bench.database.stands(
    replica({ role: "alone", follows: false, eligible: false, needsRejoin: true }),
  );
  context.mock.timers.tick(60_000);
  await bench.settle();
  assert.deepEqual(bench.programs, []);
});
