import assert from "node:assert/strict";
import { test } from "node:test";
import { readManager, SystemManager } from "#daemon/system-manager";
import { OK, type Outcome } from "#vrrp/engine/world";

test("the watchdog is fed twice as often as it asks, if it asks this process", () => {
  const options = (env: Readonly<Record<string, string>>): ReturnType<typeof readManager> =>
    readManager(env, 42);
  const socket = "/run/systemd/notify";
  assert.deepEqual(
    options({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: "10000000", WATCHDOG_PID: "42" }),
    {
      socket,
      watchdogMicros: 10_000_000,
    },
  );
  assert.equal(
    options({ WATCHDOG_USEC: "10000000", WATCHDOG_PID: "41" }).watchdogMicros,
    undefined,
  );
  assert.equal(options({ WATCHDOG_USEC: "soon" }).watchdogMicros, undefined);
  const send = (): typeof OK => OK;
  assert.equal(
    new SystemManager({ socket, watchdogMicros: 10_000_000, send }).watchdogMilliseconds,
    5_000,
  );
  assert.equal(
    new SystemManager({ socket: undefined, watchdogMicros: 10_000_000, send }).watchdogMilliseconds,
    undefined,
  );
});

test("a status is sent when it changes, on one line; a reload with its time", () => {
  const sent: string[] = [];
  const send = (_: string, message: string): typeof OK => {
    sent.push(message);
    return OK;
  };
  const manager = new SystemManager({ socket: "@x", watchdogMicros: undefined, send });
  manager.status(() => "VI_1 MASTER\nREADY=1");
  manager.status(() => "VI_1 MASTER\nREADY=1");
  manager.alive();
  manager.reloading();
  assert.equal(sent.length, 2);
  assert.equal(sent[0], "STATUS=VI_1 MASTER READY=1");
  assert.match(sent[1] ?? "", /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
});

test("of a thousand changes at once the first few are sent, and the last a moment later", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const sent: string[] = [];
  const send = (_: string, message: string): typeof OK => {
    sent.push(message);
    return OK;
  };
  const manager = new SystemManager({ socket: "@x", watchdogMicros: undefined, send });
  for (let count = 1; count <= 1_000; count++) manager.status(() => `${count} MASTER`);
  const first = [1, 2, 3, 4].map((count) => `STATUS=${count} MASTER`);
  assert.deepEqual(sent, first);
  context.mock.timers.tick(100);
  context.mock.timers.tick(1_000);
  assert.deepEqual(sent, [...first, "STATUS=1000 MASTER"]);
  for (let count = 1; count <= 10; count++) manager.status(() => `${count} MASTER`);
  manager.stopping();
  assert.deepEqual(sent.slice(-2), ["STATUS=10 MASTER", "STOPPING=1"]);
});

test("a full socket: states are sent again in their order until it takes them, other errors are final", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let errno: string | undefined = "EAGAIN";
  const sent: string[] = [];
  const send = (_: string, message: string): Outcome => {
    if (errno !== undefined) return { ok: false, errno, call: "sendto" };
    sent.push(message.split("\n")[0] ?? "");
    return OK;
  };
  const manager = new SystemManager({ socket: "@x", watchdogMicros: undefined, send });
  manager.status(() => "waits");
  manager.ready();
  manager.reloading();
  manager.ready();
  context.mock.timers.tick(1_000);
  assert.equal(sent.length, 0);
  errno = undefined;
  context.mock.timers.tick(100);
  assert.deepEqual(
    sent.filter((one) => !one.startsWith("STATUS")),
    ["READY=1", "RELOADING=1", "READY=1"],
  );
  assert.ok(sent.includes("STATUS=waits"));
  errno = "ECONNREFUSED";
  manager.stopping();
  errno = undefined;
  context.mock.timers.tick(1_000);
  assert.ok(!sent.includes("STOPPING=1"));
});
