/** The sub-second lease on a real kernel: who answers for a guarded address, and for how long. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { now } from "#linux/clock";
import { type NftGuard, openNftGuard } from "#linux/nft-guard";
import { must, mustDo } from "#linux/result";
import { after, fromMillis, type Instant, toMillis } from "#units/time";
import { address, type Cable, layCable, virtual } from "../support/linux-net.ts";
import { Probe } from "../support/linux-probe.ts";

const VIP = "192.0.2.100";
const BOTH = { echo: true, arp: true };
const NEITHER = { echo: false, arp: false };
const PATIENCE = 200;

function setUp(): { cable: Cable; guard: NftGuard; probe: Probe; [Symbol.dispose](): void } {
  const cable = layCable();
  const { left, right } = cable;
  mustDo(left.rtnetlink.setAddress(left.link.index, virtual(VIP), 0));
  const guard = left.namespace.within(() => must(openNftGuard()));
  const probe = new Probe(right, left, address(VIP));
  return {
    cable,
    guard,
    probe,
    [Symbol.dispose]() {
      probe[Symbol.dispose]();
      guard[Symbol.dispose]();
      cable[Symbol.dispose]();
    },
  };
}

test("an address is silent from `open` on, answers while prolonged, and freely after `close`", () => {
  using it = setUp();
  assert.deepEqual(it.probe.answers(PATIENCE), BOTH, "unguarded");
  mustDo(it.guard.open([address(VIP)]));
  assert.deepEqual(it.probe.answers(PATIENCE), NEITHER, "guarded, never prolonged");
  mustDo(it.guard.prolong([address(VIP)], 60_000));
  assert.deepEqual(it.probe.answers(PATIENCE), BOTH, "prolonged");
  mustDo(it.guard.prolong([address(VIP)], 0));
  assert.deepEqual(it.probe.answers(PATIENCE), NEITHER, "a lease of nothing ends at once");
  mustDo(it.guard.close([address(VIP)]));
  assert.deepEqual(it.probe.answers(PATIENCE), BOTH, "closed");
});

test("a lease of 500 ms is silent after 500 ms, for echo and for ARP, and not before", (t) => {
  using it = setUp();
  mustDo(it.guard.open([address(VIP)]));
  const began = now();
  mustDo(it.guard.prolong([address(VIP)], 500));
  const ended = now();
  const until = after(ended, fromMillis(800));
  while (now() < until) {
    it.probe.ask();
    it.probe.listen(after(now(), fromMillis(5)));
  }
  // A timer tick at 250 Hz is 4 ms, and a question takes its way. Judged by when it was sent, whatever the machine's speed.
  const tick = fromMillis(12);
  for (const kind of ["echo", "arp"] as const) {
    const asked = it.probe.questions.filter((one) => one.kind === kind);
    const early = asked.filter((one) => one.sentAt < after(began, fromMillis(500)) - tick);
    const late = asked.filter((one) => one.sentAt > after(ended, fromMillis(500)) + tick);
    assert.ok(early.length > 0 && late.length > 0, `${kind}: asked before and after`);
    if (kind === "echo") {
      assert.deepEqual(
        early.filter((one) => one.answeredAt === undefined),
        [],
        "too early",
      );
    }
    assert.deepEqual(
      late.filter((one) => one.answeredAt !== undefined),
      [],
      `${kind}: too late`,
    );
    const last = asked.findLast((one) => one.answeredAt !== undefined);
    t.diagnostic(
      `${kind}: last answered question ${toMillis(((last?.sentAt ?? 0) - ended) as never)} ms after`,
    );
  }
});

test("prolonging again and again leaves no gap", () => {
  using it = setUp();
  mustDo(it.guard.open([address(VIP)]));
  let promised: Instant = now();
  const until = after(now(), fromMillis(1_000));
  while (now() < until) {
    const began = now();
    mustDo(it.guard.prolong([address(VIP)], 200));
    // A machine that stalls here for longer than the lease has lost it: then the promise is broken, not the guard.
    if (began > promised && promised > 0) it.probe.questions.length = 0;
    promised = after(began, fromMillis(190));
    it.probe.ask();
    it.probe.listen(after(now(), fromMillis(2)));
  }
  it.probe.listen(after(now(), fromMillis(PATIENCE)));
  const echoes = it.probe.questions.filter((one) => one.kind === "echo");
  assert.ok(echoes.length > 50);
  assert.deepEqual(
    echoes.filter((one) => one.answeredAt === undefined),
    [],
  );
});
