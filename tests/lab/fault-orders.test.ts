import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PortFault } from "#lab/network/impair";
import { printFaults, readFault } from "#lab/vpc/fault-orders";
import { readRule } from "#lab/vpc/security-rules";

const fault = (line: string) => readFault(line.split(" "));

describe("faults as people write them", () => {
  it("mean what they say", () => {
    const merged = (line: string) => {
      const order = fault(line);
      assert.equal(order.kind, "merge", line);
      return order.kind === "merge" ? order.fault : {};
    };
    assert.deepEqual(merged("delay 20ms 5ms"), { delayMicros: 20_000, jitterMicros: 5_000 });
    assert.deepEqual(merged("jitter 1.5s"), { jitterMicros: 1_500_000 });
    assert.deepEqual(merged("loss 10% vrrp"), { loss: 0.1, onlyProtocol: 112 });
    assert.deepEqual(merged("loss 0.5"), { loss: 0.5 });
    assert.deepEqual(merged("duplicate 100%"), { duplicate: 1 });
    assert.deepEqual(merged("reorder 5%"), { reorder: 0.05 });
    assert.deepEqual(merged("one-way from"), { cutFrom: true });
    assert.deepEqual(merged("one-way to"), { cutTo: true });
    assert.deepEqual(merged("late 30s"), { lateMicros: 30_000_000 });
    assert.deepEqual(merged("arp-limit 2 5"), { arpPerSecond: 2, arpBurst: 5 });
    assert.deepEqual(merged("swallow-claims"), { swallowClaims: true });
    assert.deepEqual(fault("apart b c"), { kind: "apart", others: ["b", "c"] });
    assert.deepEqual(fault("unplug"), { kind: "cable", plugged: false });
    assert.deepEqual(fault("heal"), { kind: "heal" });
  });

  it("are refused when they say nothing", () => {
    for (const line of [
      "",
      "dealy 20ms",
      "delay",
      "delay fast",
      "delay 5",
      "late 30",
      "delay 20ms 5",
      "delay 20ms never",
      "loss 110%",
      "loss -1",
      "loss 10% vrrrp",
      "loss 10% constructor",
      "one-way",
      "apart",
      "arp-limit many",
      "late",
    ]) {
      assert.equal(fault(line).kind, "wrong", line);
    }
  });
});

describe("faults that are set", () => {
  const names = new Map([
    [3, "b"],
    [4, "c"],
  ]);
  const print = (set: PortFault): readonly string[] => printFaults(set, (port) => names.get(port));

  it("are printed as they are written, and read back as the same", () => {
    for (const line of [
      "delay 20ms",
      "delay 20ms 5ms",
      "jitter 1.5s",
      "loss 7%",
      "loss 10% vrrp",
      "loss 0.25% 89",
      "duplicate 100%",
      "reorder 5%",
      "one-way from",
      "one-way to",
      "cut",
      "late 30s",
      "arp-limit 2 5",
      "arp-limit 2",
      "swallow-claims",
    ]) {
      const order = fault(line);
      assert.ok(order.kind === "merge", line);
      assert.deepEqual(print(order.fault), [line]);
    }
  });

  it("are one each, with the instances that are not heard by name", () => {
    assert.deepEqual(
      print({ delayMicros: 20_000, jitterMicros: 5_000, loss: 0.1, swallowClaims: true }),
      ["delay 20ms 5ms", "loss 10%", "swallow-claims"],
    );
    assert.deepEqual(print({ notHearing: [3, 4, 9] }), ["apart b c"]);
    assert.deepEqual(print({ notHearing: [9] }), []);
    assert.deepEqual(print({}), []);
  });
});

describe("rules as people write them", () => {
  it("mean what they say", () => {
    assert.deepEqual(readRule("tcp 80"), {
      protocol: 6,
      ports: { from: 80, to: 80 },
      source: undefined,
    });
    assert.deepEqual(readRule("vrrp from 172.16.0.0/24"), {
      protocol: 112,
      ports: undefined,
      source: { network: 0xac100000, prefix: 24 },
    });
    assert.deepEqual(readRule("any"), { protocol: undefined, ports: undefined, source: undefined });
  });

  it("are refused when they say nothing", () => {
    for (const line of [
      "",
      "http",
      "icmp 8",
      "tcp 90-80",
      "tcp 80 from here",
      "tcp 70000",
      "toString",
    ])
      assert.ok("en" in readRule(line), line);
  });
});
