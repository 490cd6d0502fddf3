/** Two ARP questions before an unheard master's address is taken, and who counts as an answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, instant, micros } from "#units/time";
import { Instance } from "#vrrp/engine/instance";
import { Instances } from "#vrrp/engine/instances";
import { Interfaces } from "#vrrp/engine/interfaces";
import { Probes } from "#vrrp/engine/probes";
import type { AddressInfo, LinkInfo } from "#vrrp/engine/world";
import type { RouterEvent } from "#vrrp/router/event";
import { freshBackup } from "#vrrp/router/step";
import { instance } from "../../support/bench.ts";
import { ETH0, FakeWorld, ip, mac, own } from "../../support/fake-world.ts";

const OTHER = mac("02:00:00:00:00:99");
const VIP = ip("192.0.2.100");

class Setting {
  readonly world = new FakeWorld();
  readonly one: Instance;
  readonly probes: Probes;
  readonly applied: RouterEvent[] = [];
  now: Instant = instant(1_000_000);

  constructor(links: readonly LinkInfo[] = [ETH0], addresses: readonly AddressInfo[] = []) {
    const interfaces = new Interfaces();
    interfaces.reset(links, [own(2, "192.0.2.1"), ...addresses]);
    const instances = new Instances();
    this.one = new Instance(instance(), false, 0);
    this.one.interfaceIndex = 2;
    instances.replace([this.one]);
    this.probes = new Probes({ world: this.world, interfaces, instances });
    this.waits(1);
  }

  /** It is a backup that waits for this question's answer. */
  waits(run: number): void {
    const { config, state } = this.one;
    const phase = freshBackup(config.router, state, this.now, micros(0));
    const until = instant(this.now + 1_000_000);
    this.one.state = { ...state, phase: { ...phase, probing: { run, until } } };
  }

  begin(run = 1): readonly RouterEvent[] {
    const outcomes: RouterEvent[] = [];
    this.probes.begin(this.one, run, this.now, outcomes);
    return outcomes;
  }

  until(milliseconds: number): void {
    const end = 1_000_000 + milliseconds * 1_000;
    for (;;) {
      const due = this.probes.deadline();
      if (due === undefined || due > end) break;
      this.now = due;
      this.probes.onTime(this.stepper, due);
    }
    this.now = instant(end);
  }

  readonly stepper = {
    apply: (_: Instance, event: RouterEvent): void => void this.applied.push(event),
  };
}

const by = (who: "nobody" | "somebody", run = 1): RouterEvent => ({
  kind: "probeAnswered",
  run,
  by: who,
});

test("two questions within 60 ms, and then it is nobody's", () => {
  const a = new Setting();
  assert.deepEqual(a.begin(), []);
  assert.equal(a.world.take().length, 1);
  a.until(31);
  assert.equal(a.world.take().length, 1);
  assert.deepEqual(a.applied, []);
  a.until(60);
  assert.deepEqual(a.applied, [by("nobody")]);
  assert.equal(a.probes.isEmpty, true);
  assert.equal(a.world.take().length, 0);
});

test("whoever claims the address on its device is somebody, at once", () => {
  const a = new Setting();
  a.begin();
  a.probes.heard(a.stepper, 3, VIP, OTHER, a.now);
  a.probes.heard(a.stepper, 2, ip("192.0.2.101"), OTHER, a.now);
  a.probes.heard(a.stepper, 2, VIP, ETH0.mac, a.now);
  assert.deepEqual(a.applied, [], "another device, another address, this machine itself");
  a.probes.heard(a.stepper, 2, VIP, OTHER, a.now);
  assert.deepEqual(a.applied, [by("somebody")]);
  a.until(100);
  assert.equal(a.applied.length, 1);
});

test("an address that is on this machine is not asked for", () => {
  const a = new Setting([ETH0], [own(2, "192.0.2.100")]);
  assert.deepEqual(a.begin(), [by("nobody")]);
  assert.deepEqual(a.world.take(), []);
});

test("nor is one on a device without ARP, or on none", () => {
  assert.deepEqual(new Setting([{ ...ETH0, arp: false }]).begin(), [by("nobody")]);
  assert.deepEqual(new Setting([]).begin(), [by("nobody")]);
});

test("a router that has heard a master meanwhile gets no answer", () => {
  const a = new Setting();
  a.begin();
  a.waits(2);
  a.until(100);
  assert.deepEqual(a.applied, []);
  assert.equal(a.probes.isEmpty, true);
});

test("asked again, the earlier question is over", () => {
  const a = new Setting();
  a.begin();
  a.until(20);
  a.waits(2);
  a.begin(2);
  a.probes.heard(a.stepper, 2, VIP, OTHER, a.now);
  a.until(200);
  assert.deepEqual(a.applied, [by("somebody", 2)]);
});
