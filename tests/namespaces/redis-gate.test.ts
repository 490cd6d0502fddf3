/**
 * A real Redis pair behind the gate's hand: a planned move loses nothing, and nobody is promoted,
 * or made a replica, who would lose something unless a person says so.
 *
 * Needs: redis-server
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { redis } from "#databases/redis/module";
import { dialRedis } from "#databases/redis/redis-client";
import { down, english, soon, until } from "../support/gate-pair.ts";
import { RedisWriters, withRedisPair } from "../support/redis-pair.ts";

test("planned moves under load, there and back, lose nothing", async () => {
  await withRedisPair({}, async ({ a, b, gateA, gateB }) => {
    const all: RedisWriters[] = [];
    for (const [from, to, source] of [
      [gateA, gateB, a],
      [gateB, gateA, b],
      [gateA, gateB, a],
    ] as const) {
      const writers = new RedisWriters(source);
      all.push(writers);
      await source.call("FLUSHALL");
      await writers.start(4);
      await writers.more(500);
      const demoted = await from.demote(down("switch", true));
      assert.ok(demoted.ok, JSON.stringify(demoted));
      await writers.ended();
      assert.equal(writers.errors.length, 4, "their connections were closed");
      await assert.rejects(source.call("SET", "late", "1"), /READONLY|NOREPLICAS/);
      const promoted = await to.promote(soon("released"));
      assert.ok(promoted.ok, JSON.stringify(promoted));
      assert.deepEqual(await writers.lostAt(source === a ? b : a), []);
      await until(from, ({ follows, eligible }) => follows && eligible, [to]);
    }
    assert.ok(all.every(({ acknowledged }) => acknowledged.length >= 500));
  });
});

test("a killed primary: the replica is promoted, and it follows when it comes back empty", async () => {
  await withRedisPair({}, async ({ a, b, gateA, gateB }) => {
    await a.call("SET", "k", "v");
    await until(gateB, ({ lagMicros }) => lagMicros === 0);
    await a.kill();
    const promoted = await gateB.promote(soon("master-down"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    assert.equal(await b.call("GET", "k"), "v");
    await b.call("SET", "k2", "v");
    await a.restart();
    await assert.rejects(a.call("SET", "x", "1"), /NOREPLICAS/, "closed by its configuration");
    const rejoined = await gateA.demote(down("rejoin", false));
    assert.ok(rejoined.ok, JSON.stringify(rejoined));
    assert.equal(await a.call("GET", "k2"), "v");
  });
});

test("a primary that lives is kept from writes from the other side first", async () => {
  await withRedisPair({}, async ({ a, b, gateB }) => {
    const writers = new RedisWriters(a);
    await writers.start(4);
    await writers.more(200);
    const promoted = await gateB.promote(soon("master-down"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    await writers.ended();
    await assert.rejects(a.call("SET", "x", "1"), /NOREPLICAS/);
    assert.deepEqual(await writers.lostAt(b), []);
  });
});

test("sync required: a master that does not answer keeps its replica out until a person decides", async () => {
  await withRedisPair({ more: { sync: "required" } }, async ({ a, gateB }) => {
    await a.kill();
    const refused = await gateB.promote(soon("master-down"));
    assert.equal(refused.ok ? "" : refused.code, "not-eligible");
    const standing = await until(gateB, ({ eligible }) => !eligible);
    assert.match(english(standing), /sync required/);
    const accepted = await gateB.promote(soon("operator", true));
    assert.ok(accepted.ok, JSON.stringify(accepted));
  });
});

test("a primary that hangs: passed over, and closed as soon as it answers", async () => {
  await withRedisPair({}, async ({ a, b, gateA, gateB }) => {
    a.signal("SIGSTOP");
    const begun = performance.now();
    const promoted = await gateB.promote(soon("released"));
    assert.ok(promoted.ok, JSON.stringify(promoted));
    assert.ok(performance.now() - begun < 3_000, "it has not waited for the hanging server");
    await b.call("SET", "k", "v");
    const refused = await gateA.demote(down("fault", false, 300));
    assert.equal(refused.ok, false, "a hanging server cannot be demoted");
    a.signal("SIGCONT");
    await until(gateA, ({ follows, isWritable }) => follows && !isWritable);
    assert.equal(await a.call("GET", "k"), "v");
  });
});

test("two that went apart: nothing is copied over, and a person decides", async () => {
  await withRedisPair({ settings: ["--appendonly", "yes"] }, async ({ a, b, gateA, gateB }) => {
    await b.call("REPLICAOF", "NO", "ONE");
    await b.call("CONFIG", "SET", "min-replicas-to-write", "0");
    await b.call("SET", "b", "1");
    assert.equal((await gateA.compare()).result, "theirs");
    await a.call("SET", "a", "1");
    const compared = await gateA.compare();
    assert.equal(compared.result, "diverged");
    assert.match(compared.difference ?? "", /^here [0-9a-f]{8}:\d+, there [0-9a-f]{8}:\d+$/);
    const kept = await gateB.promote(soon("master-down"));
    assert.equal(kept.ok, false);
    assert.equal(await a.call("SET", "a", "2"), "OK", "it was not closed for nothing");
    assert.ok((await gateA.demote(down("rival", false))).ok);
    const refused = await gateA.demote(down("rejoin", false, 2_000));
    assert.equal(refused.ok ? "" : refused.code, "diverged");
    assert.equal(await a.call("GET", "a"), "2", "it was left alone");
    await a.kill();
    await a.restart();
    const unknown = await gateA.demote(down("rejoin", false, 2_000));
    assert.equal(unknown.ok ? "" : unknown.code, "unknown", "it does not remember its history");
    assert.equal(await a.call("GET", "a"), "2");
  });
});

test("a planned demotion that the peer cannot follow is refused, and can be taken back", async () => {
  await withRedisPair({}, async ({ a, b, gateA }) => {
    b.signal("SIGSTOP");
    await a.call("SET", "k", "v");
    const refused = await gateA.demote(down("switch", true, 400));
    assert.equal(refused.ok, false);
    await assert.rejects(a.call("SET", "k", "w"), /NOREPLICAS/, "nobody may write yet");
    const back = await gateA.promote(soon("taken-back"));
    assert.ok(back.ok, JSON.stringify(back));
    assert.equal(await a.call("SET", "k", "w"), "OK");
    b.signal("SIGCONT");
  });
});

test("a demotion that is taken back after the server was made a replica", async () => {
  await withRedisPair({}, async ({ a, gateA, gateB }) => {
    assert.ok((await gateA.demote(down("switch", true))).ok);
    assert.match(String(await a.call("INFO", "replication")), /role:slave/);
    assert.ok((await gateA.promote(soon("taken-back"))).ok);
    assert.equal(await a.call("SET", "k", "w"), "OK");
    await until(gateB, ({ follows, eligible }) => follows && eligible, [gateA]);
  });
});

test("the operator's own min-replicas-to-write is kept, and a replica of its own data is not eligible", async () => {
  await withRedisPair({}, async ({ a, b, gateA, gateB }) => {
    await a.call("CONFIG", "SET", "min-replicas-to-write", "1");
    assert.ok((await gateA.demote(down("switch", true))).ok);
    assert.deepEqual(await a.call("CONFIG", "GET", "min-replicas-to-write"), [
      "min-replicas-to-write",
      "1000001",
    ]);
    assert.ok((await gateA.promote(soon("taken-back"))).ok);
    assert.deepEqual(await a.call("CONFIG", "GET", "min-replicas-to-write"), [
      "min-replicas-to-write",
      "1",
    ]);
    await until(gateB, ({ eligible }) => eligible);
    await b.call("CONFIG", "SET", "replica-read-only", "no");
    const standing = await until(gateB, ({ eligible }) => !eligible);
    assert.match(english(standing), /replica-read-only is off/);
  });
});

test("checks and logins: PONG, nobody there, a hanging server, a wrong password", async () => {
  await withRedisPair({}, async ({ a }) => {
    const at = { host: a.address, port: a.port };
    const check = redis.openCheck(at, {});
    assert.deepEqual(await check.run(undefined, 1_000), { ok: true });
    const ask = { sync: "off", peers: [] } as const;
    await a.call("CONFIG", "SET", "appendonly", "no");
    await a.call("CONFIG", "SET", "save", "60 100");
    const found = await redis.survey?.(at, {}, ask, 1_000);
    assert.deepEqual(found, [{ kind: "no-append-only-file", saves: "60 100" }]);
    await a.call("CONFIG", "SET", "appendonly", "yes");
    assert.deepEqual(await redis.survey?.(at, {}, ask, 1_000), []);
    await a.call("CONFIG", "SET", "requirepass", "x");
    const fresh = redis.openCheck(at, {});
    const refused = await fresh.run(undefined, 1_000);
    assert.match(refused.ok === true ? "" : refused.why.en, /refuses Baton's login: NOAUTH/);
    await assert.rejects(
      dialRedis({ host: a.address, port: 16_399 }, undefined, { connectMs: 200, loginMs: 500 }),
      /ECONNREFUSED/,
    );
    a.signal("SIGSTOP");
    const hung = await check.run(undefined, 300);
    assert.match(hung.ok === true ? "" : hung.why.en, /accepts connections and does not answer/);
    a.signal("SIGCONT");
    check.close();
    fresh.close();
  });
});
