/**
 * A real MariaDB pair behind the gate's hand: nothing that was acknowledged is lost, and nobody is
 * promoted who may lack something.
 *
 * Needs: mariadbd
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readFacts } from "#databases/mysql/facts";
import { MySqlDatabase } from "#databases/mysql/mysql";
import { dialMySql } from "#databases/mysql/mysql-client";
import { privilegedAccounts } from "#databases/mysql/privileged";
import { Link } from "#databases/port/link";
import { fromMillis } from "#units/time";
import { CREDENTIALS, settingsFor, withPair } from "../support/database-pair.ts";
import { Writers } from "../support/database-writer.ts";
import { english, inSeconds, soon, until } from "../support/gate-pair.ts";

test("a planned move under load loses nothing, and the old primary follows", async () => {
  await withPair({}, async ({ a, b, gateA, gateB }) => {
    const writers = new Writers(a);
    await writers.start(4);
    await writers.until(200);
    const demoted = await gateA.demote({
      reason: "switch",
      isPlanned: true,
      deadline: inSeconds(5),
    });
    assert.deepEqual([demoted.ok, (await a.query("SELECT @@read_only AS r"))[0]?.["r"]], [true, 1]);
    await writers.ended();
    assert.equal(writers.errors.length, 4, "their sessions were killed");
    const promoted = await gateB.promote(soon("released"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    assert.deepEqual(await writers.lostAt(b), []);
    await until(gateA, ({ follows }) => follows, [gateB]);
    await until(gateB, ({ isSynchronous }) => isSynchronous === true, [gateA]);
    await until(gateA, ({ eligible }) => eligible, [gateB]);
    // What it received from is forgotten, so a restart does not receive again.
    await until(gateB, ({ notes = [] }) => !notes.some(({ en }) => en.includes("RESET")));
    assert.deepEqual(await b.query("SHOW SLAVE STATUS"), []);
  });
});

test("a killed primary: promoted at once with all that was acknowledged; it follows later", async () => {
  await withPair({}, async ({ a, b, gateA, gateB }) => {
    const writers = new Writers(a);
    await writers.start(4);
    await writers.until(200);
    await gateB.look();
    await a.kill();
    const promoted = await gateB.promote(soon("master-down"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    await writers.ended();
    assert.deepEqual(await writers.lostAt(b), []);
    await b.query("INSERT INTO app.t VALUES ()");
    await a.restart();
    const rejoined = await gateA.demote({
      reason: "rejoin",
      isPlanned: false,
      deadline: inSeconds(5),
    });
    assert.ok(rejoined.ok, JSON.stringify(rejoined));
  });
});

test("a replica that was started before the daemon follows again; one that a person stopped does not", async () => {
  await withPair({}, async ({ a, b, gateA, gateB }) => {
    await gateB.close();
    await b.kill();
    await b.restart();
    const open = (): MySqlDatabase => new MySqlDatabase(settingsFor(b, a), CREDENTIALS, dialMySql);
    const afterReboot = open();
    try {
      await until(afterReboot, ({ eligible }) => eligible, [gateA]);
    } finally {
      await afterReboot.close();
    }
    await b.query("STOP SLAVE");
    const afterRestart = open();
    try {
      for (let looks = 0; looks < 3; looks++) {
        const { follows, why } = await afterRestart.look();
        assert.equal(follows, false, "it was stopped on purpose");
        assert.match(why.map(({ en }) => en).join(), /SQL thread is stopped/);
      }
    } finally {
      await afterRestart.close();
    }
  });
});

test("a primary that lives is made read-only from the other side first", async () => {
  await withPair({}, async ({ a, b, gateB }) => {
    const writers = new Writers(a);
    await writers.start(2);
    await writers.until(50);
    const promoted = await gateB.promote(soon("master-down"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    await writers.ended();
    assert.equal((await a.query("SELECT @@read_only AS r"))[0]?.["r"], 1);
    assert.deepEqual(await writers.lostAt(b), []);
  });
});

test("a primary that hangs is passed over while nothing can have been acknowledged alone", async () => {
  await withPair({}, async ({ a, b, gateA, gateB }) => {
    const writers = new Writers(a);
    await writers.start(2);
    await writers.until(50);
    await gateB.look();
    a.signal("SIGSTOP");
    const begun = performance.now();
    const promoted = await gateB.promote(soon("released"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    assert.ok(performance.now() - begun < 3_000, "it has not waited for the hanging server");
    assert.deepEqual(await writers.lostAt(b), []);
    const refused = await gateA.demote({
      reason: "fault",
      isPlanned: false,
      deadline: Date.now() + 300,
    });
    assert.equal(refused.ok, false, "a hanging server cannot be demoted");
    a.signal("SIGCONT");
    await until(gateA, ({ isWritable, role }) => role !== "unreachable" && !isWritable);
    assert.equal((await a.query("SELECT @@read_only AS r"))[0]?.["r"], 1, "done when it answered");
    writers.destroy();
  });
});

test("sync required: a primary that may have acknowledged alone keeps its replica out", async () => {
  await withPair({ semiSyncMs: 300 }, async ({ a, b, gateB }) => {
    await b.query("STOP SLAVE IO_THREAD");
    const standing = await until(gateB, ({ eligible }) => !eligible);
    assert.match(english(standing), /IO thread is stopped/);
    await a.query("INSERT INTO app.t VALUES ()");
    await until(gateB, (one) => english(one).includes("sync required"));
    for (const [name, right] of [
      ["may_write", "READ_ONLY ADMIN"],
      ["may_not", "CONNECTION ADMIN"],
    ]) {
      await a.query(`CREATE USER ${name}@'%' IDENTIFIED BY 'x'`);
      await a.query(`GRANT ${right} ON *.* TO ${name}@'%'`);
    }
    const link = new Link({ socket: a.socket }, CREDENTIALS.client, dialMySql);
    const facts = await link.use(1_000, readFacts);
    assert.deepEqual(await privilegedAccounts(link, facts, 1_000), [
      "may_write@%",
      "root@localhost",
    ]);
    link.close();
    await a.kill();
    const refused = await gateB.promote(soon("master-down"));
    assert.equal(refused.ok, false);
    assert.equal((await b.query("SELECT @@read_only AS r"))[0]?.["r"], 1);
    const accepted = await gateB.promote(soon("operator", true));
    assert.ok(accepted.ok, JSON.stringify(accepted));
  });
});

test("out of reach for longer than the semi-synchronous time-out: refused", async () => {
  await withPair({ semiSyncMs: 1_000 }, async ({ a, gateB }) => {
    await a.kill();
    const standing = await until(gateB, ({ eligible }) => !eligible);
    assert.match(english(standing), /^sync required: /);
    const refused = await gateB.promote(soon("master-down"));
    assert.equal(refused.ok ? "" : refused.code, "not-eligible");
  });
});

test("a replica that lags, and one with transactions of its own, are not eligible", async () => {
  const more = { sync: "off", maxLag: fromMillis(500) } as const;
  await withPair({ more }, async ({ a, b, gateB }) => {
    await b.query("STOP SLAVE");
    await b.query("CHANGE MASTER TO MASTER_DELAY=60");
    await b.query("START SLAVE");
    await a.query("INSERT INTO app.t VALUES ()");
    const lagging = await until(gateB, ({ eligible }) => !eligible);
    assert.match(english(lagging), /behind, max_lag allows 0.5 s/);
    await b.query("STOP SLAVE");
    await b.query("CHANGE MASTER TO MASTER_DELAY=0");
    await b.query("START SLAVE");
    await until(gateB, ({ eligible }) => eligible);
    await b.query("CREATE TABLE app.own(id INT)");
    const errant = await until(gateB, ({ eligible }) => !eligible);
    assert.match(english(errant), /transactions that the primary has not: 0-2-/);
    await a.kill();
    const refused = await gateB.promote(soon("master-down"));
    assert.equal(refused.ok ? "" : refused.code, "not-eligible");
  });
});

test("two that went apart: a person decides, and the difference is shown", async () => {
  await withPair({ more: { sync: "off" } }, async ({ a, b, gateA, gateB }) => {
    await a.kill();
    assert.ok((await gateB.promote(soon("master-down"))).ok);
    await a.restart();
    await a.query("SET GLOBAL read_only=0");
    await a.query("INSERT INTO app.t VALUES (1001)");
    assert.equal((await gateB.compare()).result, "theirs");
    await b.query("INSERT INTO app.t VALUES (2001)");
    const compared = await gateA.compare();
    assert.equal(compared.result, "diverged");
    assert.match(compared.difference ?? "", /here 0-1-\d+, there 0-2-\d+/);
    await a.query("SET GLOBAL read_only=1");
    const refused = await gateA.demote({
      reason: "rejoin",
      isPlanned: false,
      deadline: inSeconds(2),
    });
    assert.equal(refused.ok ? "" : refused.code, "diverged");
    assert.deepEqual(await a.query("SHOW SLAVE STATUS"), [], "it was left alone");
  });
});

test("a planned demotion that the peer cannot follow is refused, and can be taken back", async () => {
  await withPair({}, async ({ a, b, gateA }) => {
    await b.query("STOP SLAVE SQL_THREAD");
    await a.query("INSERT INTO app.t VALUES ()");
    const asked = await gateA.demote({
      reason: "switch",
      isPlanned: true,
      deadline: inSeconds(5),
    });
    assert.equal(asked.ok ? "" : asked.code, "successor-not-ready");
    assert.match(asked.ok ? "" : asked.text.en, /could not be promoted now: the replica's SQL/);
    assert.equal((await a.query("SELECT @@read_only AS r"))[0]?.["r"], 0, "nothing was done");
    const refused = await gateA.demote({
      reason: "stop",
      isPlanned: true,
      deadline: Date.now() + 400,
    });
    assert.equal(refused.ok ? "" : refused.code, "not-replicated");
    assert.equal((await a.query("SELECT @@read_only AS r"))[0]?.["r"], 1, "nobody may write yet");
    const back = await gateA.promote(soon("taken-back"));
    assert.ok(back.ok, JSON.stringify(back));
    assert.equal((await a.query("SELECT @@read_only AS r"))[0]?.["r"], 0);
    const [semi] = await a.query("SELECT @@rpl_semi_sync_master_enabled AS enabled");
    assert.equal(semi?.["enabled"], 1, "what is acknowledged now is at the replica too");
  });
});

test("commits that wait for an acknowledgement do not hold up a demotion", async () => {
  await withPair({}, async ({ a, b, gateA }) => {
    const writers = new Writers(a);
    await writers.start(4);
    await writers.until(20);
    b.signal("SIGSTOP");
    // All four wait for the replica now.
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    const demoted = await gateA.demote({
      reason: "fault",
      isPlanned: false,
      deadline: inSeconds(5),
    });
    assert.ok(demoted.ok, JSON.stringify(demoted));
    await writers.ended();
  });
});
