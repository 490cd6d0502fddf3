/** Scripts as they are found in the wild, run by the real thing. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { deathSignalPrefix, type Launchable, type Launcher } from "#daemon/launcher";
import type { OutputTail } from "#daemon/output-tail";
import type { CommandEnd, RunningCommand } from "#daemon/run-command";
import { RunningGroups, startTimeOf } from "#daemon/running-groups";
import {
  type Folder,
  isAlive,
  keepLog,
  makeFolder,
  makeLauncher,
  until,
} from "../support/daemon-bench.ts";

const isRoot = process.getuid?.() === 0;
const prefix = deathSignalPrefix();

interface Ended {
  readonly end: CommandEnd;
  readonly output: OutputTail;
}

const command = (...argv: readonly string[]): Launchable => ({ argv, user: undefined });

async function run(launcher: Launcher, what: Launchable, env = {}): Promise<Ended> {
  let running: RunningCommand | undefined;
  const end = await new Promise<CommandEnd>((resolve) => {
    running = launcher.start(what, env, resolve);
  });
  assert.ok(running);
  return { end, output: running.output };
}

function bench(context: TestContext): { folder: Folder; launcher: Launcher; lines: string[] } {
  const folder = makeFolder(context);
  const { log, lines } = keepLog();
  return { folder, launcher: makeLauncher(log), lines };
}

test("exit status and signal are distinguished", async (context) => {
  const { folder, launcher } = bench(context);
  const end = async (body: string): Promise<CommandEnd> =>
    (await run(launcher, command(folder.script("s.sh", body)))).end;
  assert.deepEqual(await end("exit 0"), { kind: "exit", code: 0 });
  assert.deepEqual(await end("exit 3"), { kind: "exit", code: 3 });
  assert.deepEqual(await end("kill -9 $$"), { kind: "signal", signal: "SIGKILL" });
});

test("arguments arrive as they are, without a shell", async (context) => {
  const { folder, launcher } = bench(context);
  const script = folder.script("s.sh", 'for one in "$@"; do echo "[$one]"; done');
  const { output } = await run(launcher, command(script, "a b", "$HOME", "*", ";exit 1"));
  await until("its output is here", () => output.text().endsWith("[;exit 1]"));
  assert.equal(output.text(), "[a b]\n[$HOME]\n[*]\n[;exit 1]");
});

test("a script sees a clean room: nothing to read, /dev/stderr to open, root folder, no manager's socket", async (context) => {
  const { folder, launcher } = bench(context);
  process.env["NOTIFY_SOCKET"] = "/nowhere";
  context.after(() => delete process.env["NOTIFY_SOCKET"]);
  const body = 'cat; echo "$(pwd) ${NOTIFY_SOCKET-none} $BATON_STATE" >/dev/stderr';
  const { end, output } = await run(launcher, command(folder.script("s.sh", body)), {
    BATON_STATE: "MASTER",
  });
  assert.deepEqual(end, { kind: "exit", code: 0 });
  await until("its output is here", () => output.total > 0);
  assert.equal(output.text(), "/ none MASTER");
});

test("nothing of the daemon's environment reaches a script but path, language and time zone", async (context) => {
  const { folder, launcher } = bench(context);
  const daemons = {
    TENCENTCLOUD_SECRET_KEY: "s3cret",
    DB_PASSWORD: "s3cret",
    LD_PRELOAD: "",
    NODE_OPTIONS: "--no-warnings",
    NOTIFY_SOCKET: "/nowhere",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
  };
  const before = { ...process.env };
  Object.assign(process.env, daemons);
  context.after(() => {
    for (const name of Object.keys(daemons)) delete process.env[name];
    Object.assign(process.env, before);
  });
  const seen = join(folder.path, "seen");
  const script = folder.script("s.sh", `tr '\\0' '\\n' </proc/$$/environ >${seen}`);
  await run(launcher, command(script), { BATON_STATE: "MASTER" });
  const names = readFileSync(seen, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0]);
  const ours = "BATON_STATE HOME LC_ALL LOGNAME PATH TZ USER".split(" ");
  const languages = names.filter((name) => /^LANG(UAGE)?$|^LC_/.test(name ?? ""));
  assert.deepEqual(new Set(names), new Set([...ours, ...languages]));
});

test("HOME and USER are those of the user it runs as", { skip: !isRoot }, async (context) => {
  const { folder, launcher } = bench(context);
  const script = folder.script("s.sh", 'echo "$HOME $USER $LOGNAME"');
  const of = async (user: string): Promise<string> => {
    const { output } = await run(launcher, {
      argv: [script],
      user: { user, group: undefined },
    });
    await until("its output is here", () => output.text().includes(user));
    return output.text();
  };
  assert.equal(await of("root"), "/root root root");
  assert.equal(await of("nobody"), "/nonexistent nobody nobody");
});

test("a script has three descriptors, no blocked or ignored signal, and a session of its own", async (context) => {
  const { folder, launcher } = bench(context);
  const script = folder.script(
    "s.sh",
    // The shell keeps the script itself open at 10 or above.
    `for one in /proc/$$/fd/?; do [ -e $one ] && echo \${one##*/}; done
    [ /proc/$$/fd/0 -ef /dev/null ] && [ -p /dev/stdout ] && [ /dev/stdout -ef /dev/stderr ] && echo right
    awk '{print ($1 == $5), ($1 == $6)}' /proc/$$/stat`,
  );
  const { output } = await run(launcher, command(script));
  await until("its output is here", () => output.text().endsWith("1 1"));
  assert.deepEqual(output.text().split("\n"), ["0", "1", "2", "right", "1 1"]);
  // Not from a shell, which blocks signals itself while it waits.
  const grep = await run(launcher, command("/bin/grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"));
  await until("its output is here", () => grep.output.text().includes("SigIgn"));
  const none = "0".repeat(16);
  assert.equal(grep.output.text(), `SigBlk:\t${none}\nSigIgn:\t${none}`);
});

test("what the daemon inherited is not handed on", async (context) => {
  const folder = makeFolder(context);
  const seen = join(folder.path, "seen");
  // Node.js itself hides the low ones.
  const script = folder.script(
    "s.sh",
    `[ -e /proc/$$/fd/251 ] && echo there >${seen} || echo hidden >${seen}`,
  );
  const starter = 'exec 251</dev/null; exec "$@"';
  const supervisor = spawn(
    "/bin/bash",
    ["-c", starter, "bash", ...supervisorCommand(folder, script, "stop")],
    {
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  const [code] = await once(supervisor, "exit");
  assert.equal(code, 0);
  assert.equal(readFileSync(seen, "utf8"), "hidden\n");
});

test("a flood of 10 MB is read and thrown away, its end is kept", async (context) => {
  const { folder, launcher } = bench(context);
  const script = folder.script("s.sh", "head -c 10000000 /dev/zero | tr '\\0' x; echo; echo end");
  const { end, output } = await run(launcher, command(script));
  assert.deepEqual(end, { kind: "exit", code: 0 });
  await until("all of it has arrived", () => output.total === 10_000_005);
  assert.match(output.text(), /^…x+\nend$/);
  assert.ok(output.text().length <= 4_097);
  assert.equal(output.lastLine(), "end");
});

test("a child that keeps the output open delays nothing, and is not killed by writing to it", async (context) => {
  const { folder, launcher } = bench(context);
  const go = join(folder.path, "go");
  const done = join(folder.path, "done");
  const script = folder.script(
    "s.sh",
    `(while [ ! -e ${go} ]; do sleep 0.05; done; echo late; echo written >${done}) &\nexit 0`,
  );
  const { end } = await run(launcher, command(script));
  assert.deepEqual(end, { kind: "exit", code: 0 });
  writeFileSync(go, "");
  await until("the child has outlived its write", () => existsSync(done));
});

test("what a script leaves in the background writes on after the daemon's stop, however much", async (context) => {
  const folder = makeFolder(context);
  const go = join(folder.path, "go");
  const done = join(folder.path, "done");
  const script = folder.script(
    "s.sh",
    `(while [ ! -e ${go} ]; do sleep 0.02; done
      head -c 1000000 /dev/zero && echo late && echo written >${done}) &
    exit 0`,
  );
  const supervisor = spawnSupervisor(folder, script, "stop");
  const [code] = await once(supervisor, "exit");
  assert.equal(code, 0);
  writeFileSync(go, "");
  await until("the program has outlived its writes", () => existsSync(done));
});

test("the program that reads on ends with the last writer", async (context) => {
  const { folder, launcher } = bench(context);
  const pids = join(folder.path, "pids");
  const script = folder.script("s.sh", `sleep 1000 &\necho $! >${pids}`);
  await run(launcher, command(script));
  const writer = Number(readFileSync(pids, "utf8"));
  const pipe = readlinkSync(`/proc/${writer}/fd/1`);
  const readers = (): readonly string[] =>
    readdirSync("/proc").filter((pid) => /^[0-9]+$/.test(pid) && stdinOf(pid) === pipe);
  await until("another one reads", () => readers().length === 1);
  assert.ok(!readers().includes(String(process.pid)));
  process.kill(writer, "SIGKILL");
  await until("nobody reads", () => readers().length === 0);
});

function stdinOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/0`);
  } catch {
    return undefined;
  }
}

test("a signal to the program alone spares what it has put into the background", async (context) => {
  const { folder, launcher } = bench(context);
  const pids = join(folder.path, "pids");
  const script = folder.script(
    "s.sh",
    `sleep 1000 &\necho $! >${pids}.new; mv ${pids}.new ${pids}\nwait`,
  );
  const ended = new Promise<CommandEnd>((resolve) => {
    const running = launcher.start(command(script), {}, resolve);
    void until("it runs", () => existsSync(pids)).then(() => running.signal("SIGTERM", "program"));
  });
  assert.deepEqual(await ended, { kind: "signal", signal: "SIGTERM" });
  const child = Number(readFileSync(pids, "utf8"));
  assert.notEqual(startTimeOf(child), undefined);
  process.kill(child, "SIGKILL");
});

test("a signal reaches the whole process group", async (context) => {
  const { folder, launcher } = bench(context);
  const pids = join(folder.path, "pids");
  const script = folder.script("s.sh", `sleep 1000 &\necho $$ $! >${pids}\nwait`);
  const ended = new Promise<CommandEnd>((resolve) => {
    const running = launcher.start(command(script), {}, resolve);
    void until("it runs", () => existsSync(pids) && readFileSync(pids, "utf8").endsWith("\n")).then(
      () => running.signal("SIGTERM"),
    );
  });
  assert.deepEqual(await ended, { kind: "signal", signal: "SIGTERM" });
  const [, child = 0] = readFileSync(pids, "utf8").trim().split(" ").map(Number);
  await until("its child is gone too", () => !isAlive(child) || startTimeOf(child) === undefined);
});

test("what cannot be started says why", async (context) => {
  const { folder, launcher } = bench(context);
  const plain = join(folder.path, "plain.sh");
  writeFileSync(plain, "#!/bin/sh\n");
  const orphan = folder.script("orphan.sh", "");
  writeFileSync(orphan, "#!/no/such/interpreter\n");
  const problem = async (what: Launchable): Promise<unknown> => {
    const { end } = await run(launcher, what);
    return end.kind === "notStarted" ? end.problem : end;
  };
  const user = isRoot ? "root" : String(process.getuid?.());
  assert.deepEqual(await problem(command("/no/such/script")), {
    kind: "missing",
    path: "/no/such/script",
  });
  assert.deepEqual(await problem(command(plain)), {
    kind: "not-executable",
    path: plain,
    why: "no-permission",
    user,
  });
  assert.deepEqual(await problem(command(folder.path)), {
    kind: "not-executable",
    path: folder.path,
    why: "directory",
    user,
  });
  assert.deepEqual(await problem(command(orphan)), {
    kind: "refused",
    path: orphan,
    errno: "ENOENT",
  });
  assert.deepEqual(
    await problem({ argv: ["/bin/true"], user: { user: "no-such-user", group: undefined } }),
    { kind: "no-such-user", name: "no-such-user" },
  );
  assert.deepEqual(await problem(command()), { kind: "nothing-to-run" });
});

test("a name without a slash is looked for in PATH, and keeps its name", async (context) => {
  const { launcher } = bench(context);
  const { end, output } = await run(launcher, command("sh", "-c", "echo $0"));
  assert.deepEqual(end, { kind: "exit", code: 0 });
  await until("its output is here", () => output.total > 0);
  assert.equal(output.text(), "sh");
});

test("another user is who the script runs as, without root's groups", {
  skip: !isRoot,
}, async (context) => {
  const { folder, launcher } = bench(context);
  const script = folder.script("s.sh", "id -u; id -G");
  const { output, end } = await run(launcher, {
    argv: [script],
    user: { user: "65534", group: "12345" },
  });
  assert.deepEqual(end, { kind: "exit", code: 0 });
  await until("its output is here", () => output.text().includes("\n"));
  assert.equal(output.text(), "65534\n12345");
});

test("insecure scripts of root are run with one warning, or not at all when that is asked for", {
  skip: !isRoot,
}, async (context) => {
  const { folder, launcher, lines } = bench(context);
  const script = folder.script("s.sh", "exit 0");
  chmodSync(folder.path, 0o777);
  for (const _ of [1, 2]) assert.equal((await run(launcher, command(script))).end.kind, "exit");
  assert.equal(lines.filter((line) => line.includes("script security")).length, 1);
  assert.ok(lines[0]?.includes(`${folder.path} can be written by others`));
  launcher.isStrict = true;
  const { end } = await run(launcher, command(script));
  assert.deepEqual(end, {
    kind: "notStarted",
    problem: { kind: "insecure", path: script, offender: folder.path, why: "writable-by-others" },
  });
});

test("when the supervisor is killed, its script gets SIGTERM from the kernel", {
  skip: prefix.length === 0 ? "setpriv of util-linux is not installed" : false,
}, async (context) => {
  const folder = makeFolder(context);
  const ready = join(folder.path, "ready");
  const asked = join(folder.path, "asked");
  const script = folder.script(
    "s.sh",
    `trap 'echo TERM >${asked}; exit 0' TERM\necho $$ >${ready}\nwhile :; do sleep 0.05; done`,
  );
  const supervisor = spawnSupervisor(folder, script);
  await until("the script runs", () => existsSync(ready));
  supervisor.kill("SIGKILL");
  await once(supervisor, "exit");
  await until("the script was asked", () => existsSync(asked));
});

test("what ignored it is ended by the next supervisor, and nothing else is", async (context) => {
  const folder = makeFolder(context);
  const notes = join(folder.path, "scripts");
  const ready = join(folder.path, "ready");
  const script = folder.script(
    "s.sh",
    `trap '' TERM\necho $$ >${ready}\nwhile :; do sleep 0.05; done`,
  );
  const supervisor = spawnSupervisor(folder, script);
  await until("the script runs", () => existsSync(ready) && readFileSync(ready, "utf8") !== "");
  const pid = Number(readFileSync(ready, "utf8"));
  const note = join(notes, String(pid));
  await until("it is noted", () => existsSync(note) && readFileSync(note, "utf8") !== "");
  supervisor.kill("SIGKILL");
  await once(supervisor, "exit");
  // A number that belongs to somebody else by now: this test itself.
  writeFileSync(join(notes, String(process.pid)), "1 /old/script\n");
  const next = new RunningGroups(notes);
  assert.deepEqual(next.endLeftovers("SIGKILL"), [script]);
  await until("it is gone", () => startTimeOf(pid) === undefined);
  assert.deepEqual(next.endLeftovers("SIGKILL"), []);
  assert.deepEqual(readdirSync(notes), []);
});

/** A process that starts one script as the supervisor does, and then only waits. */
function spawnSupervisor(folder: Folder, script: string, then = ""): ReturnType<typeof spawn> {
  const [program = "", ...args] = supervisorCommand(folder, script, then);
  return spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] });
}

function supervisorCommand(folder: Folder, script: string, then: string): readonly string[] {
  const supervisor = fileURLToPath(new URL("../support/script-starter.ts", import.meta.url));
  return [process.execPath, supervisor, join(folder.path, "scripts"), script, then];
}
