/**
 * The supervisor with an engine that only talks (tests/support/fake-engine.ts): nothing here
 * touches a network.
 *
 * Own process: the fake engine is steered by an environment variable.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Supervisor } from "#daemon/supervisor";
import { SystemManager } from "#daemon/system-manager";
import type { CommandPlan, NotifyPlan, RunPlan } from "#keepalived/plan/run-plan";
import { must } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { fromMillis, fromSeconds } from "#units/time";
import { OK } from "#vrrp/engine/world";
import { instance } from "../support/bench.ts";
import {
  type Folder,
  isAlive,
  keepLog,
  makeFolder,
  makeLauncher,
  until,
} from "../support/daemon-bench.ts";

const ENGINE = fileURLToPath(new URL("../support/fake-engine.ts", import.meta.url));
const NOBODY = {
  send: () => undefined,
  isBehind: false,
  onClose: () => undefined,
  caller: () => ({ via: "socket", uid: 0, user: "root" }) as const,
};

interface Bench {
  readonly folder: Folder;
  readonly supervisor: Supervisor;
  readonly lines: string[];
  /** What systemd was notified of. */
  readonly systemd: string[];
  /** What the notify script wrote, one line a run. */
  notified(): readonly string[];
  /** What the next reload reads; undefined has errors. */
  next: RunPlan | undefined;
  /** Thrown by the next reload. */
  failure: Error | undefined;
}

function notifyPlan(any: CommandPlan): NotifyPlan {
  return {
    master: undefined,
    backup: undefined,
    fault: undefined,
    stop: undefined,
    deleted: undefined,
    masterRxLowerPri: undefined,
    any,
    priorityChanges: false,
  };
}

function plan(folder: Folder, changes: Partial<RunPlan> = {}, name = "VI_1"): RunPlan {
  const script = folder.script("notify.sh", `echo "$@" >>${folder.path}/notified`);
  const any = { argv: [script], user: undefined, timeout: undefined };
  return {
    globals: {
      routerId: undefined,
      scriptUser: undefined,
      enableScriptSecurity: false,
      notifyFifo: undefined,
      vrrpNotifyFifo: undefined,
      startupScript: undefined,
      shutdownScript: undefined,
    },
    instances: [{ config: instance({ router: { name } }), notify: notifyPlan(any) }],
    groups: [],
    scripts: [],
    files: [],
    processes: [],
    ...changes,
  };
}

function bench(
  context: TestContext,
  changes: (folder: Folder) => Partial<RunPlan> = () => ({}),
): Bench {
  const folder = makeFolder(context);
  process.env["FAKE_ENGINE_DIR"] = folder.path;
  const { log, lines } = keepLog();
  const systemd: string[] = [];
  const rtnetlink = must(openRtnetlink());
  context.after(() => rtnetlink.close());
  const send = (_: string, message: string): typeof OK => {
    systemd.push(message.replace(/\d{3,}/, "N"));
    return OK;
  };
  const first = plan(folder, changes(folder));
  const made: Bench = {
    folder,
    lines,
    systemd,
    next: undefined,
    failure: undefined,
    notified() {
      const file = join(folder.path, "notified");
      return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    },
    supervisor: new Supervisor(first, {
      configFile: "test.conf",
      configId: undefined,
      language: "en",
      log,
      rtnetlink,
      launcher: makeLauncher(log),
      manager: new SystemManager({ socket: "@test", watchdogMicros: undefined, send }),
      reread: () => {
        if (made.failure !== undefined) throw made.failure;
        return made.next === undefined
          ? { kind: "refused", findings: ["line 1: no such word"] }
          : { kind: "plan", plan: made.next };
      },
      enginePidFile: join(folder.path, "engine.pid"),
      engineProgram: [ENGINE],
    }),
  };
  return made;
}

async function pidOf(made: Bench): Promise<number> {
  let pid: number | undefined;
  while (pid === undefined) {
    const status = await made.supervisor.status();
    pid = status.engineAnswers ? status.enginePid : undefined;
  }
  return pid;
}

async function started(made: Bench): Promise<number> {
  await made.supervisor.start();
  await until("it is MASTER", () => made.lines.some((line) => line.includes("Entering MASTER")));
  const { enginePid } = await made.supervisor.status();
  assert.ok(enginePid);
  return enginePid;
}

test("from start to stop: log, notify in order, systemd, PID of the engine", async (context) => {
  const made = bench(context);
  const enginePid = await started(made);
  assert.equal(readFileSync(join(made.folder.path, "engine.pid"), "utf8"), `${enginePid}\n`);
  await made.supervisor.stop("SIGTERM");
  assert.equal(made.notified().at(-1), "INSTANCE VI_1 STOP 100");
  assert.ok(
    made.lines.some((line) => line.startsWith("info: (VI_1) Entering BACKUP STATE (init): ")),
  );
  assert.deepEqual(made.systemd, [
    "READY=1\nMAINPID=N",
    "STATUS=VI_1 BACKUP",
    "STATUS=VI_1 MASTER",
    "STOPPING=1",
    "STATUS=VI_1 STOP",
  ]);
  assert.ok(!existsSync(join(made.folder.path, "engine.pid")));
});

test("who asks to stop again waits for the same hand-over", async (context) => {
  const made = bench(context);
  await started(made);
  const order: string[] = [];
  const asked = ["first", "second", "third"].map(async (name) => {
    await made.supervisor.stop("SIGTERM");
    order.push(name);
    return made.lines.filter((line) => line.startsWith("info: Stopped Baton")).length;
  });
  assert.deepEqual(order, [], "nothing is over at once");
  assert.deepEqual(await Promise.all(asked), [1, 1, 1]);
  assert.equal(
    made.lines.filter((line) => line === "info: Stopping: SIGTERM was received").length,
    1,
  );
  assert.equal((await made.supervisor.handle({ command: "reload" }, NOBODY)).ok, false);
});

test("a reload before the start is over is what it starts with", async (context) => {
  const made = bench(context);
  made.next = plan(made.folder, {}, "VI_2");
  assert.equal(made.supervisor.reload().kind, "done");
  await started(made);
  assert.ok(made.lines.some((line) => line.includes("(VI_2) Entering MASTER STATE")));
  assert.ok(!made.lines.some((line) => line.includes("(VI_1)")));
  await made.supervisor.stop("SIGTERM");
});

test("a file that cannot be read at all refuses a reload, and says why", async (context) => {
  const made = bench(context);
  await started(made);
  made.failure = Object.assign(new Error("gone"), { code: "ENOENT", syscall: "stat" });
  const answer = await made.supervisor.handle({ command: "reload", lang: "zh-CN" }, NOBODY);
  assert.ok(!answer.ok && answer.findings?.[0] === "test.conf: stat: ENOENT");
  assert.match(answer.ok ? "" : answer.error, /未作任何更改/);
  await made.supervisor.stop("SIGTERM");
});

test("a broken line of the engine costs that engine, not the daemon", async (context) => {
  const made = bench(context);
  for (const line of ["null", '{"type":"report","instance":"VI_1"}']) {
    const enginePid = made.lines.length === 0 ? await started(made) : await pidOf(made);
    writeFileSync(join(made.folder.path, "say"), `${line}\n`);
    const broken = (text: string): boolean => text.includes(`is killed: ${line}:`);
    await until("asked", () => {
      void made.supervisor.status();
      return made.lines.some(broken);
    });
    await until("replaced", () => !isAlive(enginePid));
  }
  await pidOf(made);
  await made.supervisor.stop("SIGTERM");
});

test("an engine that dies is replaced; a script hears of BACKUP and MASTER again, and of nothing twice", async (context) => {
  const made = bench(context);
  const enginePid = await started(made);
  await until("notified", () => made.notified().at(-1)?.includes("MASTER") === true);
  process.kill(enginePid, "SIGKILL");
  await until(
    "again MASTER",
    () => made.lines.filter((line) => line.includes("Entering MASTER")).length === 2,
  );
  await until(
    "notified again",
    () => made.notified().length >= 3 && made.notified().at(-1)?.includes("MASTER") === true,
  );
  const status = await made.supervisor.status();
  assert.equal(status.engineRestarts, 1);
  assert.notEqual(status.enginePid, enginePid);
  assert.ok(made.lines.includes(`error: engine ${enginePid} ended: SIGKILL`));
  await made.supervisor.stop("SIGTERM");
  const states = made.notified().map((line) => line.split(" ")[2]);
  assert.ok(
    states.every((state, at) => state !== states[at - 1]),
    states.join(" "),
  );
});

test("an engine that does not answer has no state, rather than its last one", async (context) => {
  const made = bench(context);
  await started(made);
  assert.equal((await made.supervisor.status()).engineAnswers, true);
  const good = await made.supervisor.handle({ command: "status", brief: "zh-CN" }, NOBODY);
  assert.ok(good.ok && "brief" in good && good.brief.engineAnswers);
  const unresponsive = join(made.folder.path, "unresponsive");
  writeFileSync(unresponsive, "");
  const status = await made.supervisor.status();
  assert.equal(status.engineAnswers, false);
  assert.deepEqual(status.instances, []);
  const brief = await made.supervisor.handle({ command: "status", brief: "en" }, NOBODY);
  assert.ok(brief.ok && "brief" in brief && !brief.brief.engineAnswers);
  const explained = await made.supervisor.handle({ command: "explain", lang: "zh-CN" }, NOBODY);
  assert.ok(!explained.ok && explained.error.includes("未知"));
  rmSync(unresponsive);
  await made.supervisor.stop("SIGTERM");
});

test("a reload with errors changes nothing and says so; a good one is sent to the engine", async (context) => {
  const made = bench(context);
  await started(made);
  assert.deepEqual(await made.supervisor.handle({ command: "reload" }, NOBODY), {
    ok: false,
    error: "the file has errors; nothing changed",
    help: "baton check says which",
    findings: ["line 1: no such word"],
    more: 0,
  });
  assert.deepEqual(made.systemd.slice(-2), ["RELOADING=1\nMONOTONIC_USEC=N", "READY=1\nMAINPID=N"]);
  const configured = (): number =>
    readFileSync(join(made.folder.path, "received"), "utf8").split('"type":"configure"').length - 1;
  assert.equal(configured(), 1);
  made.next = plan(made.folder);
  assert.equal((await made.supervisor.handle({ command: "reload" }, NOBODY)).ok, true);
  await until("the engine has it", () => configured() === 2);
  await made.supervisor.stop("SIGTERM");
});

test("an instance taken away by a reload is notified as gone, once", async (context) => {
  const made = bench(context);
  await started(made);
  await until("notified", () => made.notified().at(-1)?.includes("MASTER") === true);
  made.next = plan(made.folder, { instances: [] });
  assert.equal(made.supervisor.reload().kind, "done");
  await until("notified", () => made.notified().at(-1) === "INSTANCE VI_1 FAULT 100");
  await made.supervisor.stop("SIGTERM");
  assert.equal(made.notified().at(-1), "INSTANCE VI_1 FAULT 100");
});

test("results of checks reach the engine, and a new engine gets them with its configuration", async (context) => {
  const made = bench(context, (folder) => ({
    scripts: [
      {
        name: "chk",
        command: { argv: [folder.script("chk.sh", "exit 1")], user: undefined, timeout: undefined },
        interval: fromSeconds(1_000),
        timeout: fromSeconds(1_000),
        rise: 1,
        fall: 1,
        initFail: false,
      },
    ],
  }));
  const enginePid = await started(made);
  const received = (): string => readFileSync(join(made.folder.path, "received"), "utf8");
  await until("the result", () =>
    received().includes('"kind":"script","name":"chk","result":"down"'),
  );
  process.kill(enginePid, "SIGKILL");
  await until("the new one", () => received().split('"type":"configure"').length === 3);
  const last = received()
    .trim()
    .split("\n")
    .findLast((line) => line.includes('"configure"'));
  assert.match(last ?? "", /"trackers":\[\{"kind":"script","name":"chk","result":"down"\}\]/);
  await made.supervisor.stop("SIGTERM");
});

test("STOP scripts have their turn although another one hangs", async (context) => {
  const made = bench(context);
  made.folder.script(
    "notify.sh",
    `[ "$3" = MASTER ] && exec sleep 1000\necho "$@" >>${made.folder.path}/notified`,
  );
  await started(made);
  await made.supervisor.stop("SIGTERM");
  assert.equal(made.notified().at(-1), "INSTANCE VI_1 STOP 100");
});

test("startup_script ends before the engine starts, shutdown_script runs after it has ended", async (context) => {
  const made = bench(context, (folder) => {
    const body = (name: string): string =>
      `[ -e ${folder.path}/received ] && when=late || when=early\necho ${name} $when >>${folder.path}/order`;
    const say = (name: string): CommandPlan => ({
      argv: [folder.script(`${name}.sh`, body(name))],
      user: undefined,
      timeout: fromMillis(20_000),
    });
    const globals = plan(folder).globals;
    return {
      globals: { ...globals, startupScript: say("startup"), shutdownScript: say("shutdown") },
    };
  });
  await started(made);
  await made.supervisor.stop("SIGTERM");
  const order = readFileSync(join(made.folder.path, "order"), "utf8");
  assert.equal(order, "startup early\nshutdown late\n");
});

test("what is written to the fifo are keepalived's lines", async (context) => {
  const made = bench(context, (folder) => {
    const { globals } = plan(folder);
    return { globals: { ...globals, notifyFifo: join(folder.path, "fifo") } };
  });
  const fifo = join(made.folder.path, "fifo");
  await started(made);
  const lines: string[] = [];
  const { createReadStream } = await import("node:fs");
  const reader = createReadStream(fifo, { encoding: "utf8" });
  reader.on("data", (text) => lines.push(...String(text).trimEnd().split("\n")));
  await until("the lines are read", () => lines.length >= 2);
  await made.supervisor.stop("SIGTERM");
  await until("the last line is read", () => lines.length >= 3);
  assert.deepEqual(lines, [
    'INSTANCE "VI_1" BACKUP 100',
    'INSTANCE "VI_1" MASTER 100',
    'INSTANCE "VI_1" STOP 100',
  ]);
  assert.ok(!existsSync(fifo), "a FIFO that we made goes with us");
});

test("fifo_write_vrrp_states_on_reload: a reload writes the state again, to the pipe alone", async (context) => {
  const made = bench(context, (folder) => {
    const { globals } = plan(folder);
    return { globals: { ...globals, notifyFifo: join(folder.path, "fifo") } };
  });
  await started(made);
  await until("the script is notified", () => made.notified().at(-1)?.includes("MASTER") === true);
  const before = made.notified();
  const { globals } = plan(made.folder);
  const notifyFifo = join(made.folder.path, "fifo");
  made.next = plan(made.folder, { globals: { ...globals, notifyFifo, fifoStatesOnReload: true } });
  assert.equal(made.supervisor.reload().kind, "done");
  const lines: string[] = [];
  const { createReadStream } = await import("node:fs");
  const reader = createReadStream(notifyFifo, { encoding: "utf8" });
  reader.on("data", (text) => lines.push(...String(text).trimEnd().split("\n")));
  await until("the lines are read", () => lines.length >= 3);
  const after = made.notified();
  await made.supervisor.stop("SIGTERM");
  const line = 'INSTANCE "VI_1" MASTER 100';
  assert.deepEqual(lines.slice(1, 3), [line, line]);
  assert.deepEqual(after, before, "a script hears nothing twice");
});

test("notify_fifo_script reads every line, the last one too, and goes on over a reload", async (context) => {
  const made = bench(context, (folder) => {
    const { globals } = plan(folder);
    const read = `echo started >>${folder.path}/read\ncat "$1" >>${folder.path}/read`;
    const argv = [folder.script("reader.sh", read)];
    const notifyFifoScript = { argv, user: undefined, timeout: undefined };
    return { globals: { ...globals, notifyFifo: join(folder.path, "fifo"), notifyFifoScript } };
  });
  const file = join(made.folder.path, "read");
  const read = (): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
  await started(made);
  await until("the reader has read", () => read().includes("MASTER"));
  const { globals } = plan(made.folder);
  const argv = [join(made.folder.path, "reader.sh")];
  const notifyFifoScript = { argv, user: undefined, timeout: undefined };
  const notifyFifo = join(made.folder.path, "fifo");
  made.next = plan(made.folder, { globals: { ...globals, notifyFifo, notifyFifoScript } });
  assert.equal(made.supervisor.reload().kind, "done");
  await made.supervisor.stop("SIGTERM");
  assert.deepEqual(read().trim().split("\n"), [
    "started",
    'INSTANCE "VI_1" BACKUP 100',
    'INSTANCE "VI_1" MASTER 100',
    'INSTANCE "VI_1" STOP 100',
  ]);
});
