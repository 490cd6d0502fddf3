/**
 * The unit file under a systemd of its own: when `systemctl` returns, and what becomes of the
 * address when systemd, or somebody else, ends one process or all. What was tried by hand
 * besides: docs/systemd.md.
 *
 * Needs: systemctl
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Status } from "#daemon/control-protocol";
import { bootMachine, LOG, type SystemdMachine, whyNoMachine } from "./systemd-machine.ts";

const skip = whyNoMachine() ?? false;
/** Nothing here is about time. */
const TIMEOUT_SECONDS = 60;
const ADDRESS = "10.77.0.100";

/** The start waits in it until somebody writes. */
const GATE = "/run/gate";

function config(more = ""): string {
  return `global_defs {
  vrrp_version 3
  script_user root
  startup_script "/bin/cat ${GATE}"
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  advert_int 0.2
  virtual_ipaddress {
    ${ADDRESS}/24
  }
}
${more}`;
}

interface Bench extends SystemdMachine {
  sh(script: string): Promise<string>;
  configure(text: string): Promise<void>;
  until(what: string, isTrue: () => Promise<boolean>): Promise<void>;
  owns(): Promise<boolean>;
  log(): Promise<string>;
}

async function boot(context: TestContext): Promise<Bench> {
  const machine = await bootMachine(context);
  const sh = async (script: string): Promise<string> => {
    const { code, output } = await machine.run("sh", "-c", script);
    assert.equal(code, 0, `${script}: ${output}`);
    return output;
  };
  await sh(`ip link add eth0 type veth peer name eth1; ip link set eth1 up; ip link set eth0 up
    ip addr add 10.77.0.1/24 dev eth0; mkfifo ${GATE}`);
  const log = async (): Promise<string> => await sh(`cat ${LOG}`);
  return {
    ...machine,
    sh,
    log,
    async configure(text) {
      await sh(`cat >/etc/keepalived/keepalived.conf <<'END'\n${text}\nEND`);
    },
    async until(what, isTrue) {
      const end = performance.now() + TIMEOUT_SECONDS * 1_000;
      while (!(await isTrue())) {
        if (performance.now() > end)
          throw new Error(`not within ${TIMEOUT_SECONDS} s: ${what}\n${await log()}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async owns() {
      return (await sh("ip -4 -o addr show dev eth0")).includes(ADDRESS);
    },
  };
}

async function status(bench: Bench): Promise<Status> {
  const { code, output } = await bench.run("/opt/baton/bin/baton", "status", "--json");
  assert.equal(code, 0, output);
  return JSON.parse(output) as Status;
}

/** Warnings and errors of a log, without their times. */
const complaints = (log: string): readonly string[] =>
  log
    .split("\n")
    .filter((line) => /warning|error/.test(line))
    .map((line) => line.replace(/^\S+ /, ""));

const openGate = async (bench: Bench): Promise<string> =>
  await bench.sh(`timeout ${TIMEOUT_SECONDS} sh -c 'echo open >${GATE}'`);

/** A running daemon, with its startup script behind the gate. */
async function deaths(context: TestContext, bench: Bench): Promise<void> {
  await context.test(
    "the supervisor killed: its engine hands over before the address is cleaned up",
    async () => {
      const pid = await bench.show("MainPID");
      await bench.sh(`: >${LOG}; kill -KILL ${pid}`);
      await openGate(bench);
      await bench.until(
        "the next one runs",
        async () => (await bench.show("StatusText")) === "VI_1 MASTER",
      );
      assert.equal(await bench.show("NRestarts"), "1");
      assert.notEqual(await bench.show("MainPID"), pid);
      // `baton release`, after the engine.
      assert.match(await bench.log(), /^nothing to remove$/m);
    },
  );

  await context.test(
    "all killed at once: the address is taken away, and the next one has it again",
    async () => {
      await bench.sh(`: >${LOG}; systemctl kill -s KILL baton`);
      await bench.until("cleaned up", async () =>
        /^removed |^nothing to remove$/m.test(await bench.log()),
      );
      assert.equal(await bench.owns(), false);
      await openGate(bench);
      await bench.until(
        "the next one runs",
        async () => (await bench.show("StatusText")) === "VI_1 MASTER",
      );
      assert.ok(await bench.owns());
    },
  );
}

test("the unit file under systemd: start, reload, deaths of one and of all, stop", {
  skip,
}, async (context) => {
  const bench = await boot(context);
  const systemctl = async (
    ...args: readonly string[]
  ): Promise<{ code: number | null; output: string }> => await bench.run("systemctl", ...args);

  let usual: readonly string[] = [];

  await context.test("start returns when the daemon is ready, not before", async () => {
    await bench.configure(config());
    let isBack = false;
    const started = systemctl("start", "baton").finally(() => {
      isBack = true;
    });
    // Whoever can write has a reader: the startup script runs.
    await bench.until(
      "the startup script",
      async () => (await bench.show("ActiveState")) === "activating",
    );
    assert.equal(isBack, false);
    await openGate(bench);
    const { code, output } = await started;
    assert.equal(code, 0, output);
    assert.equal((await status(bench)).engineAnswers, true);
    await bench.until("it owns the address", async () => await bench.owns());
    await bench.until(
      "systemd is notified",
      async () => (await bench.show("StatusText")) === "VI_1 MASTER",
    );
    usual = complaints(await bench.log());
  });

  await context.test(
    "reload returns when it is done, and fails when the file has errors",
    async () => {
      await bench.configure(config("no_such_keyword"));
      assert.notEqual((await systemctl("reload", "baton")).code, 0);
      assert.equal((await status(bench)).reloadedAt, undefined);
      await bench.configure(config());
      assert.equal((await systemctl("reload", "baton")).code, 0);
      assert.notEqual((await status(bench)).reloadedAt, undefined);
      assert.equal(await bench.show("ActiveState"), "active");
    },
  );

  await deaths(context, bench);

  await context.test("stop leaves nothing behind", async () => {
    assert.equal((await systemctl("stop", "baton")).code, 0);
    assert.equal(await bench.show("ActiveState"), "inactive");
    assert.equal(await bench.owns(), false);
    const { output } = await bench.run("ps", "ax", "-o", "args");
    assert.doesNotMatch(output, /opt\/baton/);
  });

  await context.test("a file with errors is not tried again", async () => {
    await bench.configure(config("vrrp_instance V2 {"));
    assert.notEqual((await systemctl("start", "baton")).code, 0);
    assert.equal(await bench.show("ActiveState"), "failed");
    assert.equal(await bench.show("NRestarts"), "0");
  });

  await context.test("the limits of hardening.conf allow everything the daemon does", async () => {
    await bench.sh(`cp /opt/baton/examples/systemd/hardening.conf /run/units/baton.service.d/
      systemctl daemon-reload; : >${LOG}`);
    await bench.configure(config());
    const started = systemctl("start", "baton");
    await openGate(bench);
    assert.equal((await started).code, 0);
    await bench.until("it owns the address", async () => await bench.owns());
    const [instance] = (await status(bench)).instances;
    assert.equal(instance?.state, "MASTER");
    assert.equal((await systemctl("stop", "baton")).code, 0);
    // What this machine's kernel does not have is missing without the limits too.
    const more = complaints(await bench.log()).filter((line) => !usual.includes(line));
    assert.deepEqual(more, []);
  });
});
