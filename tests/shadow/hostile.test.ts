/** Whatever is observed, in whatever order: the shadow neither ends nor grows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfiguration } from "#keepalived/read";
import { planForCapture } from "#shadow/capture-plan";
import { type Observation, Shadow } from "#shadow/shadow";
import type { NodePlan } from "#shadow/shadow-node";
import { Summary } from "#shadow/summary";
import { ipv4, type Mac } from "#units/address";
import { createRng, type Rng } from "#units/rng";
import { type Instant, micros } from "#units/time";
import { A, arpOf, B, configText, packetOf, VIP } from "../support/shadow-timeline.ts";

const LINES = [
  [],
  ["nopreempt"],
  ["preempt_delay 2"],
  ["track_interface {", "eth1 weight -20", "}"],
] as const;

function planOf(rng: Rng, version: 2 | 3, own: typeof A) {
  const lines = LINES[rng.between(0, LINES.length - 1)] ?? [];
  const spec = { own, priority: rng.between(1, 255), version, lines } as const;
  const { plan } = readConfiguration([{ name: "x.conf", text: configText(spec) }], {});
  const instances = plan.instances.map(({ config }) => config);
  return planForCapture(instances, plan.groups, own);
}

/** Mostly advertisements of the pair, now and then anything. */
function draw(rng: Rng, version: 2 | 3, { links, addresses }: NodePlan): Observation {
  const from = rng.chance(0.9) ? (rng.chance(0.5) ? A : B) : ipv4(0xc0000200 + rng.between(0, 255));
  const priority = rng.chance(0.2) ? 0 : rng.between(0, 255);
  const interval = rng.chance(0.9) ? 1 : rng.between(1, 40);
  const said = { at: 0, from, priority, interval, version, multicast: true } as const;
  const [link] = links;
  const [address] = addresses;
  assert.ok(link && address);
  const packet = (bytes: Uint8Array): Observation => ({ kind: "vrrp", bytes, mac: 1 as Mac });
  switch (rng.between(0, 19)) {
    case 0: {
      const bytes = packetOf(said);
      for (let n = rng.between(1, 4); n > 0; n--)
        bytes[rng.between(0, bytes.length - 1)] = rng.between(0, 255);
      return packet(bytes);
    }
    case 1:
      return { kind: "arp", bytes: arpOf(said) };
    case 2:
      return { kind: "world", event: { kind: "link", link: { ...link, up: rng.chance(0.5) } } };
    case 3: {
      const virtual = rng.chance(0.7) ? { ...address, address: VIP } : address;
      const kind = rng.chance(0.5) ? "address" : "addressGone";
      return { kind: "world", event: { kind, address: virtual } };
    }
    case 4: {
      const since = rng.between(0, 1e9) as Instant;
      if (rng.chance(0.3)) return { kind: "daemon", state: "started", since };
      return { kind: "daemon", state: rng.chance(0.5) ? "found" : "ended" };
    }
    case 5:
      return { kind: "world", event: { kind: "resync", links, addresses } };
    case 6:
      return { kind: "world", event: { kind: "linkGone", index: link.index, name: link.name } };
    default:
      return packet(packetOf(said));
  }
}

test("observations of every kind in any order and at any time", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const rng = createRng(seed);
    const version = rng.chance(0.5) ? 2 : 3;
    const plan = planOf(rng, version, A);
    const summary = new Summary();
    let shown = 0;
    const shadow = new Shadow({
      tolerance: rng.chance(0.5) ? undefined : micros(rng.between(1_000, 500_000)),
      nodes: rng.chance(0.5) ? [plan] : [plan, planOf(rng, version, B)],
      report: (finding, isRepeated) => {
        summary.add(finding);
        if (!isRepeated) shown += 1;
      },
    });
    let at = 0;
    for (let count = 0; count < 400; count++) {
      at += rng.chance(0.01) ? rng.between(-5e6, 2e9) : rng.between(0, 1_500_000);
      shadow.observe(Math.max(0, at) as Instant, draw(rng, version, plan));
    }
    shadow.advance((at + 60_000_000) as Instant);
    assert.ok(summary.rows().length < 100, `seed ${seed}`);
    assert.ok(summary.examples.length <= 20 && shown < 4_000, `seed ${seed}`);
  }
});

test("a flood of one finding is counted, and shown some times a minute", () => {
  const { plan } = readConfiguration(
    [{ name: "x.conf", text: configText({ own: A, priority: 100, multicast: true }) }],
    {},
  );
  const instances = plan.instances.map(({ config }) => config);
  let [shown, all] = [0, 0];
  const shadow = new Shadow({
    tolerance: undefined,
    nodes: [planForCapture(instances, plan.groups, A)],
    report: (_, isRepeated) => {
      all += 1;
      if (!isRepeated) shown += 1;
    },
  });
  for (let count = 0; count < 3_000; count++) {
    const from = count % 2 === 0 ? A : B;
    const priority = count % 2 === 0 ? 100 : 200;
    const bytes = packetOf({ at: 0, from, priority, multicast: true });
    shadow.observe((count * 300_000) as Instant, { kind: "vrrp", bytes, mac: undefined });
  }
  assert.ok(all > 500, String(all));
  assert.ok(shown < all / 3, `${shown} of ${all}`);
});
