/** All databases of a configuration: what is reported, and what is asked of whom. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type CheckOutcome,
  type Database,
  type DatabaseModule,
  type DatabaseSettings,
  type Standing,
  type Text,
  UNSEEN,
} from "#databases/port/database";
import type { FromDatabases } from "#databases/protocol";
import { DatabaseService } from "#databases/service";
import { fromMillis, fromSeconds } from "#units/time";

const AT = { socket: "/run/mysqld/mysqld.sock" };
const SETTINGS: DatabaseSettings = {
  kind: "mysql",
  at: AT,
  peers: [],
  maxLag: fromSeconds(5),
  sync: "off",
  rejoin: "auto",
  interval: fromMillis(2),
  timeout: fromSeconds(1),
  promoteTimeout: fromSeconds(5),
  demoteTimeout: fromSeconds(5),
};

class Fake implements Database {
  looks: Standing = { ...UNSEEN, role: "primary", isWritable: true, eligible: true, why: [] };
  lost: Text | undefined;
  isClosed = false;
  look = async (): Promise<Standing> => await Promise.resolve(this.looks);
  promote: Database["promote"] = async () => await Promise.resolve({ ok: true, details: "1 ms" });
  demote: Database["demote"] = async () => await Promise.resolve({ ok: true });
  compare: Database["compare"] = async () => await Promise.resolve({ result: "ours" });
  lostRole = (): Text | undefined => this.lost;
  close = async (): Promise<void> => {
    this.isClosed = true;
    await Promise.resolve();
  };
}

async function start(): Promise<{
  readonly fake: Fake;
  readonly service: DatabaseService;
  readonly messages: FromDatabases[];
  readonly answer: (message: Parameters<DatabaseService["take"]>[0]) => Promise<FromDatabases>;
}> {
  const fake = new Fake();
  const messages: FromDatabases[] = [];
  const module: DatabaseModule = {
    open: () => fake,
    openCheck: () => ({
      run: async (): Promise<CheckOutcome> => await Promise.resolve({ ok: true }),
      close: () => undefined,
    }),
    survey: async (_at, _credentials, ask) => {
      if (ask.sync === "off") throw new Error("denied");
      return await Promise.resolve([{ kind: "no-append-only-file", saves: ask.peers.join() }]);
    },
  };
  const service = await DatabaseService.start(
    {
      units: [{ unit: "VI_1", database: SETTINGS }],
      checks: [
        { kind: "mysql", at: AT },
        { kind: "mysql", at: { host: "10.0.0.9", port: 3_306 } },
        { kind: "mysql", at: AT, credentialsFile: "/etc/none" },
        { kind: "mysql", at: AT, survey: { sync: "required", peers: ["10.0.0.2"] } },
        { kind: "mysql", at: AT, survey: { sync: "off", peers: [] } },
      ],
    },
    {
      load: async () => await Promise.resolve(module),
      credentials: (file) =>
        file === undefined
          ? { kind: "credentials", credentials: {} }
          : { kind: "refused", why: { en: "no such file", "zh-CN": "没有此文件" } },
      emit: (message) => void messages.push(message),
    },
  );
  return {
    fake,
    service,
    messages,
    answer: async (message) => {
      await service.take(message);
      const found = messages.find((one) => "id" in one && "id" in message && one.id === message.id);
      assert.ok(found !== undefined);
      return found;
    },
  };
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

test("a standing is reported when it changes, not when its figures do", async () => {
  const { fake, service, messages } = await start();
  const standings = (): number => messages.filter(({ type }) => type === "standing").length;
  while (standings() === 0) await pause(1);
  for (const position of ["0-1-1", "0-1-2", "0-1-3"]) {
    fake.looks = { ...fake.looks, position };
    await pause(4);
  }
  assert.equal(standings(), 1);
  fake.looks = { ...fake.looks, isWritable: false };
  while (standings() === 1) await pause(1);
  await service.close();
  assert.ok(fake.isClosed);
});

test("each ask is answered, that of an unknown unit too", async () => {
  const { service, answer } = await start();
  const deadline = Date.now() + 1_000;
  assert.deepEqual(
    await answer({
      type: "ask",
      id: 1,
      unit: "VI_1",
      ask: { kind: "promote", reason: "operator", acceptLoss: true, deadline },
    }),
    { id: 1, type: "answer", answer: { ok: true, details: "1 ms" } },
  );
  const compared = await answer({ type: "ask", id: 2, unit: "VI_1", ask: { kind: "compare" } });
  assert.deepEqual(compared, { id: 2, type: "compared", comparison: { result: "ours" } });
  const unknown = await answer({ type: "ask", id: 3, unit: "VI_9", ask: { kind: "look" } });
  assert.equal(
    unknown.type === "answer" && !unknown.answer.ok && unknown.answer.code,
    "not-configured",
  );
  await service.close();
});

test("a check fails for a promoted server that takes no writes any more, and for that one only", async () => {
  const { fake, service, answer } = await start();
  const check = async (id: number, place: number): Promise<CheckOutcome | undefined> => {
    const message = await answer({ type: "check", id, check: place, timeoutMs: 100 });
    return message.type === "checked" ? message.outcome : undefined;
  };
  assert.deepEqual(await check(1, 0), { ok: true });
  fake.lost = { en: "read-only now", "zh-CN": "现在只读" };
  assert.deepEqual(await check(2, 0), { ok: false, why: fake.lost });
  assert.deepEqual(await check(3, 1), { ok: true });
  assert.equal((await check(4, 2))?.ok, false, "without its credentials");
  assert.equal((await check(5, 7))?.ok, "unknown");
  await service.close();
});

test("who asks for a server's settings gets remarks, also if they cannot be read", async () => {
  const { service, answer } = await start();
  const asked = async (place: number): Promise<CheckOutcome | undefined> => {
    const message = await answer({ type: "check", id: place, check: place, timeoutMs: 100 });
    return message.type === "checked" ? message.outcome : undefined;
  };
  const remarks = [{ kind: "no-append-only-file", saves: "10.0.0.2" }];
  assert.deepEqual(await asked(3), { ok: true, remarks });
  const outcome = await asked(4);
  const [remark] = outcome?.ok === true ? (outcome.remarks ?? []) : [];
  assert.ok(remark?.kind === "server");
  assert.equal(remark.why.en, "its settings could not be read: denied");
  await service.close();
});
