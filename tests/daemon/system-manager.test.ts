import assert from "node:assert/strict";
import { test } from "node:test";
import { readManager, SystemManager } from "#daemon/system-manager";
import { OK } from "#vrrp/engine/world";

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
  manager.status("VI_1 MASTER\nREADY=1");
  manager.status("VI_1 MASTER\nREADY=1");
  manager.alive();
  manager.reloading();
  assert.equal(sent.length, 2);
  assert.equal(sent[0], "STATUS=VI_1 MASTER READY=1");
  assert.match(sent[1] ?? "", /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
});
