import assert from "node:assert/strict";
import { test } from "node:test";
import { LINES_IN_A_MINUTE, PacketLog } from "#daemon/packet-log";
import type { Language } from "#diagnostics/diagnostic";
import { ipv4, type Mac } from "#units/address";
import type { FromEngine } from "#vrrp/engine/engine-link";
import type { Report } from "#vrrp/router/event";
import { keepLog } from "../support/daemon-bench.ts";

type Message<T extends FromEngine["type"]> = Extract<FromEngine, { readonly type: T }>;

const MINUTE = 60_000;
const from = ipv4(0x0a000001);

function bench(language: Language = "en") {
  const { log, lines } = keepLog();
  let now = 0;
  let waiting: { readonly at: number; readonly what: () => void }[] = [];
  const packets = new PacketLog(
    log,
    language,
    () => now,
    (what) => void waiting.push({ at: now + MINUTE, what }),
  );
  return {
    packets,
    take: (): string[] => lines.splice(0),
    pass: (milliseconds: number): void => {
      now += milliseconds;
      const due = waiting.filter(({ at }) => at <= now);
      waiting = waiting.filter(({ at }) => at > now);
      for (const { what } of due) what();
    },
  };
}

const drop = (instance: string, kind: "bad-type" | "bad-checksum"): Message<"drop"> => ({
  type: "drop",
  instance,
  drop: kind === "bad-type" ? { kind, type: 2 } : { kind, found: 1, expected: 2 },
  from,
  count: 1,
});

const report = (instance: string, one: Report): Message<"report"> => ({
  type: "report",
  instance,
  report: one,
});

test("a flood of refusals at a thousand instances: some lines, then one that counts the others", () => {
  const { packets, take, pass } = bench();
  for (let turn = 0; turn < 2; turn++)
    for (let n = 0; n < 1_000; n++) packets.drop(drop(`VI_${n}`, "bad-checksum"));
  assert.equal(take().length, LINES_IN_A_MINUTE);
  // Another kind is something else, and is not hidden by it.
  packets.drop(drop("VI_7", "bad-type"));
  assert.match(take().join(), /^warning: \(VI_7\) packet from 10\.0\.0\.1/);
  pass(MINUTE - 1);
  assert.deepEqual(take(), []);
  pass(1);
  const left = 2_000 - LINES_IN_A_MINUTE;
  assert.deepEqual(take(), [
    `warning: bad-checksum: ${left} more lines of the last minute, about 1000 virtual routers, are left out; baton status --json counts for each instance`,
  ]);
  // The next minute is like the first.
  packets.drop(drop("VI_1", "bad-checksum"));
  assert.equal(take().length, 1);
  pass(MINUTE);
  assert.deepEqual(take(), [], "nothing was left out");
});

test("unknown routers are bounded together, and what is left out is counted at the end", () => {
  const { packets, take } = bench("zh-CN");
  for (let vrid = 1; vrid <= 255; vrid++)
    packets.unknownVrid({ type: "unknownVrid", interface: "eth0", vrid, from, count: 1 });
  assert.equal(take().length, LINES_IN_A_MINUTE);
  packets.end();
  const left = 255 - LINES_IN_A_MINUTE;
  assert.deepEqual(take(), [
    `warning: unknown-vrid：最近一分钟内另有 ${left} 行未记录，涉及 ${left} 个虚拟路由器；各实例的计数见 baton status --json`,
  ]);
  packets.end();
  assert.deepEqual(take(), []);
});

test("reports are bounded too, but not that nobody owns an address", () => {
  const { packets, take, pass } = bench();
  const names = Array.from({ length: 300 }, (_, n) => `VI_${n}`);
  for (const name of names) packets.report(report(name, { kind: "own-address-heard", from }));
  assert.equal(take().length, LINES_IN_A_MINUTE);
  const claim = { kind: "address-claimed", address: from, mac: 2 as Mac } as const;
  for (const name of names) packets.report(report(name, claim));
  assert.equal(take().length, LINES_IN_A_MINUTE);
  for (const name of names) packets.report(report(name, { kind: "stalled-as-backup", micros: 1 }));
  assert.equal(take().length, names.length);
  pass(MINUTE);
  assert.equal(take().length, 2, "a line about each kind of which some were left out");
});

test("the same report of an instance is logged once a minute", () => {
  const { packets, take, pass } = bench();
  const heard = report("VI_1", { kind: "own-address-heard", from });
  packets.report(heard);
  packets.report(heard);
  assert.equal(take().length, 1);
  pass(MINUTE);
  packets.report(heard);
  assert.equal(take().length, 1);
});
