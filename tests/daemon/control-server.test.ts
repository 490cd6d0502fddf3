import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ControlAnswer } from "#daemon/control-protocol";
import { type ControlClient, type Handler, isAnswered, serveControl } from "#daemon/control-server";
import { readAnswer, readRequest } from "#daemon/control-shapes";
import { Pace } from "#daemon/pace";
import { Watchers } from "#daemon/watchers";
import { keepLog, makeFolder, until } from "../support/daemon-bench.ts";

async function serve(context: TestContext, handle: Handler): Promise<string> {
  const path = join(makeFolder(context).path, "control.sock");
  const server = await serveControl(path, handle, keepLog().log);
  context.after(() => server.close());
  return path;
}

/** Sends the text and collects what comes back. */
function talk(
  context: TestContext,
  path: string,
  text: string,
): { answers: ControlAnswer[]; closed: boolean } {
  const socket = connect(path);
  context.after(() => socket.destroy());
  const said = { answers: [] as ControlAnswer[], closed: false };
  let buffered = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = (buffered + chunk).split("\n");
    buffered = lines.pop() ?? "";
    said.answers.push(...lines.map((line) => JSON.parse(line) as ControlAnswer));
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    said.closed = true;
  });
  socket.write(text);
  return said;
}

const pong: Handler = async () => await Promise.resolve({ ok: true, pong: 7 });

test("only the owner may open the socket", async (context) => {
  const path = await serve(context, pong);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("one line, one answer; several lines, several answers; nonsense is answered too", async (context) => {
  const path = await serve(context, pong);
  const said = talk(context, path, '{"command":"ping"}\nnonsense\n{"command":"pi');
  await until("two answers", () => said.answers.length === 2);
  assert.deepEqual(said.answers[0], { ok: true, pong: 7 });
  assert.ok(said.answers[1]?.ok === false);
});

test("what cannot be answered is answered with that, logged, and the next one is served", async (context) => {
  const { log, lines } = keepLog();
  const path = join(makeFolder(context).path, "control.sock");
  const server = await serveControl(
    path,
    async ({ command }) => {
      await Promise.resolve();
      if (command === "status") throw new TypeError("no such thing");
      return { ok: true, pong: 7 };
    },
    log,
  );
  context.after(() => server.close());
  const said = talk(context, path, '{"command":"status"}\n{"command":"ping"}\n');
  await until("two answers", () => said.answers.length === 2);
  assert.deepEqual([said.answers[0]?.ok, said.answers[1]], [false, { ok: true, pong: 7 }]);
  assert.match(lines.join("\n"), /^error: control socket, status: TypeError: no such thing/);
  // Short of descriptors: an event of the server, which nobody else listens to.
  server.emit("error", Object.assign(new Error(), { code: "EMFILE", syscall: "accept" }));
  assert.equal(lines.at(-1), "warning: control socket: accept: EMFILE");
});

test("who asks and does not read is answered no faster than he reads", async (context) => {
  const path = join(makeFolder(context).path, "control.sock");
  let asked = 0;
  const text = "x".repeat(100_000);
  const handle: Handler = async () => {
    asked += 1;
    return await Promise.resolve({ ok: true, text });
  };
  const server = await serveControl(path, handle, keepLog().log);
  context.after(() => server.close());
  const socket = connect(path);
  context.after(() => socket.destroy());
  socket.pause();
  socket.write('{"command":"ping"}\n'.repeat(300));
  await until("it has begun", () => asked > 5);
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(asked < 100, `${asked} answers of 100 kB for somebody who reads none`);
  let read = 0;
  socket.on("data", (chunk: Buffer) => {
    read += chunk.length;
  });
  socket.resume();
  await until("all is answered", () => asked === 300 && read > 300 * text.length);
});

test("whoever asks without end leaves time for everything else", async (context) => {
  const path = await serve(context, pong);
  const said = talk(context, path, "\n".repeat(60_000));
  const other = talk(context, path, '{"command":"ping"}\n');
  await until("the other one is answered", () => other.answers.length === 1);
  assert.ok(said.answers.length < 1_000, `${said.answers.length} answers first`);
  const before = said.answers.length;
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  const during = said.answers.length - before;
  assert.ok(during <= 100, `${during} answers in 100 turns of the event loop`);
});

test("who is gone takes no time of the others", async () => {
  const pace = new Pace();
  const began: number[] = [];
  for (let index = 0; index <= 100; index++)
    void pace.turn(() => index < 100).then(() => began.push(index));
  await new Promise((resolve) => process.nextTick(resolve));
  assert.equal(began.length, 101);
  void pace.turn(() => true).then(() => began.push(101));
  await new Promise((resolve) => process.nextTick(resolve));
  assert.equal(began.length, 101, "the one before has its pause");
  await until("it is over", () => began.length === 102);
});

test("a request in pieces of one byte is a request", async (context) => {
  const path = await serve(context, pong);
  const socket = connect(path);
  context.after(() => socket.destroy());
  let read = "";
  socket.on("data", (chunk: Buffer) => {
    read += chunk.toString();
  });
  for (const char of '{"command":"ping"}\n{"command":"ping"}\n') {
    socket.write(char);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until("answered", () => read === '{"ok":true,"pong":7}\n'.repeat(2));
});

test("who does not read is not read either", async (context) => {
  const path = join(makeFolder(context).path, "control.sock");
  const text = "x".repeat(3_000_000);
  let asked = 0;
  const server = await serveControl(
    path,
    async () => {
      asked += 1;
      return await Promise.resolve({ ok: true, text });
    },
    keepLog().log,
  );
  context.after(() => server.close());
  const socket = connect(path);
  context.after(() => socket.destroy());
  socket.pause();
  const total = 20_000_000;
  socket.write('{"command":"ping"}\n');
  await until("it is answered", () => asked === 1);
  socket.write("\n".repeat(total));
  for (let turn = 0; turn < 2_000; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(socket.writableLength > total / 2, `${total - socket.writableLength} bytes were taken`);
});

async function crowded(context: TestContext, handle: Handler, most: number): Promise<string> {
  const path = join(makeFolder(context).path, "control.sock");
  const server = await serveControl(path, handle, keepLog().log, { most });
  context.after(() => server.close());
  return path;
}

const PING = '{"command":"ping"}\n';

test("clients that ask nothing leave when others need their place, the idlest first", async (context) => {
  const path = await crowded(context, pong, 3);
  const idle = talk(context, path, "");
  const answered = [talk(context, path, PING), talk(context, path, PING)];
  await until("two are answered", () => answered.every(({ answers }) => answers.length === 1));
  const fourth = talk(context, path, PING);
  await until("the fourth is answered", () => fourth.answers.length === 1);
  await until("the idlest has left", () => idle.closed);
  assert.deepEqual(
    [...answered, fourth].map(({ closed }) => closed),
    [false, false, false],
  );
});

test("who waits for an answer keeps the place; a watcher does while they are few", async (context) => {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  const handle: Handler = async ({ command }) => {
    if (command === "status") {
      waiting += 1;
      await gate.promise;
    }
    return { ok: true, pong: 1 };
  };
  const path = await crowded(context, handle, 3);
  const watch = '{"command":"watch"}\n';
  const watching = talk(context, path, watch);
  await until("it watches", () => watching.answers.length === 1);
  const asking = [1, 2].map(() => talk(context, path, '{"command":"status"}\n'));
  await until("both wait", () => waiting === 2);
  const refused = talk(context, path, PING);
  await until("there is no room", () => refused.closed);
  gate.resolve();
  await until("both are answered", () => asking.every(({ answers }) => answers.length === 1));
  assert.deepEqual([refused.answers, watching.closed], [[], false]);
  const others = [1, 2].map(() => talk(context, path, watch));
  await until("three watch", () => others.every(({ answers }) => answers.length === 1));
  const last = talk(context, path, PING);
  await until("the oldest watcher makes room", () => last.answers.length === 1);
  await until("it has left", () => watching.closed);
});

test("two hundred that ask together are all answered", async (context) => {
  const path = await serve(context, pong);
  const all = Array.from({ length: 200 }, () => talk(context, path, PING));
  await until("all are answered", () => all.every(({ answers }) => answers.length === 1));
});

test("a line without end is not kept for ever", async (context) => {
  const path = await serve(context, pong);
  const said = talk(context, path, "x".repeat(200_000));
  await until("thrown out", () => said.closed);
});

test("requests are what they are, or nothing", () => {
  assert.deepEqual(readRequest('{"command":"explain","instance":"VI_1","lang":"zh-CN","x":1}'), {
    command: "explain",
    instance: "VI_1",
    lang: "zh-CN",
  });
  const commands =
    'wanted is "status", "watch", "explain", "reload", "metrics", "switch", "maintenance", "promote" or "ping"';
  const cases: readonly (readonly [string, string])[] = [
    ["", "the line is not JSON"],
    ["null", `the line is null; ${commands}`],
    ["[]", `command is missing; ${commands}`],
    ["1", `the line is 1; ${commands}`],
    ['{"command":"stop"}', `command is "stop"; ${commands}`],
    ['{"command":"explain","lang":"fr"}', 'lang is "fr"; wanted is "en" or "zh-CN"'],
    [
      '{"command":"explain","instance":5}',
      "instance is 5; wanted is the name of an instance or a group",
    ],
    ['{"command":{}}', `command is {…}; ${commands}`],
  ];
  for (const [line, why] of cases) assert.equal(readRequest(line), why);
});

test("a socket that nobody answers is stale, whatever it is", async (context) => {
  const { path } = makeFolder(context);
  assert.equal(await isAnswered(join(path, "missing")), false);
  const plain = join(path, "plain");
  writeFileSync(plain, "");
  assert.equal(await isAnswered(plain), false);
  const live = join(path, "live");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(live, resolve));
  assert.equal(await isAnswered(live), true);
  await new Promise((resolve) => server.close(resolve));
});

test("watchers hear of every change once, slow ones are spared, gone ones forgotten", async () => {
  let reads = 0;
  const watchers = new Watchers(keepLog().log, () => Promise.resolve({ reads: ++reads } as never));
  const heard: string[] = [];
  let leave = (): void => undefined;
  const client = (name: string, isBehind: boolean): ControlClient => ({
    send: () => void heard.push(name),
    isBehind,
    onClose: (what) => {
      if (name === "goes") leave = what;
    },
  });
  watchers.changed();
  for (const one of [client("stays", false), client("goes", false), client("slow", true)])
    watchers.add(one);
  for (let i = 0; i < 10; i++) watchers.changed();
  await until("notified", () => heard.length === 2);
  assert.deepEqual([heard, reads], [["stays", "goes"], 1]);
  leave();
  watchers.changed();
  await until("notified again", () => heard.length === 3);
  assert.deepEqual([heard.at(-1), reads], ["stays", 2]);
});

test("answers are read as they are sent, newer members included, or not at all", () => {
  const status = {
    version: "0.1.0",
    engineAnswers: true,
    instances: [
      {
        name: "VI_1",
        state: "BACKUP",
        why: { en: "e", "zh-CN": "z" },
        peers: [],
        addresses: [],
        havips: [],
        history: [],
      },
    ],
    groups: [],
    scripts: [],
    newer: 1,
  };
  for (const good of [
    { ok: true, status },
    { ok: true, text: "t" },
    { ok: true, pong: 1 },
    { ok: false, error: "e", help: "h", findings: ["f"], more: 2 },
  ]) {
    assert.deepEqual(readAnswer(JSON.stringify(good)), good);
  }
  for (const bad of [
    "",
    "HTTP/1.1 400 Bad Request",
    "null",
    "[]",
    "{}",
    '{"ok":true}',
    '{"ok":false}',
    '{"ok":true,"status":{}}',
    JSON.stringify({ ok: true, status: { ...status, instances: [{ name: "VI_1" }] } }),
  ])
    assert.equal(readAnswer(bad), undefined, bad);
});
