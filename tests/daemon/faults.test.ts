/**
 * Every call of the supervisor that can fail does (tests/support/inject-faults.ts), at every
 * place of the source, with the error numbers of a machine that is short of something. The
 * daemon goes on, and what it knew stays so: no check fails because it could not be started for
 * a moment.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Folder, makeFolder } from "../support/daemon-bench.ts";
import { OWN_VIP } from "../support/own-address.ts";
import { SupervisorDriver } from "../support/supervisor-driver.ts";

const SEED = 1;
const NOWHERE = "http://127.0.0.1:9";

function configuration(folder: Folder, priority: number): string {
  const { path } = folder;
  return `global_defs {
  state_dump_file ${path}/keepalived.data
  stats_dump_file ${path}/keepalived.stats
  notify_fifo ${path}/fifo
  notify_fifo_script "${path}/reader.sh"
}
vrrp_script check {
  script "${path}/check.sh"
  interval 1
  fall 3
  rise 1
}
vrrp_track_process node {
  process sleep
}
track_file value {
  file "${path}/value"
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority ${priority}
  virtual_ipaddress {
    ${OWN_VIP}/24
  }
  track_script {
    check
  }
  track_process {
    node weight 1
  }
  track_file {
    value weight 1
  }
  notify "${path}/notify.sh"
  havip {
    endpoint ${NOWHERE}
    instance_id ins-12345678
  }
}
`;
}

interface Life {
  readonly folder: Folder;
  readonly driver: SupervisorDriver;
}

function begin(context: TestContext, faults: object): Life {
  const folder = makeFolder(context);
  folder.script("reader.sh", `exec cat "$1" >/dev/null`);
  folder.script("check.sh", "echo fine");
  folder.script("notify.sh", "echo notified");
  writeFileSync(join(folder.path, "value"), "1\n");
  const driver = new SupervisorDriver({
    folder: folder.path,
    config: configuration(folder, 100),
    faults: { seed: SEED, ...faults },
    env: {
      BATON_METADATA_URL: NOWHERE,
      TENCENTCLOUD_SECRET_ID: "id",
      TENCENTCLOUD_SECRET_KEY: "key",
    },
    args: ["--record", join(folder.path, "recording"), "-r", join(folder.path, "engine.pid")],
  });
  context.after(() => driver.child.kill("SIGKILL"));
  return { folder, driver };
}

const entries = ({ output }: SupervisorDriver, text: string): number =>
  output.split(text).length - 1;

/** What people, clients and the machine ask of it while calls fail. */
async function drive({ folder, driver }: Life): Promise<void> {
  for (let round = 0; round < 3; round++) {
    writeFileSync(join(folder.path, "value"), `${round}\n`);
    writeFileSync(join(folder.path, "a.conf"), configuration(folder, 101 + round));
    for (const request of ["status", "watch", "explain", "reload", "ping"])
      await driver.ask({ command: request }, 2_000);
    for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM"] as const)
      driver.child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const status = await driver.ask({ command: "status" }, 2_000);
    const engine = /"enginePid":(\d+)/.exec(status ?? "")?.[1];
    if (engine !== undefined && round < 2) process.kill(Number(engine), "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function assertWell(driver: SupervisorDriver): Promise<void> {
  await driver.until("the engine answers", async () => {
    const status = await driver.ask({ command: "status" });
    return status?.includes('"engineAnswers":true') === true;
  });
  assert.deepEqual(driver.lines(/internal error|check\) failed|counts as failed/), []);
}

for (const [nth, errnos] of [
  [1, ["EMFILE"]],
  [1, ["ENOMEM"]],
  [2, ["EAGAIN", "EIO"]],
  [3, ["ENFILE", "EIO"]],
] as const)
  test(`call ${nth} of every place fails with ${errnos.join(" or ")}: the daemon goes on`, async (context) => {
    const life = begin(context, { errnos, nth });
    const { driver } = life;
    await driver.until("MASTER", () => driver.output.includes("Entering MASTER"));
    driver.faults(true);
    await drive(life);
    driver.faults(false);
    await assertWell(driver);
    assert.ok(entries(driver, "Entering MASTER") >= 1);
    assert.deepEqual(await driver.stop(), { code: 0, signal: null }, driver.output.slice(-3_000));
    const [, calls, places] =
      /faults: (\d+) calls failed at (\d+) places/.exec(driver.output) ?? [];
    assert.ok(Number(calls) >= 15 && Number(places) >= 15, `${calls} calls, ${places} places`);
  });

test("calls that fail while it stops cost nothing but a line", async (context) => {
  const { driver } = begin(context, { errnos: ["EIO", "EACCES"], nth: 1 });
  await driver.until("MASTER", () => driver.output.includes("Entering MASTER"));
  driver.faults(true);
  assert.deepEqual(await driver.stop(), { code: 0, signal: null }, driver.output.slice(-3_000));
});

test("calls that fail while it starts: it runs, or says in one line why not", async (context) => {
  for (const errno of ["EMFILE", "EACCES"]) {
    const { driver } = begin(context, { errnos: [errno], nth: 1 });
    driver.faults(true);
    const isDecided = (): boolean =>
      driver.ended !== undefined || driver.output.includes("Entering MASTER");
    await driver.until("it runs or has ended", isDecided).catch(() => undefined);
    driver.faults(false);
    const ended = driver.ended ?? (await driver.stop());
    assert.ok(ended.code === 0 || ended.code === 1, `${JSON.stringify(ended)} ${driver.output}`);
    assert.deepEqual(driver.lines(/internal error/), []);
  }
});
