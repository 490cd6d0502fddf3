import assert from "node:assert/strict";
import { test } from "node:test";
import { O_CLOEXEC } from "#linux/abi";
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { Reactor } from "#linux/reactor";
import { after, fromMillis, type Instant, micros } from "#units/time";

const ONE = Uint8Array.of(1);

interface PipeEnds {
  readonly read: number;
  readonly write: number;
}

function openPipe(): PipeEnds {
  const ends = new Int32Array(2);
  assert.equal(libc.pipe2(ends, O_CLOEXEC), 0);
  return { read: ends[0] ?? -1, write: ends[1] ?? -1 };
}

class Pipes {
  readonly ends: PipeEnds[] = [];

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.ends.push(openPipe());
  }

  reader(place: number): number {
    return this.ends[place]?.read ?? -1;
  }

  fill(place: number): void {
    assert.equal(libc.write(this.ends[place]?.write ?? -1, ONE, 1), 1);
  }

  drain(place: number): void {
    assert.equal(libc.read(this.reader(place), new Uint8Array(1), 1), 1);
  }

  [Symbol.dispose](): void {
    for (const { read, write } of this.ends) {
      libc.close(read);
      libc.close(write);
    }
  }
}

test("handlers of what is readable are called in the order of registration, others not", () => {
  using pipes = new Pipes(3);
  const reactor = new Reactor();
  const called: number[] = [];
  for (const place of [2, 0, 1]) reactor.add(pipes.reader(place), () => called.push(place));
  pipes.fill(0);
  pipes.fill(2);
  reactor.wait(undefined);
  assert.deepEqual(called, [2, 0]);
  reactor.wait(undefined);
  assert.deepEqual(called, [2, 0, 2, 0], "still readable, called again");
});

test("a wait is never shorter than its deadline", () => {
  const reactor = new Reactor();
  for (const milliseconds of [0, 0.001, 0.25, 1, 3, 20]) {
    const until = after(now(), fromMillis(milliseconds));
    reactor.wait(until);
    assert.ok(now() >= until, `${milliseconds} ms`);
  }
});

test("a deadline that has passed looks once and returns", () => {
  using pipes = new Pipes(1);
  const reactor = new Reactor();
  let calls = 0;
  reactor.add(pipes.reader(0), () => (calls += 1));
  reactor.wait(after(now(), fromMillis(-1_000)));
  assert.equal(calls, 0);
  pipes.fill(0);
  reactor.wait(after(now(), fromMillis(-1_000)));
  assert.equal(calls, 1);
});

test("a handler that an earlier one removed is not called, though its descriptor was readable", () => {
  using pipes = new Pipes(3);
  const reactor = new Reactor();
  const called: number[] = [];
  reactor.add(pipes.reader(0), () => {
    called.push(0);
    reactor.remove(pipes.reader(1));
  });
  reactor.add(pipes.reader(1), () => called.push(1));
  reactor.add(pipes.reader(2), () => called.push(2));
  for (const place of [0, 1, 2]) pipes.fill(place);
  reactor.wait(undefined);
  assert.deepEqual(called, [0, 2]);
});

test("a handler added while others are called waits for the next turn", () => {
  using pipes = new Pipes(2);
  const reactor = new Reactor();
  const called: number[] = [];
  let isAdded = false;
  reactor.add(pipes.reader(0), () => {
    called.push(0);
    if (!isAdded) reactor.add(pipes.reader(1), () => called.push(1));
    isAdded = true;
  });
  pipes.fill(0);
  pipes.fill(1);
  reactor.wait(undefined);
  assert.deepEqual(called, [0]);
  reactor.wait(undefined);
  assert.deepEqual(called, [0, 0, 1]);
});

test("the other end's closing counts as readable", () => {
  const { read, write } = openPipe();
  const reactor = new Reactor();
  let calls = 0;
  reactor.add(read, () => (calls += 1));
  libc.close(write);
  reactor.wait(undefined);
  assert.equal(calls, 1);
  libc.close(read);
});

test("a descriptor that was closed but not removed is our mistake, not an endless loop", () => {
  const { read, write } = openPipe();
  const reactor = new Reactor();
  reactor.add(read, () => undefined);
  libc.close(read);
  libc.close(write);
  assert.throws(() => reactor.wait(after(now(), fromMillis(1))), /closed before it was removed/);
});

test("before a timer is fired everything readable is read, as long as that does not take too long", () => {
  using pipes = new Pipes(2);
  const reactor = new Reactor();
  const read = [0, 0];
  for (const place of [0, 1]) {
    reactor.add(pipes.reader(place), () => {
      pipes.drain(place);
      read[place] = (read[place] ?? 0) + 1;
    });
    for (let i = 0; i < 100; i++) pipes.fill(place);
  }
  assert.equal(
    reactor.drain(() => false, fromMillis(2)),
    false,
  );
  assert.deepEqual(read, [0, 0], "no timer is due");
  let time = 0;
  const isAll = reactor.drain(
    () => true,
    fromMillis(2),
    () => (time += 100) as Instant,
  );
  assert.deepEqual(read, [20, 20], "2 ms of this clock, both in turn");
  assert.equal(isAll, false, "some wait still");
  const isAllNow = reactor.drain(
    () => true,
    fromMillis(2),
    () => 0 as Instant,
  );
  assert.equal(isAllNow, true);
  assert.deepEqual(read, [100, 100], "everything, and then no waiting");
  assert.equal(reactor.wait(0 as Instant), false);
});

/** A reactor with a socket for packets and an urgent descriptor; its clock stands still. */
function coalescing(pipes: Pipes): {
  readonly reactor: Reactor;
  readonly calls: string[];
  readonly pass: (micros: number) => void;
  readonly leave: (more: boolean) => void;
} {
  let time = 1_000_000_000;
  const calls: string[] = [];
  let hasMore = false;
  const reactor = new Reactor(() => time as Instant);
  for (const [place, name] of ["packets", "urgent"].entries()) {
    const onReadable = (): boolean => {
      pipes.drain(place);
      calls.push(name);
      return hasMore;
    };
    if (name === "packets") reactor.addPackets(pipes.reader(place), onReadable);
    else reactor.add(pipes.reader(place), onReadable);
  }
  return {
    reactor,
    calls,
    pass: (micros) => void (time += micros),
    leave: (more) => void (hasMore = more),
  };
}

const SOON = 1_000_000_000_000 as Instant;

test("packets that keep coming wait a moment for others, unless a timer is due; urgent ones do not", () => {
  using pipes = new Pipes(2);
  const { reactor, calls, pass } = coalescing(pipes);
  const packets = (count: number): void => {
    for (let i = 0; i < count; i++) {
      pass(100);
      pipes.fill(0);
      reactor.wait(SOON);
    }
  };
  packets(17);
  assert.equal(calls.splice(0).length, 17, "each is read at once");
  pipes.fill(0);
  pipes.fill(1);
  reactor.wait(SOON);
  assert.deepEqual(calls.splice(0), ["urgent"]);
  reactor.wait(0 as Instant);
  assert.deepEqual(calls.splice(0), ["packets"], "a timer is due");
  pipes.fill(0);
  reactor.wait(SOON);
  assert.deepEqual(calls.splice(0), ["packets"], "after a real pause");
});

test("with a longer pause packets need not come as fast to be read together", () => {
  for (const [pause, together] of [
    [1_000, 0],
    [10_000, 1],
  ] as const) {
    using pipes = new Pipes(2);
    const { reactor, calls, pass } = coalescing(pipes);
    reactor.setPause(micros(pause));
    for (let i = 0; i < 17; i++) {
      pass(4_000);
      pipes.fill(0);
      reactor.wait(SOON);
    }
    assert.equal(calls.splice(0).length, 17);
    pipes.fill(0);
    pipes.fill(1);
    reactor.wait(SOON);
    assert.equal(calls.length, 2 - together, `a pause of ${pause} µs`);
  }
});

test("packets that have become rare are read at once again", () => {
  using pipes = new Pipes(2);
  const { reactor, calls, pass } = coalescing(pipes);
  for (let i = 0; i < 40; i++) {
    pass(5_000);
    pipes.fill(0);
    reactor.wait(SOON);
    pass(100);
    pipes.fill(0);
    pipes.fill(1);
    reactor.wait(SOON);
  }
  assert.deepEqual(
    calls,
    Array.from({ length: 40 }, () => ["packets", "urgent", "packets"]).flat(),
  );
});

test("urgent descriptors that are always readable do not keep packets from being read", () => {
  using pipes = new Pipes(2);
  const { reactor, calls, pass } = coalescing(pipes);
  for (let i = 0; i < 60; i++) {
    pass(200);
    pipes.fill(0);
    pipes.fill(1);
    reactor.wait(SOON);
  }
  const read = calls.filter((name) => name === "packets").length;
  assert.ok(read >= 16 + 4, `${read} times`);
});

test("where packets were left in the socket there is no pause: a flood does not fill it up", () => {
  using pipes = new Pipes(2);
  const { reactor, calls, pass, leave } = coalescing(pipes);
  leave(true);
  for (let i = 0; i < 60; i++) {
    pass(100);
    pipes.fill(0);
    pipes.fill(1);
    reactor.wait(SOON);
  }
  assert.equal(calls.filter((name) => name === "packets").length, 60);
});
