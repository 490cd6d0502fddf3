/** `baton status --node`: the command as a client of a node's HTTP API. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { command } from "#cli/status";
import type { Status } from "#daemon/control-protocol";
import { FakeNode, OPS, STATUS } from "../support/api-node.ts";
import { planOf, serveApi } from "../support/api-server.ts";
import { makeFolder, until } from "../support/daemon-bench.ts";
import { freePort } from "../support/hostile-http.ts";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function status(...args: readonly string[]): Promise<Ran> {
  return await statusWith(() => undefined, ...args);
}

/** @param printed is called with all that was printed until then */
async function statusWith(
  printed: (text: string) => void,
  ...args: readonly string[]
): Promise<Ran> {
  let [out, err] = ["", ""];
  const code = await command(args, {
    stdout: (text) => {
      out += text;
      printed(out);
    },
    stderr: (text) => void (err += text),
    env: { LC_ALL: "C" },
    isTty: false,
  });
  return { code, out, err };
}

async function answering(context: TestContext, listener: RequestListener): Promise<string> {
  const port = await freePort();
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}`;
}

test("the status of a node: as a table, as JSON, its names, over TCP and a socket", async (context) => {
  const { api, socket } = serveApi(context);
  const port = await freePort();
  api.configure(planOf([port]));
  await until("it listens", () => api.listens.length === 2);
  for (const node of [`http://127.0.0.1:${port}`, `unix:${socket}`]) {
    const json = await status("--node", node, "--json");
    assert.equal(json.code, 0, json.err);
    assert.equal((JSON.parse(json.out) as Status).pid, STATUS.pid);
    assert.equal((await status("--node", node)).code, 0);
    assert.deepEqual(await status("--node", node, "--names"), { code: 0, out: "", err: "" });
  }
});

test("--watch follows the stream until the node ends it", async (context) => {
  const node = new FakeNode();
  const { api } = serveApi(context, node);
  const port = await freePort();
  api.configure(planOf([port]));
  await until("it listens", () => api.listens.length === 2);
  let printed = "";
  const following = statusWith(
    (text) => (printed = text),
    "--node",
    `http://127.0.0.1:${port}`,
    "--json",
    "--watch",
  );
  await until("the present one is there", () => printed !== "");
  node.change({ ...STATUS, pid: 4 });
  await until("the next one is there", () => printed.includes('"pid":4,'));
  api.close();
  const { code, out, err } = await following;
  assert.equal(code, 0, err);
  const pids = out
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as Status).pid);
  assert.deepEqual(pids, [STATUS.pid, 4]);
  assert.match(err, /the daemon has ended/);
});

test("a token is sent where it may be, and a refusal says what is missing", async (context) => {
  const { path } = makeFolder(context);
  const seen: (string | undefined)[] = [];
  const node = await answering(context, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(401, { "content-type": "application/problem+json" });
    response.end(JSON.stringify({ detail: "this needs\u001b[2J a token", help: "send one" }));
  });
  const alone = join(path, "alone");
  writeFileSync(alone, `${OPS}\n`);
  const named = join(path, "named");
  writeFileSync(named, `# for scrapers\nops ${OPS} read\n`);
  for (const file of [alone, named]) {
    const { code, err } = await status("--node", node, "--token-file", file);
    assert.equal(code, 1);
    assert.match(err, /401, this needs.*a token\n {2}send one/);
    assert.ok(!err.includes("\u001b"), "a terminal's controls were passed on");
  }
  assert.deepEqual(seen, [`Bearer ${OPS}`, `Bearer ${OPS}`]);
  const watched = await status("--node", node, "--watch");
  assert.match(watched.err, /401, this needs/);
  const plain = await status("--node", "http://192.0.2.1:9650", "--token-file", alone);
  assert.equal(plain.code, 2);
  assert.match(plain.err, /not sent to another machine without TLS/);
  const json = await status("--node", node, "--json");
  assert.match(json.out, /^\{"state":"unknown","why":"/);
});

test("what is wrong on the line is said before anything is asked", async (context) => {
  const { path } = makeFolder(context);
  const empty = join(path, "empty");
  writeFileSync(empty, "\n# nothing\n");
  const odd = join(path, "odd");
  writeFileSync(odd, "令牌\n");
  for (const [args, why] of [
    [["--token-file", empty], /stand with `--node`/],
    [["--ca", empty], /stand with `--node`/],
    [["--node", "db2:9650"], /give http:\/\/HOST:PORT/],
    [["--node", "ftp://db2"], /give http:\/\/HOST:PORT/],
    [["--node", "http://db2:9650/v1/status"], /give http:\/\/HOST:PORT/],
    [["--node", "http://user@db2:9650"], /give http:\/\/HOST:PORT/],
    [["--node", "https://db2:9650", "--token-file", empty], /there is no token in it/],
    [["--node", "https://db2:9650", "--token-file", odd], /there is no token in it/],
    [["--node", "https://db2:9650", "--ca", join(path, "none")], /ENOENT/],
  ] as const) {
    const { code, err } = await status(...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, why, args.join(" "));
  }
  const chinese = await status("--node", "db2", "--lang", "zh-CN");
  assert.match(chinese.err, /请给出 http/);
});

/** As much of one as is looked for. */
const HALF = {
  name: "A",
  state: "MASTER",
  why: { en: "", "zh-CN": "" },
  peers: [{}],
  addresses: [{}],
  havips: [{ platform: "agrees" }],
  history: [{}],
};

test("whatever answers that is no node is said to be none", async (context) => {
  for (const [body, why] of [
    ["<html>", /no answer of Baton's/],
    ["{}", /no status of this version/],
    [JSON.stringify({ ...STATUS, instances: [{}] }), /no status of this version/],
    [JSON.stringify({ ...STATUS, instances: [HALF] }), /no status of this version/],
  ] as const) {
    const node = await answering(context, (_, response) => void response.end(body));
    const { code, err } = await status("--node", node);
    assert.equal(code, 1, body);
    assert.match(err, why, body.slice(0, 80));
    assert.ok(!err.includes("    at "), "a stack trace");
  }
  const gone = await status("--node", `http://127.0.0.1:${await freePort()}`);
  assert.match(gone.err, /nothing listens there/);
  const broken = await answering(context, (request) => request.socket.destroy());
  assert.match((await status("--node", broken)).err, /the connection was broken off/);
});
