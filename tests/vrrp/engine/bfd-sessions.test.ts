/** BFD sessions in the engine: whom a packet is for, what routers hear, what is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { after, fromMillis, fromSeconds, type Instant, instant, type Micros } from "#units/time";
import type { ControlPacket } from "#vrrp/bfd/control-packet";
import { DATAGRAM_LENGTH, emitDatagram } from "#vrrp/bfd/datagram";
import type { SessionPlan } from "#vrrp/bfd/session-plan";
import { BfdSessions } from "#vrrp/engine/bfd-sessions";
import type { TrackerResult } from "#vrrp/engine/engine-link";
import { Instances } from "#vrrp/engine/instances";
import { Interfaces } from "#vrrp/engine/interfaces";
import { FakeWorld, ip } from "../../support/fake-world.ts";

const PLAN: SessionPlan = {
  name: "B",
  neighbor: ip("192.0.2.2"),
  source: ip("192.0.2.1"),
  minTx: fromMillis(50),
  minRx: fromMillis(50),
  idleTx: fromSeconds(1),
  multiplier: 3,
  isPassive: false,
  ttl: 255,
  maxHops: 0,
};

class Setting {
  readonly world = new FakeWorld();
  readonly results: TrackerResult[] = [];
  readonly sessions: BfdSessions;
  now: Instant = instant(5_000_000);

  constructor(plans: readonly SessionPlan[] = [PLAN]) {
    this.world.addBfd();
    const context = {
      world: this.world,
      interfaces: new Interfaces(),
      instances: new Instances(),
    };
    const keep = (result: TrackerResult): void => void this.results.push(result);
    this.sessions = new BfdSessions(context, { remember: keep, changed: keep });
    this.sessions.configure(plans, this.now);
  }

  /** Everything that is due within this time. */
  run(time: Micros): void {
    const until = after(this.now, time);
    for (;;) {
      const due = this.sessions.deadline();
      if (due === undefined || due > until) break;
      this.now = due;
      this.sessions.onTime(due);
    }
    this.now = until;
  }

  /** A packet of the neighbour. */
  hear(changes: Partial<ControlPacket> = {}, more: { from?: string; ttl?: number } = {}): void {
    const packet: ControlPacket = {
      state: "down",
      diagnostic: 0,
      isPoll: false,
      isFinal: false,
      isDemand: false,
      detectMultiplier: 3,
      myDiscriminator: 77,
      yourDiscriminator: 0,
      desiredMinTx: fromMillis(50),
      requiredMinRx: fromMillis(50),
      requiredMinEchoRx: fromMillis(0),
      ...changes,
    };
    const bytes = new Uint8Array(DATAGRAM_LENGTH);
    const source = ip(more.from ?? "192.0.2.2");
    const fields = { source, destination: ip("192.0.2.1"), ttl: more.ttl ?? 255 };
    emitDatagram(bytes, { ...fields, sourcePort: 50_000, id: 1 }, packet);
    this.sessions.packet(bytes, this.now);
  }

  get ours(): number {
    return this.world.bfdSent[0]?.packet.myDiscriminator ?? 0;
  }

  /** Comes up as two routers do. */
  comeUp(): void {
    this.run(fromMillis(1));
    this.hear();
    this.hear({ state: "init", yourDiscriminator: this.ours });
  }

  state(name = "B"): string | undefined {
    return this.sessions.snapshot().find((one) => one.name === name)?.state;
  }
}

test("down until it has come up, and down again when nothing comes", () => {
  const one = new Setting();
  assert.deepEqual(one.results, [{ kind: "bfd", name: "B", result: "down" }]);
  one.comeUp();
  assert.equal(one.state(), "up");
  assert.equal(one.results.at(-1)?.result, "up");
  one.run(fromSeconds(1));
  assert.deepEqual(
    one.results.map(({ result }) => result),
    ["down", "up", "down"],
  );
  const changes = one.world.emitted.flatMap((message) =>
    message.type === "session" ? [`${message.from} ${message.to} ${message.diagnostic}`] : [],
  );
  assert.deepEqual(changes, ["down init 0", "init up 0", "up down 1"]);
});

test("packets of others, of another session, or from behind a router change nothing", () => {
  const one = new Setting();
  one.comeUp();
  const before = one.sessions.snapshot()[0];
  const asUp = { state: "down", yourDiscriminator: one.ours } as const;
  one.hear(asUp, { from: "192.0.2.9" });
  one.hear(asUp, { ttl: 254 });
  one.hear({ ...asUp, yourDiscriminator: one.ours + 1 });
  one.sessions.packet(Uint8Array.of(0x45, 0), one.now);
  assert.equal(one.state(), "up");
  const seen = one.sessions.snapshot()[0];
  assert.equal(seen?.received, before?.received);
  assert.equal(seen?.refused, (before?.refused ?? 0) + 2);
  const far = new Setting([{ ...PLAN, maxHops: 1 }]);
  far.run(fromMillis(1));
  far.hear({}, { ttl: 254 });
  assert.equal(far.state(), "init", "one router in between is allowed");
});

test("a reload: the same session goes on with other intervals, one that is gone says so", () => {
  const one = new Setting();
  one.comeUp();
  const other: SessionPlan = { ...PLAN, name: "C", neighbor: ip("192.0.2.3") };
  one.sessions.configure([{ ...PLAN, minTx: fromMillis(200) }, other], one.now);
  assert.equal(one.state(), "up");
  assert.equal(one.state("C"), "down");
  one.hear({ state: "up", yourDiscriminator: one.ours });
  one.run(fromMillis(60));
  assert.ok(one.world.bfdSent.some(({ packet }) => packet.isPoll));
  one.world.bfdSent.length = 0;
  one.sessions.configure([other], one.now);
  assert.deepEqual(
    one.world.bfdSent.map(({ packet }) => [packet.state, packet.diagnostic]),
    [["admin-down", 7]],
  );
  one.sessions.configure([], one.now);
  assert.deepEqual(one.world.take(), ["bfd open", "bfd close"]);
  assert.equal(one.sessions.deadline(), undefined);
});

test("a port that another program has is tried again, and reported", () => {
  const world = new Setting([]);
  world.world.bfdOpenError = "EADDRINUSE";
  world.sessions.configure([PLAN], world.now);
  assert.deepEqual(world.world.takeEmitted(), [
    { type: "sessionsClosed", errno: "EADDRINUSE", call: "bind" },
  ]);
  world.run(fromSeconds(4));
  assert.equal(world.world.bfdSent.length, 0, "nothing is sent over a port that is not open");
  world.world.bfdOpenError = undefined;
  world.run(fromSeconds(3));
  assert.ok(world.world.bfdSent.length > 0);
  assert.equal(world.world.emitted.length, 0);
});

test("what cannot be sent is reported once a minute", () => {
  const one = new Setting();
  one.world.bfdSendError = "ENETUNREACH";
  one.run(fromSeconds(100));
  const reports = one.world.emitted.filter(({ type }) => type === "sessionUnsent");
  assert.equal(reports.length, 2);
});

test("at a stop the neighbour hears that it is on purpose", () => {
  const one = new Setting();
  one.comeUp();
  one.world.bfdSent.length = 0;
  one.sessions.stop(one.now);
  assert.equal(one.world.bfdSent[0]?.packet.state, "admin-down");
  assert.equal(one.sessions.isEmpty, true);
});
