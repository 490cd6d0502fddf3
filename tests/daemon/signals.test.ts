/**
 * No signal but those that ask for it ends a daemon, from its first instruction on; what comes
 * early is obeyed later.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeFolder, until } from "../support/daemon-bench.ts";
import { OWN_VIP } from "../support/own-address.ts";
import { SupervisorDriver } from "../support/supervisor-driver.ts";

const SIGNALS = fileURLToPath(new URL("../../src/daemon/signals.ts", import.meta.url));
const configuration = (folder: string): string => `global_defs {
  state_dump_file ${folder}/keepalived.data
  stats_dump_file ${folder}/keepalived.stats
  json_dump_file ${folder}/keepalived.json
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  virtual_ipaddress {
    ${OWN_VIP}/24
  }
}
`;

/**
 * Those that Node.js cannot catch, that are no request but the end itself, or that control jobs
 * (signal(7)).
 */
const ENDING = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGKILL"];
const FAULTS = "SIGILL SIGTRAP SIGABRT SIGIOT SIGBUS SIGFPE SIGSEGV SIGSYS".split(" ");
const JOBS = "SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGCONT".split(" ");
const EVERY_NUMBER = [
  ...Object.entries(constants.signals)
    .filter(([name]) => ![...ENDING, ...FAULTS, ...JOBS].includes(name))
    .map(([, number]) => number),
  ...Array.from({ length: 31 }, (_, index) => 34 + index),
];

async function begin(context: TestContext): Promise<SupervisorDriver> {
  const folder = makeFolder(context).path;
  const driver = new SupervisorDriver({ folder, config: configuration(folder) });
  context.after(() => driver.child.kill("SIGKILL"));
  await driver.until("MASTER", () => driver.output.includes("Entering MASTER"));
  return driver;
}

/** A busy machine may take its time; the driver's own limit says when it is too much. */
async function untilEngineAnswers(driver: SupervisorDriver): Promise<void> {
  let answer = "";
  for (let tries = 0; tries < 50 && !answer.includes('"engineAnswers":true'); tries++)
    answer = (await driver.ask({ command: "status" })) ?? "";
  assert.match(answer, /"engineAnswers":true/);
}

test("every signal that a program can outlive leaves it running, one after the other and all at once", async (context) => {
  const driver = await begin(context);
  for (const number of EVERY_NUMBER) process.kill(driver.pid, number);
  await driver.until("they are logged", () => driver.lines(/SIGPWR .* is ignored/).length === 1);
  for (let round = 0; round < 50; round++)
    for (const number of EVERY_NUMBER) process.kill(driver.pid, number);
  await untilEngineAnswers(driver);
  assert.equal(driver.lines(/Entering MASTER/).length, 1, "the engine has not been replaced");
  assert.deepEqual(await driver.stop(), { code: 0, signal: null });
});

test("keepalived's JSON writes its file and the status, STATS_CLEAR the statistics", async (context) => {
  const driver = await begin(context);
  process.kill(driver.pid, 36);
  const path = join(driver.folder, "run", "status.json");
  await driver.until("it is written", () => driver.lines(/status written/).length === 1);
  const written = JSON.parse(readFileSync(path, "utf8")) as { readonly pid: number };
  assert.equal(written.pid, driver.pid);
  process.kill(driver.pid, 63);
  await driver.until("they are written", () => driver.lines(/dump written/).length === 2);
  assert.equal(statSync(join(driver.folder, "keepalived.json")).mode & 0o7777, 0o600);
  // The engine of this test knows no instances.
  assert.equal(readFileSync(join(driver.folder, "keepalived.stats"), "utf8"), "");
  assert.deepEqual(await driver.stop(), { code: 0, signal: null });
});

test("SIGQUIT and SIGINT hand over like SIGTERM, and a second one changes nothing", async (context) => {
  for (const signal of ["SIGQUIT", "SIGINT"] as const) {
    const driver = await begin(context);
    for (let i = 0; i < 3; i++) driver.child.kill(signal);
    assert.deepEqual(await driver.whenEnded(), { code: 0, signal: null });
    assert.equal(driver.lines(/(?<!\)) Stopping: /).length, 1);
    assert.equal(driver.lines(new RegExp(` Stopping: ${signal} was received$`)).length, 1);
    assert.equal(driver.lines(/Stopped Baton/).length, 1);
  }
});

test("a signal that comes before anybody can obey it is kept, once", () => {
  const program = `
    import { catchSignals, isStopKept, keepStops, obeySignals } from ${JSON.stringify(SIGNALS)};
    catchSignals();
    const send = (...names) => names.forEach((name) => process.kill(process.pid, name));
    send("SIGHUP", "SIGUSR2", "SIGHUP");
    keepStops();
    send("SIGTERM");
    setTimeout(() => {
      console.log(isStopKept());
      obeySignals(({ wish, signal }) => console.log(wish, signal));
      console.log(isStopKept());
      send("SIGHUP");
      setTimeout(() => process.exit(0), 50);
    }, 50);`;
  const ran = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  assert.deepEqual(ran.stdout.trim().split("\n"), [
    "true",
    "reload SIGHUP",
    "stats SIGUSR2",
    "stop SIGTERM",
    "false",
    "reload SIGHUP",
  ]);
  assert.equal(ran.status, 0, ran.stderr);
});

test("the engine's process ignores them from its first file on, and for good", async (context) => {
  const main = fileURLToPath(new URL("../../src/daemon/engine-start-main.ts", import.meta.url));
  const flags = ["--disable-warning=ExperimentalWarning", "--disable-sigusr1"];
  const child = spawn(process.execPath, [...flags, main], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  context.after(() => child.kill("SIGKILL"));
  const ignored = (): bigint => {
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    return BigInt(`0x${/^SigIgn:\s+(\w+)/m.exec(status)?.[1] ?? "0"}`);
  };
  const has = (number: number): boolean => (ignored() & (1n << BigInt(number - 1))) !== 0n;
  await until("it ignores them", () => has(64));
  const numbers = [1, 2, 3, 10, 12, 13, 14, 15, 29, 34, 36, 37, 63];
  assert.deepEqual(
    numbers.filter((number) => !has(number)),
    [],
  );
});

test("what scripts find is the default of every signal", async (context) => {
  const folder = makeFolder(context);
  const script = folder.script("check.sh", "grep SigIgn /proc/$$/status; exit 3");
  const config = `vrrp_script check {\n  script "${script}"\n  interval 1\n}\n${configuration(folder.path)}`;
  const driver = new SupervisorDriver({
    folder: folder.path,
    config: config.replace(
      "priority 100",
      "priority 100\n  track_script {\n    check weight 1\n  }",
    ),
  });
  context.after(() => driver.child.kill("SIGKILL"));
  await driver.until("it ran", () => driver.lines(/now returning 3/).length === 1);
  assert.match(driver.output, /SigIgn:\s+0{16}/);
  assert.deepEqual(await driver.stop(), { code: 0, signal: null });
});
