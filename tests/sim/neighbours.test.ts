/** A simulated machine's table of MAC addresses does what Linux does, at Linux's times. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventQueue } from "#sim/event-queue";
import { Neighbours } from "#sim/neighbours";
import { runScenario } from "#sim/run";
import type { ScenarioFault } from "#sim/scenario";
import type { Frame } from "#sim/segment";
import { BROADCAST_MAC, type Mac } from "#units/address";
import { createRng } from "#units/rng";
import {
  ARP_FRAME_LENGTH,
  type Arp,
  arpReply,
  arpRequest,
  emitArp,
  parseArp,
} from "#vrrp/wire/arp";
import { instance, nodeAddress, SECOND, scenario } from "./small-scenario.ts";

const OWN_MAC = 0x02_00_00_00_00_10 as Mac;
const PEER_MAC = 0x02_00_00_00_00_11 as Mac;
const OWN = nodeAddress(0);
const PEER = nodeAddress(1);

const packet = (n: number): Uint8Array => Uint8Array.of(n);

/** One table; what it sends and drops is written down, with the second it did. */
class Bench {
  readonly queue = new EventQueue();
  readonly log: string[] = [];
  runs = true;
  readonly table = new Neighbours({
    queue: this.queue,
    rng: createRng(1),
    mac: OWN_MAC,
    address: OWN,
    runs: () => this.runs,
    isOurs: (address) => address === OWN,
    transmit: (frame) => this.#say(describe(frame)),
    dropped: (_, bytes) => this.#say(`drops ${bytes[0]}`),
    changed: () => {},
  });

  #say(text: string): void {
    this.log.push(`${this.queue.now / SECOND} ${text}`);
  }

  at(seconds: number): this {
    this.queue.runUntil(seconds * SECOND, () => false);
    return this;
  }

  hear(arp: Arp): void {
    const bytes = new Uint8Array(ARP_FRAME_LENGTH);
    emitArp(bytes, arp);
    this.table.receive({ from: PEER_MAC, to: arp.etherDestination, kind: "arp", bytes });
  }

  answer(): void {
    this.hear(arpReply(PEER_MAC, PEER, arpRequest(OWN_MAC, OWN, PEER)));
  }

  take(): readonly string[] {
    return this.log.splice(0);
  }
}

function describe({ kind, to, bytes }: Frame): string {
  const where = to === BROADCAST_MAC ? "all" : to === PEER_MAC ? "peer" : "?";
  if (kind === "vrrp") return `packet ${bytes[0]} to ${where}`;
  const parsed = parseArp(bytes);
  return parsed.kind === "arp" ? `${parsed.arp.operation} to ${where}` : "damaged";
}

test("nobody answers: three questions a second apart, then what waited is lost; the next packet begins again", () => {
  const bench = new Bench();
  bench.table.send(PEER, packet(1), 0);
  assert.ok(bench.table.isUnresolved(PEER));
  bench.at(2.5).table.send(PEER, packet(2), 0);
  bench.at(10);
  assert.ok(bench.table.isUnresolved(PEER));
  bench.table.send(PEER, packet(3), 0);
  assert.deepEqual(bench.take(), [
    "0 request to all",
    "1 request to all",
    "2 request to all",
    "3 drops 1",
    "3 drops 2",
    "10 request to all",
  ]);
});

test("an answer lets go what waited, in order; more than the queue holds pushes the oldest out", () => {
  const bench = new Bench();
  assert.ok(!bench.table.isUnresolved(PEER), "nothing was sent to it yet");
  for (let n = 0; n < 279; n++) bench.table.send(PEER, packet(n % 256), 0);
  bench.at(0.5).answer();
  assert.ok(!bench.table.isUnresolved(PEER));
  const said = bench.take();
  assert.deepEqual(said.slice(0, 4), [
    "0 request to all",
    "0 drops 0",
    "0 drops 1",
    "0.5 packet 2 to peer",
  ]);
  assert.equal(said.length, 3 + 277);
  bench.at(5).table.send(PEER, packet(9), 0);
  assert.deepEqual(bench.take(), ["5 packet 9 to peer"]);
});

test("an old entry is doubted for 5 s, then asked three times itself, and is used all the while", () => {
  const bench = new Bench();
  bench.table.send(PEER, packet(1), 0);
  bench.answer();
  bench.take();
  bench.at(46).table.send(PEER, packet(2), 0);
  bench.at(53.5).table.send(PEER, packet(3), 0);
  assert.ok(!bench.table.isUnresolved(PEER));
  bench.at(60);
  assert.ok(bench.table.isUnresolved(PEER));
  assert.deepEqual(bench.take(), [
    "46 packet 2 to peer",
    "51 request to peer",
    "52 request to peer",
    "53 request to peer",
    "53.5 packet 3 to peer",
  ]);
});

test("who asks us is answered and known, and doubted with the first packet to it", () => {
  const bench = new Bench();
  bench.table.send(PEER, packet(1), 0);
  bench.at(0.5).hear(arpRequest(PEER_MAC, PEER, OWN));
  bench.at(10);
  assert.deepEqual(bench.take(), ["0 request to all", "0.5 packet 1 to peer", "0.5 reply to peer"]);
  bench.table.send(PEER, packet(2), 0);
  bench.at(15.5).answer();
  bench.at(30);
  assert.deepEqual(bench.take(), ["10 packet 2 to peer", "15 request to peer"]);
});

test("a question to somebody else updates whom we know, and makes us know nobody", () => {
  const bench = new Bench();
  bench.hear(arpRequest(PEER_MAC, PEER, nodeAddress(2)));
  bench.table.send(PEER, packet(1), 0);
  assert.ok(bench.table.isUnresolved(PEER));
  bench.hear(arpRequest(PEER_MAC, PEER, nodeAddress(2)));
  assert.ok(!bench.table.isUnresolved(PEER));
  assert.deepEqual(bench.take(), ["0 request to all", "0 packet 1 to peer"]);
});

test("without carrier the table is empty and nothing is asked; a machine that stands still asks when it goes on", () => {
  const bench = new Bench();
  bench.table.send(PEER, packet(1), 0);
  bench.at(0.5).table.clear();
  bench.at(5);
  assert.deepEqual(bench.take(), ["0 request to all", "0.5 drops 1"]);
  bench.table.send(PEER, packet(2), 0);
  bench.runs = false;
  bench.at(9);
  bench.runs = true;
  bench.table.thaw();
  assert.deepEqual(bench.take(), ["5 request to all", "9 request to all"]);
});

test("a kernel answers for a machine when its daemon is dead, and not for one that is paused", () => {
  // The owner loses its table in a flap while the other machine's daemon does not run.
  const one = (what: "kill-all" | "pause"): readonly string[] => {
    const failure: ScenarioFault =
      what === "pause"
        ? { kind: "pause", at: 4 * SECOND, machine: 0, micros: 5 * SECOND, clock: "runs" }
        : { kind: "kill-all", at: 4 * SECOND, machine: 0, micros: 5 * SECOND };
    const flap: ScenarioFault = { kind: "link-flap", at: 5 * SECOND, machine: 1, micros: 100_000 };
    const { violations, trace } = runScenario(
      scenario([instance(0), instance(1)], { faults: [failure, flap] }),
      { trace: true },
    );
    assert.deepEqual(violations, []);
    return trace
      .filter(({ at, text }) => at > 5 * SECOND && at < 8.9 * SECOND && text.includes("10.0.0.11"))
      .map(({ text }) => text)
      .filter((text) => /asks for|knows|gives up/.test(text));
  };
  assert.deepEqual(one("kill-all"), ["machine 1 asks for 10.0.0.11", "machine 1 knows 10.0.0.11"]);
  assert.deepEqual(one("pause").slice(0, 2), [
    "machine 1 asks for 10.0.0.11",
    "machine 1 gives up 10.0.0.11",
  ]);
});

test("questions and answers are no announcements", () => {
  const { violations, trace } = runScenario(scenario([instance(0), instance(1)]), { trace: true });
  assert.deepEqual(violations, []);
  const announced = trace.filter(({ text }) => text.includes("announces"));
  assert.ok(trace.some(({ text }) => text.includes("asks for")));
  assert.ok(announced.length > 0);
  for (const { text } of announced) assert.match(text, /announces 10\.0\.0\.100$/);
});
