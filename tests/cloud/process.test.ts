import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { command as runCloud } from "#cli/cloud";
import { startCloud } from "#cloud/server/start";
import { ADMIN, asJson, codeOf, KEY_TEXT, REGION, SECRETS, text } from "./harness.ts";
import { post, spawnCloud } from "./spawned.ts";

test("the first line on stdout says where it listens", async () => {
  const cloud = await spawnCloud("--memory", "--auth", "off");
  try {
    const line = asJson(JSON.parse(cloud.firstLine));
    assert.deepEqual(Object.keys(line), ["event", "url"]);
    assert.equal(line["event"], "listening");
    assert.match(cloud.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.deepEqual(await (await fetch(`${cloud.url}/_baton/health`)).json(), { status: "ok" });
  } finally {
    cloud.child.kill("SIGKILL");
    await cloud.exited;
  }
});

test("SIGTERM ends it with 0, also with an idle keep-alive connection", {
  timeout: 20_000,
}, async () => {
  const cloud = await spawnCloud("--memory", "--auth", "off");
  const { hostname, port } = new URL(cloud.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write(`GET /_baton/health HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  const [answer] = await once(socket, "data");
  assert.match(String(answer), /"status":"ok"/);
  cloud.child.kill("SIGTERM");
  const end = await Promise.race([
    cloud.exited,
    new Promise<string>((resolve) =>
      setTimeout(() => resolve("still alive after 5 s"), 5_000).unref(),
    ),
  ]);
  socket.destroy();
  if (end === "still alive after 5 s") cloud.child.kill("SIGKILL");
  assert.deepEqual(end, [0, null]);
});

test("SIGTERM does not wait for a call that is held back", { timeout: 20_000 }, async () => {
  const cloud = await spawnCloud("--memory", "--auth", "off", "--api-latency", "500s");
  const hanging = cloud.call("DescribeHaVips").catch(() => "cut");
  // The call is in the log as soon as it has come in.
  for (;;) {
    const log = await (await fetch(`${cloud.url}/_baton/requests`, { headers: ADMIN })).text();
    if (log.includes("DescribeHaVips")) break;
  }
  cloud.child.kill("SIGTERM");
  assert.deepEqual(await cloud.exited, [0, null]);
  assert.equal(await hanging, "cut");
});

test("wrong usage is 2 and says why, a port that is taken is 1", async () => {
  const running = await startCloud({ port: 0 });
  const { host } = new URL(running.url);
  const cases: readonly (readonly [number, RegExp, readonly string[]])[] = [
    [2, /--listen nowhere is not HOST:PORT/, ["--listen", "nowhere"]],
    [2, /--listen 127\.0\.0\.1:70000/, ["--listen", "127.0.0.1:70000"]],
    [2, /--data and --memory/, ["--data", "x", "--memory"]],
    [2, /`--auth` is one of strict, lenient, off, not `sometimes`/, ["--auth", "sometimes"]],
    [2, /strict needs --secret-file/, ["--auth", "strict"]],
    [2, /belong together/, ["--secret-id", "x"]],
    [2, /not a time/, ["--claim-latency", "soon"]],
    [2, /not a count/, ["--calls-per-second", "0"]],
    [2, /there is no option `--bogus`/, ["--bogus"]],
    [1, /EADDRINUSE/, ["--listen", host]],
    [1, /cannot start/, ["--data", "/dev/null/x", "--listen", "127.0.0.1:0"]],
  ];
  for (const [code, message, args] of cases) {
    let said = "";
    const say = (line: string): void => {
      said += line;
    };
    const io = { stdout: () => undefined, stderr: say, env: {}, isTty: false };
    assert.equal(await runCloud(["serve", ...args], io), code, args.join(" "));
    assert.match(said, message);
  }
  await running.close();
});

test("a key on the command line is erased from the process list, one in a file was never there", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "baton-cloud-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "key");
  writeFileSync(file, `[default]\nsecret_id = ${SECRETS.secretId}\nsecret_key = ${KEY_TEXT}\n`);
  const onLine = ["--secret-id", SECRETS.secretId, "--secret-key", KEY_TEXT];
  for (const args of [onLine, ["--secret-file", file]]) {
    const cloud = await spawnCloud("--memory", ...args);
    try {
      const line = readFileSync(`/proc/${cloud.child.pid}/cmdline`, "latin1");
      assert.ok(line.length > 0 && !line.includes(KEY_TEXT), line);
      const state = await fetch(`${cloud.url}/_baton/state`, { headers: ADMIN });
      assert.equal(state.status, 200, "it is the key that counts");
    } finally {
      cloud.child.kill("SIGKILL");
      await cloud.exited;
    }
  }
});

test("baton cloud without a verb, with a wrong one, with --help", async () => {
  for (const [args, code, wanted] of [
    [[], 2, /usage: baton cloud serve/],
    [["stop"], 2, /there is no command `stop`\n`baton help cloud` says more\n$/],
    [["--help"], 0, /usage: baton cloud serve/],
    [["serve", "--help"], 0, /usage: baton cloud serve/],
  ] as const) {
    let said = "";
    const say = (line: string): void => {
      said += line;
    };
    assert.equal(await runCloud(args, { stdout: say, stderr: say, env: {}, isTty: false }), code);
    assert.match(said, wanted);
  }
});

test("as a library: a free port, and nothing left after close", async () => {
  const running = await startCloud({ port: 0, auth: "off" });
  assert.equal(codeOf(await post(running.url, "DescribeHaVips", {}, REGION)), "OK");
  await running.close();
  await assert.rejects(fetch(`${running.url}/_baton/health`));
});

test("two emulators do not share a directory", async () => {
  const directory = mkdtempSync(join(tmpdir(), "baton-cloud-"));
  try {
    const running = await startCloud({ port: 0, dataDirectory: directory });
    await assert.rejects(startCloud({ port: 0, dataDirectory: directory }), /locked/);
    await running.close();
    const again = await startCloud({ port: 0, dataDirectory: directory });
    await again.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("asynchronous work ends by itself in real time", { timeout: 20_000 }, async () => {
  const running = await startCloud({ port: 0, auth: "off" });
  const { TaskId } = await post(running.url, "AllocateAddresses", {}, REGION);
  const { world } = running.cloud;
  // Nobody asks the API meanwhile: the emulator's own timer must do it.
  while (world.regions.get(REGION)?.tasks.get(text(TaskId))?.status !== "SUCCESS") {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await running.close();
});
