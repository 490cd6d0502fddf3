/** Answers that nobody takes: so many bytes of them, and for so long. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { Unsent, type UnsentOptions } from "#api/unsent";

class Response extends EventEmitter {
  isDestroyed = false;
  destroy(): void {
    this.isDestroyed = true;
    this.emit("close");
  }
}

interface Bench {
  readonly unsent: Unsent;
  readonly add: (bytes: number) => Response;
  readonly at: (now: number) => void;
}

function bench(options: UnsentOptions): Bench {
  let now = 0;
  const unsent = new Unsent({ clock: () => now, ...options });
  return {
    unsent,
    add: (bytes) => {
      const response = new Response();
      unsent.add(response, bytes);
      return response;
    },
    at: (next) => {
      now = next;
    },
  };
}

test("those that wait the longest make room for others; what was taken counts no more", () => {
  const { unsent, add } = bench({ most: 100 });
  const all = [add(40), add(40), add(20)];
  assert.equal(unsent.bytes, 100);
  all[1]?.emit("close");
  assert.equal(unsent.bytes, 60);
  const next = add(50);
  assert.deepEqual(
    [...all, next].map(({ isDestroyed }) => isDestroyed),
    [true, false, false, false],
  );
  assert.equal(unsent.bytes, 70);
  const huge = add(1_000);
  assert.deepEqual([next.isDestroyed, huge.isDestroyed], [true, false]);
  huge.emit("close");
  assert.equal(unsent.bytes, 0);
});

test("an answer that is not taken in time is dropped", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { unsent, add, at } = bench({ timeMs: 1_000 });
  const first = add(1);
  at(500);
  const second = add(1);
  at(1_000);
  context.mock.timers.tick(1_000);
  assert.deepEqual([first.isDestroyed, second.isDestroyed], [true, false]);
  at(2_000);
  context.mock.timers.tick(1_000);
  assert.ok(second.isDestroyed);
  assert.equal(unsent.bytes, 0);
});

test("when somebody cannot be let in, whoever has taken nothing for a moment goes", () => {
  const { unsent, add, at } = bench({});
  const first = add(1);
  at(1_500);
  const second = add(1);
  at(2_100);
  unsent.makeRoom();
  assert.deepEqual([first.isDestroyed, second.isDestroyed], [true, false]);
});
