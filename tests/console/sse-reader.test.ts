/** Event streams as they arrive: in any pieces. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SseReader } from "#console/base/sse-reader";

const STREAM =
  ': hello\n\nevent: status\ndata: {"a":1}\n\nid: 7\nevent: event\ndata: one\ndata: two\n\n' +
  "data:no space\r\n\r\nid: 8\nunknown: x\n\ndata: 中文\n\n";
const EVENTS = [
  { type: "status", data: '{"a":1}', id: undefined },
  { type: "event", data: "one\ntwo", id: "7" },
  { type: "message", data: "no space", id: undefined },
  { type: "message", data: "中文", id: undefined },
];

test("the same events, however the stream is cut", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length)), (cuts) => {
      const reader = new SseReader();
      const places = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length];
      const events = places
        .slice(1)
        .flatMap((end, index) => reader.read(STREAM.slice(places[index], end)));
      assert.deepEqual(events, EVENTS);
      assert.equal(reader.lastEventId, "8");
    }),
  );
});

test("what a broken connection left is not joined with the next", () => {
  const reader = new SseReader();
  assert.deepEqual(reader.read("data: half"), []);
  reader.restart();
  assert.deepEqual(reader.read("data: whole\n\n"), [
    { type: "message", data: "whole", id: undefined },
  ]);
});
