/** Work that many ask for is done once for all of them, after they asked, and not all the time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedWork, Turns } from "#daemon/shared-work";

/** Work that ends when the test says so, and a clock that a pause moves. */
function shared(milliseconds: number) {
  const one = { now: 1_000, begun: 0, pauses: [] as number[] };
  const ends: (() => void)[] = [];
  const turns = new Turns(
    () => one.now,
    (ms) => {
      one.pauses.push(ms);
      one.now += ms;
      return Promise.resolve();
    },
  );
  const work = new SharedWork(async () => {
    one.begun += 1;
    const mine = one.begun;
    await new Promise<void>((resolve) => ends.push(resolve));
    one.now += milliseconds;
    if (mine === 2) throw new Error("refused");
    return mine;
  }, turns);
  const end = (): void => ends.shift()?.();
  return { one, work, end, turns };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

test("who asks before it begins shares it, who asks later gets the next", async () => {
  const { one, work, end } = shared(4);
  const first = [work.get(), work.get()];
  await settle();
  assert.equal(one.begun, 1);
  const second = [work.get(), work.get(), work.get()];
  await settle();
  assert.equal(one.begun, 1);
  end();
  assert.deepEqual(await Promise.all(first), [1, 1]);
  await settle();
  assert.equal(one.begun, 2);
  end();
  const failed = await Promise.allSettled(second);
  assert.deepEqual(
    failed.map(({ status }) => status),
    ["rejected", "rejected", "rejected"],
  );
  // What failed for some is tried again for the next.
  const third = work.get();
  await settle();
  end();
  assert.equal(await third, 3);
});

test("it takes a fifth of the time at most, and nobody waits longer than half a second", async () => {
  for (const [milliseconds, pause] of [
    [4, 16],
    [200, 500],
  ] as const) {
    const { one, work, end } = shared(milliseconds);
    const first = work.get();
    await settle();
    end();
    await first;
    const second = work.get();
    await settle();
    assert.deepEqual(one.pauses, [pause]);
    end();
    await assert.rejects(second);
    one.now += 10_000;
    const third = work.get();
    await settle();
    assert.deepEqual(one.pauses, [pause]);
    end();
    await third;
  }
});

test("works of the same turns: one after the other, and a fifth of the time together", async () => {
  const { one, work, end, turns } = shared(4);
  let others = 0;
  const other = new SharedWork(() => Promise.resolve((others += 1)), turns);
  const first = work.get();
  const second = [other.get(), other.get()];
  await settle();
  assert.deepEqual([one.begun, others], [1, 0], "it waits for the one that runs");
  end();
  assert.equal(await first, 1);
  assert.deepEqual(await Promise.all(second), [1, 1]);
  assert.deepEqual(one.pauses, [16], "and for the pause after it");
});
