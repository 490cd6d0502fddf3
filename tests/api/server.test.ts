/** The HTTP API on real sockets: what is open follows the configuration; what clients may do. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { event, FakeNode, OPS, TOKENS } from "../support/api-node.ts";
import { get, planOf, serveApi } from "../support/api-server.ts";
import { until } from "../support/daemon-bench.ts";
import { freePort } from "../support/hostile-http.ts";

async function connected(context: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  context.after(() => socket.destroy());
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** Everything until the other side closes. */
async function conversation(context: TestContext, port: number, sent: string): Promise<string> {
  const socket = await connected(context, port);
  let text = "";
  socket.on("data", (part: Buffer) => (text += part.toString("latin1")));
  const ended = new Promise((resolve) => socket.once("close", resolve));
  socket.write(sent, "latin1");
  await ended;
  return text;
}

test("an address and the group's socket are open; a stop closes both", async (context) => {
  const { api, socket, lines } = serveApi(context);
  const port = await freePort();
  api.configure(planOf([port]));
  await until("it listens", () => api.listens.length === 2);
  assert.deepEqual(api.listens.toSorted(), [`127.0.0.1:${port}`, `unix:${socket}`]);
  assert.equal((await get({ port, path: "/healthz" })).status, 200);
  assert.equal((await get({ socketPath: socket, path: "/v1/status" })).status, 200);
  assert.equal((await get({ socketPath: socket, path: "/v1/status", method: "POST" })).status, 403);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
  api.close();
  await assert.rejects(get({ port, path: "/healthz" }), { code: "ECONNREFUSED" });
  assert.ok(!existsSync(socket));
  assert.deepEqual(
    lines.filter((line) => line.startsWith("error")),
    [],
  );
});

test("an address in use is reported once, and taken when it is free", async (context) => {
  const { api, lines } = serveApi(context);
  const port = await freePort();
  const other = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
  context.after(() => other.close());
  api.configure(planOf([port]));
  await until("it is reported", () => lines.some((line) => line.includes("EADDRINUSE")));
  assert.match(lines.join("\n"), /^warning: API: cannot listen on 127.*another program does/m);
  await new Promise((resolve) => other.close(resolve));
  await until("it listens", () => api.listens.length === 2);
  assert.equal((await get({ port, path: "/healthz" })).status, 200);
  assert.equal(lines.filter((line) => line.includes("EADDRINUSE")).length, 1);
});

test("a reload opens and closes what changed; a request under way is answered", async (context) => {
  const node = new FakeNode();
  const { api } = serveApi(context, node);
  const [kept, gone, fresh] = [await freePort(), await freePort(), await freePort()];
  api.configure(planOf([kept, gone]));
  await until("it listens", () => api.listens.length === 3);
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  const status = node.status.bind(node);
  node.status = async () => {
    await held;
    return await status();
  };
  const [first, second] = [kept, gone].map((port) => get({ port, path: "/v1/status" }));
  await until("they have come in", () => node.turns === 2);
  api.configure(planOf([kept, fresh]));
  await until("it listens", () => api.listens.includes(`127.0.0.1:${fresh}`));
  assert.ok(!api.listens.includes(`127.0.0.1:${gone}`));
  await assert.rejects(get({ port: gone, path: "/healthz" }), { code: "ECONNREFUSED" });
  go();
  assert.deepEqual([(await first)?.status, (await second)?.status], [200, 200]);
  assert.equal((await get({ port: fresh, path: "/v1/status" })).status, 200);
  api.configure(undefined);
  assert.deepEqual(api.listens, []);
});

test("the token file is root's alone, and read again at a reload", async (context) => {
  const { api, folder, lines } = serveApi(
    context,
    new FakeNode({ act: { ok: true, switch: { outcome: "moved" } } as never }),
  );
  const port = await freePort();
  const tokenFile = join(folder, "token");
  const plan = planOf([port], { tokenFile });
  const act = async (token: string): Promise<number> =>
    (
      await get({
        port,
        path: "/v1/switch",
        method: "POST",
        body: "{}",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      })
    ).status;
  api.configure(plan);
  await until("it listens", () => api.listens.length === 2);
  assert.match(lines.join("\n"), /token: ENOENT/);
  writeFileSync(tokenFile, TOKENS, { mode: 0o644 });
  chmodSync(tokenFile, 0o644);
  api.configure(plan);
  assert.match(lines.at(-1) ?? "", /token can be read by others \(mode 0644\); try `chmod 600/);
  assert.equal(await act(OPS), 401);
  chmodSync(tokenFile, 0o600);
  api.configure(plan);
  assert.match(lines.at(-1) ?? "", /callers with tokens: ops, prom/);
  assert.equal(await act(OPS), 200);
  const link = join(folder, "link");
  symlinkSync(tokenFile, link);
  api.configure({ ...plan, tokenFile: link });
  assert.equal(await act(OPS), 200);
  writeFileSync(tokenFile, "ops short\n");
  api.configure(plan);
  assert.match(lines.join("\n"), /token:1 is not used: the token has fewer than 20 characters/);
  assert.equal(await act(OPS), 401);
  assert.ok(!lines.join("\n").includes(OPS), "a token in the log");
});

test("what is no HTTP, too long or too much is refused, and the API goes on", async (context) => {
  const { api, node, lines } = serveApi(context);
  const port = await freePort();
  api.configure(planOf([port]));
  await until("it listens", () => api.listens.length === 2);
  const head = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  for (const [sent, answer] of [
    ["\0\x01\x02 nonsense\r\n\r\n", /^HTTP\/1.1 400/],
    ["GET /healthz HTTP/1.1\r\n\r\n", /^HTTP\/1.1 400/],
    [`GET /healthz HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n`, /^HTTP\/1.1 400/],
    [`GET //[ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`, /^HTTP\/1.1 4/],
    [`GET * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`, /^HTTP\/1.1 40/],
    ["CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", /^$/],
    [`${head}X: ${"x".repeat(10_000)}\r\n\r\n`, /^HTTP\/1.1 431/],
    [`${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n`, /^HTTP\/1.1 400/],
    [`${head}Authorization: Bearer \xff\r\nConnection: close\r\n\r\n`, /^HTTP\/1.1 401/],
    // Browsers send Host and Origin; programs that talk another protocol do not.
    [`${head}Upgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n`, /^HTTP\/1.1 200/],
    // More requests at a time than anybody has to ask.
    [`${head.replace("healthz", "v1/status")}\r\n`.repeat(1_000), /^(?:HTTP\/1.1 200|$)/],
  ] as const)
    assert.match(
      await conversation(context, port, sent),
      answer,
      JSON.stringify(sent.slice(0, 60)),
    );
  assert.equal((await get({ port, path: "/healthz" })).status, 200);
  assert.deepEqual(node.failures, []);
  assert.deepEqual(
    lines.filter((line) => line.startsWith("error")),
    [],
  );
});

test("who reads nothing of a stream holds up nobody, and fills no memory", async (context) => {
  const node = new FakeNode();
  const { api } = serveApi(context, node);
  const port = await freePort();
  api.configure(planOf([port]));
  await until("it listens", () => api.listens.length === 2);
  const head = "GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n";
  const slow = await connected(context, port);
  slow.pause();
  slow.write(head);
  await until("it follows", () => node.events.listeners === 1);
  const before = process.memoryUsage().arrayBuffers;
  const text = { en: "x".repeat(1_000), "zh-CN": "" };
  for (let id = 1; id <= 20_000; id++) node.events.keep({ ...event(id), text });
  await new Promise((resolve) => setImmediate(resolve));
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 8_000_000, `${grown} bytes wait`);
  // When it reads at last it gets all of them.
  let seen = "";
  slow.on("data", (part: Buffer) => (seen = (seen + part.toString()).slice(-2_000)));
  slow.resume();
  await until("it has the last one", () => seen.includes("id: 20000\n"));
  slow.destroy();
  await until("nobody follows", () => node.events.listeners === 0);
});

test("there is room for so many connections, and who waits for nothing leaves first", async (context) => {
  const { api } = serveApi(context);
  const port = await freePort();
  api.configure(planOf([port]));
  await until("it listens", () => api.listens.length === 2);
  // Kept alive by their clients, all places taken.
  for (let count = 0; count < 256; count++) {
    const socket = await connected(context, port);
    socket.write("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
  }
  const ask = async (): Promise<number> => {
    try {
      return (await get({ port, path: "/healthz" })).status;
    } catch {
      return 0;
    }
  };
  let status = await ask();
  for (let tries = 0; status !== 200 && tries < 50; tries++) status = await ask();
  assert.equal(status, 200);
});

test("a user of the machine has a part of a loopback address, and others the rest", async (context) => {
  const { api, users } = serveApi(context);
  const port = await freePort();
  api.configure(planOf([port]));
  await until("it listens", () => api.listens.length === 2);
  users.next = 1_000;
  const sockets: Socket[] = [];
  let closed = 0;
  for (let count = 0; count < 120; count++) {
    const socket = await connected(context, port);
    socket.once("close", () => (closed += 1));
    socket.resume();
    sockets.push(socket);
  }
  // 32 of which nobody was asked, and 64.
  await until("the others are closed", () => closed === 120 - 96);
  users.next = 1_001;
  assert.equal((await get({ port, path: "/healthz" })).status, 200);
  users.next = 1_000;
  await assert.rejects(get({ port, path: "/healthz" }));
  for (const socket of sockets.slice(80)) socket.destroy();
  const isIn = async (): Promise<boolean> => {
    try {
      return (await get({ port, path: "/healthz" })).status === 200;
    } catch {
      return false;
    }
  };
  let isBack = await isIn();
  for (let tries = 0; !isBack && tries < 100; tries++) isBack = await isIn();
  assert.ok(isBack, "who lets go may come again");
});

test("what is no socket stays where a socket is to be", async (context) => {
  const { api, folder, lines } = serveApi(context);
  const path = join(folder, "file");
  writeFileSync(path, "mine");
  api.configure({ ...planOf([]), listen: [{ kind: "unix", path }] });
  await until("it is reported", () => lines.some((line) => line.includes("is not a socket")));
  assert.equal(statSync(path).size, 4);
});
