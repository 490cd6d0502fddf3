/** The commands for a running daemon, against a socket that answers as the daemon would. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { command as explain } from "#cli/explain";
import { command as metrics } from "#cli/metrics";
import { command as reload } from "#cli/reload";
import { command as status } from "#cli/status";
import type { Command } from "#command-line/definition";
import type { ControlAnswer, ControlRequest } from "#daemon/control-protocol";
import { serveControl } from "#daemon/control-server";
import { keepLog, makeFolder } from "../support/daemon-bench.ts";

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly error: string;
}

async function run(command: Command, ...args: readonly string[]): Promise<Ran> {
  let out = "";
  let error = "";
  const exit = await command(args, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      error += text;
    },
    env: {},
    isTty: false,
  });
  return { exit, out, error };
}

async function daemon(
  context: TestContext,
  answer: (request: ControlRequest) => ControlAnswer,
): Promise<string> {
  const { path } = makeFolder(context);
  const server = await serveControl(
    join(path, "control.sock"),
    (request) => Promise.resolve(answer(request)),
    keepLog().log,
  );
  context.after(() => server.close());
  return path;
}

test("without a daemon every command says so and fails, in the language asked for", async (context) => {
  const dir = ["--runtime-dir", makeFolder(context).path];
  for (const command of [status, explain, reload, metrics]) {
    const english = await run(command, ...dir);
    assert.equal(english.exit, 1);
    assert.match(english.error, /no daemon is running here/);
    assert.match((await run(command, ...dir, "--lang", "zh")).error, /没有正在运行的守护进程/);
  }
  const json = await run(status, ...dir, "--json");
  assert.equal((JSON.parse(json.out) as { state: string }).state, "unknown");
  assert.equal(json.exit, 1);
});

test("wrong usage is 2, help is 0", async () => {
  for (const command of [status, explain, reload]) {
    assert.equal((await run(command, "--no-such-option")).exit, 2);
    assert.equal((await run(command, "--lang", "fr")).exit, 2);
    const help = await run(command, "--help");
    assert.deepEqual([help.exit, help.error], [0, ""]);
    assert.match((await run(command, "-h", "--lang", "zh")).out, /^用法：baton /);
  }
  assert.equal((await run(reload, "now")).exit, 2);
});

test("names alone, one a line, for completion", async (context) => {
  const named = (name: string): object => ({ name, state: "BACKUP", why: { en: "", "zh-CN": "" } });
  const lists = { peers: [], addresses: [], havips: [], history: [] };
  const answer = {
    version: "0.1.0",
    engineAnswers: true,
    instances: [
      { ...named("VI_1"), ...lists },
      { ...named("odd\u001b"), ...lists },
    ],
    groups: [{ ...named("VG"), members: [] }],
    scripts: [],
  };
  const dir = await daemon(
    context,
    () => ({ ok: true, status: answer }) as unknown as ControlAnswer,
  );
  const ran = await run(status, "--names", "--runtime-dir", dir);
  assert.deepEqual([ran.exit, ran.out, ran.error], [0, "VI_1\nodd·\nVG\n", ""]);
  const mixed = await run(status, "--names", "--json");
  assert.equal(mixed.exit, 2);
  assert.match(mixed.error, /`--names` stands without/);
});

test("explain asks for the instance in the language, and passes on what it hears", async (context) => {
  const asked: ControlRequest[] = [];
  const dir = await daemon(context, (request) => {
    asked.push(request);
    return { ok: true, text: "the reasons" };
  });
  const explained = await run(explain, "VI_1", "--runtime-dir", dir, "--lang", "zh-CN");
  assert.deepEqual(explained, { exit: 0, out: "the reasons\n", error: "" });
  assert.deepEqual(asked, [{ command: "explain", lang: "zh-CN", instance: "VI_1" }]);
});

test("metrics are printed as they come; a file for a collector is whole, and says so if nobody answers", async (context) => {
  const asked: ControlRequest[] = [];
  const dir = await daemon(context, (request) => {
    asked.push(request);
    return { ok: true, text: "x 1\n" };
  });
  assert.deepEqual(await run(metrics, "--runtime-dir", dir), { exit: 0, out: "x 1\n", error: "" });
  assert.equal((await run(metrics, "--json", "--runtime-dir", dir)).out, "x 1\n\n");
  assert.deepEqual(asked, [{ command: "metrics" }, { command: "metrics", format: "json" }]);

  const file = join(dir, "baton.prom");
  const written = await run(metrics, "--textfile", file, "--runtime-dir", dir);
  assert.deepEqual(written, { exit: 0, out: "", error: "" });
  assert.equal(readFileSync(file, "utf8"), "x 1\n");
  assert.equal(statSync(file).mode & 0o777, 0o644);

  const nobody = await run(metrics, "--textfile", file, "--runtime-dir", "/nonexistent");
  assert.equal(nobody.exit, 1);
  assert.match(nobody.error, /^baton metrics: no daemon is running here/);
  assert.match(readFileSync(file, "utf8"), /^baton_up 0$/m);
  assert.deepEqual(readdirSync(dir).toSorted(), ["baton.prom", "control.sock"]);

  const device = join(dir, "null.prom");
  symlinkSync("/dev/null", device);
  const refused = await run(metrics, "--textfile", device, "--runtime-dir", dir, "--lang", "zh");
  assert.deepEqual([refused.exit, refused.error.includes("它不是普通文件")], [1, true]);
  assert.equal(readlinkSync(device), "/dev/null");
  const nowhere = join(dir, "missing", "x.prom");
  const missing = await run(metrics, "--textfile", nowhere, "--runtime-dir", dir);
  assert.deepEqual([missing.exit, missing.error], [1, `baton metrics: ${nowhere}: ENOENT\n`]);
  for (const wrong of [
    ["--textfile", "x.txt"],
    ["--json", "--textfile", file],
  ])
    assert.equal((await run(metrics, ...wrong, "--runtime-dir", dir)).exit, 2);
});

test("a refused reload shows why, in the language asked for, and how much is left out", async (context) => {
  const asked: ControlRequest[] = [];
  let more = 0;
  const dir = await daemon(context, (request) => {
    asked.push(request);
    const findings = ["error[VR1002]: one", "error[VR1001]: two"];
    return { ok: false, error: "errors", help: "baton check", findings, more };
  });
  const all = await run(reload, "--runtime-dir", dir, "--lang", "zh-CN");
  assert.deepEqual(asked, [{ command: "reload", lang: "zh-CN" }]);
  assert.equal(all.error, "error[VR1002]: one\n\nerror[VR1001]: two\n\nbaton reload: errors\n");
  more = 7;
  const cut = await run(reload, "--runtime-dir", dir);
  assert.match(cut.error, /errors\n {2}7 more findings are not shown\n {2}baton check\n$/);
});

test("a refused reload fails with its help", async (context) => {
  const dir = await daemon(context, () => ({ ok: false, error: "errors", help: "baton check" }));
  assert.deepEqual(await run(reload, "--runtime-dir", dir), {
    exit: 1,
    out: "",
    error: "baton reload: errors\n  baton check\n",
  });
});

test("an answer of another program, or of another version, is said to be one", async (context) => {
  for (const line of ["HTTP/1.1 400 Bad Request", '{"ok":true,"status":{"state":"old"}}']) {
    const { path } = makeFolder(context);
    const server = createServer((socket) => socket.resume().end(`${line}\n`));
    await new Promise<void>((resolve) => server.listen(join(path, "control.sock"), resolve));
    context.after(() => server.close());
    const english = await run(status, "--runtime-dir", path);
    assert.equal(english.exit, 1);
    assert.match(english.error, /control\.sock: the answer is not one of this version of Baton/);
    const chinese = await run(explain, "--runtime-dir", path, "--lang", "zh-CN");
    assert.match(chinese.error, /应答不是本版本 Baton 的格式/);
  }
});
