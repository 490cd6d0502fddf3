import assert from "node:assert/strict";
import { test } from "node:test";
import { arrivals } from "#lab/network/impair";
import { createRng } from "#units/rng";
import { gratuitousArp } from "#vrrp/wire/arp";
import { A, arpFrame, B, bench, C, ipFrame, later, T0, VIP } from "./harness.ts";

const packet = (tag = 0): Uint8Array =>
  ipFrame({
    fromMac: A.mac,
    source: A.address,
    destination: B.address,
    payload: Uint8Array.of(tag, 0, 0, 0),
  });
const tagOf = (frame: Uint8Array): number => frame[34] ?? -1;
const claim = (guest: typeof A): Uint8Array => arpFrame(gratuitousArp(guest.mac, VIP, "request"));

test("faults of ports: a delay holds frames back until their time, in order", () => {
  const one = bench();
  one.fault(B, { delayMicros: 20_000 });
  one.receive(A.port, packet(1), T0);
  one.receive(A.port, packet(2), later(5));
  assert.deepEqual(one.sent, []);
  assert.equal(one.fabric.deadline(), later(20));
  one.fabric.onTime(later(19));
  assert.deepEqual(one.sent, []);
  one.fabric.onTime(later(30));
  assert.deepEqual(
    one.sent.map(({ frame }) => tagOf(frame)),
    [1, 2],
  );
  assert.equal(one.fabric.deadline(), undefined);
});

test("faults of ports: a frame under way is what it was when it was sent", () => {
  const one = bench();
  one.fault(B, { delayMicros: 1_000 });
  const frame = packet(1);
  one.receive(A.port, frame);
  frame.fill(0xff);
  one.fabric.onTime(later(1));
  assert.equal(tagOf(one.sent[0]?.frame ?? new Uint8Array()), 1);
});

test("faults of ports: jitter stays within its bounds, and reordering lets some overtake", () => {
  const rng = createRng(3);
  const fault = { delayMicros: 10_000, jitterMicros: 5_000 };
  for (let count = 0; count < 500; count++) {
    const [at = T0] = arrivals(fault, 1, rng, T0);
    assert.ok(at >= later(10) && at <= later(15), `${at}`);
  }
  const overtaking = { delayMicros: 10_000, reorder: 0.3 };
  const early = Array.from({ length: 1000 }, () => arrivals(overtaking, 1, rng, T0)[0]).filter(
    (at) => at === T0,
  ).length;
  assert.ok(early > 230 && early < 370, `${early}`);
});

test("faults of ports: loss and duplication happen as often as asked for, and only to the protocol named", () => {
  const rng = createRng(11);
  const count = (fault: object, protocol: number): number =>
    Array.from({ length: 2000 }, () => arrivals(fault, protocol, rng, T0).length).reduce(
      (sum, one) => sum + one,
      0,
    );
  const lost = 2000 - count({ loss: 0.25, onlyProtocol: 112 }, 112);
  assert.ok(lost > 420 && lost < 580, `${lost}`);
  assert.equal(count({ loss: 0.25, onlyProtocol: 112 }, 6), 2000);
  assert.equal(count({ loss: 1 }, 6), 0);
  assert.equal(count({ duplicate: 1 }, 6), 4000);
});

test("faults of ports: the same seed is the same fault", () => {
  const row = (seed: number): readonly number[] => {
    const rng = createRng(seed);
    return Array.from({ length: 20 }, () => arrivals({ jitterMicros: 1_000 }, 1, rng, T0)).flat();
  };
  assert.deepEqual(row(5), row(5));
  assert.notDeepEqual(row(5), row(6));
});

test("faults of ports: cut and one-way ports lose exactly their direction", () => {
  const reached = (faultOfA: object, faultOfB: object): readonly number[] => {
    const one = bench();
    one.fault(A, faultOfA);
    one.fault(B, faultOfB);
    one.receive(A.port, packet());
    const back = { fromMac: B.mac, source: B.address, destination: A.address };
    one.receive(B.port, ipFrame(back));
    const other = { fromMac: C.mac, source: C.address, destination: B.address };
    one.receive(C.port, ipFrame(other));
    return one.ports();
  };
  assert.deepEqual(reached({}, {}), [B.port, A.port, B.port]);
  assert.deepEqual(reached({ cut: true }, {}), [B.port]);
  assert.deepEqual(reached({ cutFrom: true }, {}), [A.port, B.port]);
  assert.deepEqual(reached({ cutTo: true }, {}), [B.port, B.port]);
  assert.deepEqual(reached({}, { notHearing: [A.port] }), [A.port, B.port]);
});

test("faults of ports: a late port forwards nothing until its time, then everything", () => {
  const one = bench();
  one.fault(B, { lateMicros: 30_000 });
  one.receive(A.port, packet(), later(29));
  one.receive(A.port, packet(), later(30));
  assert.deepEqual(one.kinds(), ["port-not-forwarding"]);
  assert.deepEqual(one.ports(), [B.port]);
});

test("faults of ports: an ARP limit lets a burst through and then its rate", () => {
  const one = bench();
  one.fault(A, { arpPerSecond: 2, arpBurst: 3 });
  for (let count = 0; count < 5; count++) one.receive(A.port, claim(A), T0);
  assert.equal(one.claims.length, 3);
  assert.deepEqual(one.kinds(), ["claim-limited", "claim-limited"]);
  one.receive(A.port, claim(A), later(500));
  assert.equal(one.claims.length, 4);
});

test("faults of ports: swallowed claims never reach the control plane; all else goes on, and the end of the fault is the end", () => {
  const one = bench();
  one.fault(A, { swallowClaims: true });
  one.receive(A.port, claim(A));
  one.receive(A.port, packet());
  assert.deepEqual(one.claims, []);
  assert.deepEqual(one.kinds(), ["claim-swallowed"]);
  assert.deepEqual(one.ports(), [B.port]);
  one.fault(A, {});
  one.receive(A.port, claim(A));
  assert.equal(one.claims.length, 1);
});
