import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { EngineWatch } from "#daemon/engine-watch";
import { readManager, SystemManager } from "#daemon/system-manager";
import { wordsOf } from "#daemon/words";
import { OK } from "#vrrp/engine/world";
import { keepLog } from "../support/daemon-bench.ts";

/** Asks as fast as the mock clock is moved; `answers[i]` is the i-th answer, the last one for ever. */
async function watch(
  context: TestContext,
  answers: readonly boolean[],
  rounds: number,
): Promise<{ fed: number; killed: number; lines: string[] }> {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { log, lines } = keepLog();
  const seen = { fed: 0, killed: 0, lines };
  let asked = 0;
  const one = new EngineWatch({
    log,
    words: wordsOf("en"),
    milliseconds: 1_000,
    ask: async () => await Promise.resolve(answers[asked++] ?? answers.at(-1) ?? false),
    answers: () => void (seen.fed += 1),
    isUnresponsive: () => void (seen.killed += 1),
  });
  one.start();
  for (let i = 0; i < rounds; i++) {
    context.mock.timers.tick(1_000);
    await new Promise(setImmediate);
  }
  one.stop();
  return seen;
}

test("the manager is fed by answers, not by time", async (context) => {
  const { fed, killed } = await watch(context, [true, true, false, true], 4);
  assert.deepEqual({ fed, killed }, { fed: 3, killed: 0 });
});

test("one that does not answer is told, and killed only after many questions", async (context) => {
  const early = await watch(context, [true, ...Array<boolean>(14).fill(false)], 15);
  assert.equal(early.killed, 0);
  assert.equal(early.lines.length, 1);
});

test("one that never answers again is killed", async (context) => {
  const { killed, fed } = await watch(context, [false], 15);
  assert.deepEqual({ killed, fed }, { killed: 1, fed: 0 });
});

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

test("a status is told when it changes, on one line; a reload with its time", () => {
  const told: string[] = [];
  const send = (_: string, message: string): typeof OK => {
    told.push(message);
    return OK;
  };
  const manager = new SystemManager({ socket: "@x", watchdogMicros: undefined, send });
  manager.status("VI_1 MASTER\nREADY=1");
  manager.status("VI_1 MASTER\nREADY=1");
  manager.alive();
  manager.reloading();
  assert.equal(told.length, 2);
  assert.equal(told[0], "STATUS=VI_1 MASTER READY=1");
  assert.match(told[1] ?? "", /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
});
