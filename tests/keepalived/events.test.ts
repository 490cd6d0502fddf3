/** `events { … }`: how much of what happened is kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { boundsOf } from "#daemon/event-bounds";
import { DEFAULT_BOUNDS } from "#events/bounds";
import { readConfiguration } from "#keepalived/read";
import { showEffective } from "#keepalived/show";

const read = (lines: string) => readConfiguration([{ name: "a", text: `events {\n${lines}\n}\n` }]);
const codes = (lines: string): readonly string[] =>
  read(lines)
    .findings.map(({ code }) => code)
    .filter((code) => code.startsWith("VR209"));

test("without the block, and with an empty one, the defaults count", () => {
  const none = readConfiguration([{ name: "a", text: "" }]).plan;
  assert.equal(none.events, undefined);
  assert.deepEqual(boundsOf(none), DEFAULT_BOUNDS);
  assert.deepEqual(boundsOf(read("").plan), DEFAULT_BOUNDS);
});

test("each limit in its units; off", () => {
  const { plan } = read("keep 2w\nmax_size 1G\nmax_entries 5000");
  assert.deepEqual(boundsOf(plan), { hours: 336, bytes: 1_073_741_824, entries: 5_000 });
  assert.equal(boundsOf(read("keep 12h").plan)?.hours, 12);
  assert.equal(boundsOf(read("keep 12h\noff").plan), undefined);
  assert.deepEqual(codes("keep 36500d\nmax_size 16G\nmax_entries 10000000\noff"), []);
});

test("what is no limit, or is out of range, is refused and does not count", () => {
  for (const line of [
    "keep 400",
    "keep 0d",
    "keep 36501d",
    "keep -1d",
    "keep 1y",
    "max_size 64",
    "max_size 0M",
    "max_size 17G",
    "max_size 64MB",
    "max_entries 999",
    "max_entries 10000001",
    "max_entries 1e5",
  ]) {
    assert.deepEqual(codes(line), ["VR2090"], line);
    assert.deepEqual(boundsOf(read(line).plan), DEFAULT_BOUNDS, line);
  }
});

test("`config show --effective` has what counts", () => {
  const shown = (lines: string): readonly string[] => {
    const { plan, model } = read(lines);
    return showEffective(plan, model)
      .filter(({ title }) => title === "events")
      .flatMap(({ values }) => values.map(({ keyword, value }) => `${keyword} ${value}`.trim()));
  };
  assert.deepEqual(shown("keep 12h"), ["keep 12h", "max_size 64M", "max_entries 100000"]);
  assert.deepEqual(shown("off"), ["off"]);
});
