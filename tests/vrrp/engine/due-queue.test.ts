/** The heap of deadlines against a plain list. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Instant, instant } from "#units/time";
import { type Due, DueQueue, newDue } from "#vrrp/engine/due-queue";

interface Item {
  readonly due: Due;
}

test("first, set, remove and take agree with a sorted list, whatever the order of calls", () => {
  const at = fc.option(fc.integer({ min: 0, max: 20 }).map(instant), { nil: undefined });
  const command = fc.oneof(
    fc.record({ do: fc.constant("set" as const), which: fc.nat(39), at }),
    fc.record({
      do: fc.constant("remove" as const),
      which: fc.nat(39),
      at: fc.constant(undefined),
    }),
    fc.record({
      do: fc.constant("take" as const),
      // How many at the most.
      which: fc.nat(20),
      at: fc.nat(20).map(instant),
    }),
  );
  const property = fc.property(fc.array(command, { minLength: 60, maxLength: 300 }), (commands) => {
    const items: Item[] = Array.from({ length: 40 }, (_, order) => ({ due: newDue(order) }));
    const queue = new DueQueue<Item>();
    const model = new Map<number, Instant>();
    for (const { do: verb, which, at: when } of commands) {
      const item = items[which] as Item;
      if (verb === "take") {
        const now = when ?? instant(0);
        const wanted = [...model]
          .filter(([, due]) => due <= now)
          .toSorted(([a, x], [b, y]) => x - y || a - b)
          .map(([order]) => order)
          .slice(0, which);
        assert.deepEqual(
          queue.take(now, which).map(({ due }) => due.order),
          wanted,
        );
        for (const order of wanted) model.delete(order);
      } else if (verb === "remove" || when === undefined) {
        if (verb === "remove") queue.remove(item);
        else queue.set(item, undefined);
        model.delete(which);
      } else {
        queue.set(item, when);
        model.set(which, when);
      }
      const first = model.size === 0 ? undefined : Math.min(...model.values());
      assert.equal(queue.first(), first);
    }
  });
  fc.assert(property, { numRuns: 500 });
});
