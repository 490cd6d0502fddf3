/**
 * A real PostgreSQL pair behind the gate's hand: a planned move loses nothing, and nobody is
 * promoted who would lose something unless a person says so.
 *
 * Needs: postgres
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { postgresql } from "#databases/postgresql/module";
import { dialCommands } from "#databases/postgresql/pg-client";
import { GATE_ACCOUNT } from "#lab/database/postgresql";
import { Secret } from "#units/secret";
import { down, english, soon, until } from "../support/gate-pair.ts";
import { CREDENTIALS, PostgreSqlWriters, withPostgreSqlPair } from "../support/postgresql-pair.ts";

test("planned moves under load, there and back, lose nothing", async () => {
  await withPostgreSqlPair({}, async ({ a, b, gateA, gateB }) => {
    const first = new PostgreSqlWriters(a);
    await first.start(4);
    await first.more(500);
    const demoted = await gateA.demote(down("switch", true));
    assert.ok(demoted.ok, JSON.stringify(demoted));
    await first.ended();
    assert.equal(first.errors.length, 4, "their connections were closed");
    await assert.rejects(a.query("CREATE TABLE late()"), /read-only transaction/);
    const promoted = await gateB.promote(soon("released"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    assert.deepEqual(await first.lostAt(b), []);
    const closed = await until(gateA, ({ needsRejoin }) => needsRejoin === true);
    assert.equal(closed.eligible, false);
    assert.deepEqual(await a.rejoin(b, { BATON_MARKED: "0" }), { status: 0, said: "" });
    const rejoined = await gateA.demote(down("rejoin", false));
    assert.ok(rejoined.ok, JSON.stringify(rejoined));
    await until(gateB, ({ isSynchronous }) => isSynchronous === true, [gateA]);
    await until(gateA, ({ eligible, follows }) => eligible && follows, [gateB]);
    const second = new PostgreSqlWriters(b);
    await second.start(4);
    await second.more(200);
    assert.ok((await gateB.demote(down("switch", true))).ok);
    const back = await gateA.promote(soon("released"));
    assert.ok(back.ok, JSON.stringify(back));
    await second.ended();
    assert.deepEqual([...(await first.lostAt(a)), ...(await second.lostAt(a))], []);
  });
});

test("a killed primary: the standby has all that was acknowledged", async () => {
  await withPostgreSqlPair({ more: { sync: "required" } }, async ({ a, b, gateA, gateB }) => {
    const writers = new PostgreSqlWriters(a);
    await writers.start(4);
    await writers.more(500);
    await a.kill();
    await writers.ended();
    const promoted = await gateB.promote(soon("master-down"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    assert.deepEqual(await writers.lostAt(b), []);
    await b.query("CREATE TABLE after()");
    // It comes back as the primary that it was: closed as soon as it answers.
    assert.equal((await gateA.demote(down("fault", false, 300))).ok, false);
    await a.restart();
    await until(gateA, ({ role, isWritable }) => role === "alone" && !isWritable);
    await assert.rejects(a.query("CREATE TABLE late()"), /read-only transaction/);
    assert.equal((await gateA.compare()).result, "diverged", "a crash leaves records of its own");
    const rejoined = await gateA.demote(down("rejoin", false));
    assert.equal(rejoined.ok ? "" : rejoined.code, "restart");
    // In its log there may be commits that nobody was answered: a person gives them up.
    await a.query(
      "BEGIN READ WRITE; SET LOCAL synchronous_commit = local; CREATE TABLE only_here(); COMMIT",
    );
    const kept = await a.rejoin(b, { BATON_MARKED: "1" });
    assert.equal(kept.status, 1);
    assert.match(kept.said, /^[1-9][0-9]* transactions were committed here behind the fork at 0\//);
    await a.query("SELECT FROM only_here");
    assert.deepEqual(await a.rejoin(b, { BATON_MARKED: "0" }), { status: 0, said: "" });
    const followed = await gateA.demote(down("rejoin", false));
    assert.ok(followed.ok, JSON.stringify(followed));
    await a.query("SELECT FROM after");
  });
});

test("a primary that lives is kept from writes from the other side first", async () => {
  await withPostgreSqlPair({}, async ({ a, b, gateB }) => {
    const writers = new PostgreSqlWriters(a);
    await writers.start(4);
    await writers.more(200);
    const promoted = await gateB.promote(soon("master-down"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    await writers.ended();
    await assert.rejects(a.query("CREATE TABLE late()"), /read-only transaction/);
    assert.deepEqual(await writers.lostAt(b), []);
  });
});

test("a primary that hangs: passed over, and closed as soon as it answers", async () => {
  await withPostgreSqlPair({ more: { sync: "required" } }, async ({ a, b, gateA, gateB }) => {
    const writers = new PostgreSqlWriters(a);
    await writers.start(4);
    await writers.more(200);
    a.signal("SIGSTOP");
    const begun = performance.now();
    const promoted = await gateB.promote(soon("released"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    assert.ok(performance.now() - begun < 3_000, "it has not waited for the hanging server");
    await b.query("CREATE TABLE after()");
    const refused = await gateA.demote(down("fault", false, 300));
    assert.equal(refused.ok, false, "a hanging server cannot be demoted");
    a.signal("SIGCONT");
    await until(gateA, ({ role, isWritable }) => role === "alone" && !isWritable);
    await writers.ended();
    assert.deepEqual(await writers.lostAt(b), [], "whoever was answered late has it there");
  });
});

test("sync required: not synchronous yet, a person decides; commits wait for a standby that left", async () => {
  await withPostgreSqlPair({ more: { sync: "required" } }, async ({ a, b, gateA, gateB }) => {
    await b.stop();
    const standing = await until(gateA, ({ isSynchronous }) => isSynchronous === false);
    assert.match(standing.notes?.map(({ en }) => en).join() ?? "", /commits wait until one does/);
    const commit = a.query("CREATE TABLE waits()").then(
      () => "done",
      () => "ended",
    );
    const early = new Promise((resolve) => {
      setTimeout(() => resolve("waits"), 300);
    });
    assert.equal(await Promise.race([commit, early]), "waits");
    await b.restart();
    assert.equal(await commit, "done");
    const fresh = await until(gateB, ({ eligible }) => eligible, [gateA]);
    assert.equal(fresh.isSynchronous, true);
    await a.query("ALTER SYSTEM SET synchronous_standby_names = 'somebody_else'");
    await a.query("SELECT pg_reload_conf()");
    const without = await until(gateB, ({ eligible }) => !eligible);
    assert.match(english(without), /sync required/);
    await a.kill();
    const refused = await gateB.promote(soon("master-down"));
    assert.equal(refused.ok ? "" : refused.code, "not-eligible");
    const accepted = await gateB.promote(soon("operator", true));
    assert.ok(accepted.ok, JSON.stringify(accepted));
  });
});

test("two that went apart, and two that were promoted apart: nobody is overruled", async () => {
  await withPostgreSqlPair({}, async ({ a, b, gateA, gateB }) => {
    // By hand, without Baton's mark, and with writes on both sides.
    await b.query("SELECT pg_promote()");
    await b.query("ALTER SYSTEM SET default_transaction_read_only = off");
    await b.query("SELECT pg_reload_conf()");
    await a.query("SET synchronous_commit = local");
    await a.query("CREATE TABLE here()");
    const compared = await gateA.compare();
    assert.equal(compared.result, "diverged");
    assert.match(
      compared.difference ?? "",
      /^here 1:[0-9A-F]+\/[0-9A-F]+, there 2:[0-9A-F]+\/[0-9A-F]+$/,
    );
    const kept = await gateB.promote(soon("master-down"));
    assert.equal(kept.ok, false);
    await a.query("CREATE TABLE still()");
  });
  await withPostgreSqlPair({}, async ({ a, b, gateA, gateB }) => {
    await a.kill();
    const first = await gateB.promote(soon("operator", true));
    assert.ok(first.ok, JSON.stringify(first));
    await b.kill();
    await a.restartAsStandby(b);
    const second = await gateA.promote(soon("operator", true));
    assert.ok(second.ok, JSON.stringify(second));
    await b.restart();
    const [one, other] = await Promise.all([gateA.compare(), gateB.compare()]);
    assert.deepEqual([one.result, other.result], ["diverged", "diverged"], "both are timeline 2");
  });
});

test("a demotion that the peer cannot follow is refused, and can be taken back", async () => {
  await withPostgreSqlPair({}, async ({ a, b, gateA }) => {
    b.signal("SIGSTOP");
    const unready = await gateA.demote(down("switch", true, 1_500));
    assert.equal(unready.ok, false);
    await a.query("SET synchronous_commit = local");
    await a.query("CREATE TABLE goes_on()");
    const refused = await gateA.demote(down("stop", true, 600));
    assert.equal(refused.ok, false);
    await assert.rejects(a.query("CREATE TABLE late()"), /read-only transaction/);
    const back = await gateA.promote(soon("taken-back"));
    assert.ok(back.ok, JSON.stringify(back));
    await a.query("SET synchronous_commit = local");
    await a.query("CREATE TABLE again()");
    b.signal("SIGCONT");
  });
});

test("sessions of superusers, prepared transactions and exempt roles are named", async () => {
  await withPostgreSqlPair(
    { settings: ["max_prepared_transactions=5"] },
    async ({ a, gateA, gateB }) => {
      await a.query("ALTER ROLE app SET default_transaction_read_only = off");
      await a.query("BEGIN; CREATE TABLE later(); PREPARE TRANSACTION 'p'");
      const standing = await until(gateA, ({ notes = [] }) => notes.length >= 2);
      const notes = standing.notes?.map(({ en }) => en).join("; ") ?? "";
      assert.match(notes, /1 prepared transactions/);
      assert.match(notes, /begin writable although the server is closed: app /);
      await a.query("ROLLBACK PREPARED 'p'");
      await a.query("BEGIN; CREATE TABLE open()");
      const refused = await gateA.demote(down("switch", true, 700));
      assert.equal(refused.ok ? "" : refused.code, "sessions");
      assert.match(refused.ok ? "" : refused.text.en, /sessions of postgres could not be ended/);
      await a.query("ROLLBACK");
      assert.ok((await gateA.demote(down("switch", true))).ok);
      assert.ok((await gateB.promote(soon("released"))).ok);
    },
  );
});

test("what an account lacks and settings that lose something are remarked, and what a help says mends it", async () => {
  await withPostgreSqlPair({}, async ({ a, b }) => {
    const at = { host: a.address, port: a.port };
    const survey = async (): Promise<readonly string[]> => {
      const ask = { sync: "required", peers: [b.address, "203.0.113.9"] } as const;
      const remarks = (await postgresql.survey?.(at, CREDENTIALS, ask, 2_000)) ?? [];
      return remarks.map((one) => (one.kind === "server" ? `${one.why.en}|${one.fix.en}` : ""));
    };
    const before = await survey();
    const lost = (remarks: readonly string[]): readonly string[] =>
      remarks.filter((one) => !before.includes(one));
    assert.ok(!before.some((one) => one.includes("lacks rights")), before.join("\n"));
    await a.query("REVOKE pg_signal_backend FROM baton");
    await a.query("REVOKE ALTER SYSTEM ON PARAMETER synchronous_standby_names FROM baton");
    await a.query("ALTER ROLE app SET synchronous_commit = off");
    const [rights = "", early = "", ...none] = lost(await survey());
    assert.deepEqual(none, []);
    assert.match(early, /^synchronous_commit is off or local for app:/);
    const [, statements = ""] = /as a superuser: (.*)$/.exec(rights) ?? [];
    assert.ok(statements.includes("GRANT pg_signal_backend") && !statements.includes("pg_monitor"));
    await a.query(statements);
    await a.query("ALTER ROLE app RESET synchronous_commit");
    assert.deepEqual(await survey(), before);
    // The view reads the file, whatever the server has loaded.
    const hba = join(a.configuration, "pg_hba.conf");
    const written = readFileSync(hba, "utf8");
    const others = written.split("\n").filter((line) => !line.includes("replication"));
    const only = "host replication repl 203.0.113.0 255.255.255.0 scram-sha-256";
    writeFileSync(hba, [...others, only, "host all all nonsense", ""].join("\n"));
    const [out = "", line = "", ...rest] = lost(await survey());
    writeFileSync(hba, written);
    assert.deepEqual(rest, []);
    assert.ok(out.startsWith(`no line of pg_hba.conf lets the standby at ${b.address} in`), out);
    assert.match(line, /^line \d+ of pg_hba\.conf cannot be read: /);
  });
});

test("checks and logins: an answer, a query, nobody there, a hanging server, a wrong password", async () => {
  await withPostgreSqlPair({}, async ({ a }) => {
    const at = { host: a.address, port: a.port };
    const check = postgresql.openCheck(at, CREDENTIALS);
    assert.deepEqual(await check.run(undefined, 1_000), { ok: true });
    assert.deepEqual(await check.run("SELECT NOT pg_is_in_recovery()", 1_000), { ok: true });
    assert.equal((await check.run("SELECT pg_is_in_recovery()", 1_000)).ok, false);
    assert.equal((await check.run("SELECT 1 WHERE false", 1_000)).ok, false);
    const failed = await check.run("SELECT nothing", 1_000);
    assert.match(
      failed.ok === true ? "" : failed.why.en,
      /answers with an error: column "nothing"/,
    );
    const wrong = { client: { user: GATE_ACCOUNT.user, password: new Secret("no") } };
    const other = postgresql.openCheck(at, wrong);
    const refused = await other.run(undefined, 1_000);
    assert.match(refused.ok === true ? "" : refused.why.en, /refuses Baton's login: password auth/);
    await assert.rejects(
      dialCommands({ host: a.address, port: 15_499 }, undefined, { connectMs: 200, loginMs: 500 }),
      /ECONNREFUSED/,
    );
    const local = postgresql.openCheck({ socket: a.socket }, CREDENTIALS);
    assert.deepEqual(await local.run(undefined, 1_000), { ok: true });
    a.signal("SIGSTOP");
    const hung = await check.run(undefined, 300);
    assert.match(hung.ok === true ? "" : hung.why.en, /accepts connections and does not answer/);
    a.signal("SIGCONT");
    for (const one of [check, other, local]) one.close();
  });
});
