import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { collectionsIn } from "#linux/collection-trace";

const TRACE = [
  "[22923:0x1ab30000]       21 ms: Scavenge 5.0 (6.0) -> 4.6 (7.0) MB, pooled: 0 MB, 1.10 / 0.00 ms  (average mu = 1.000, current mu = 1.000) allocation failure; ",
  "[22923:0x1ab30000]       63 ms: Mark-Compact (reduce) 20.3 (30.3) -> 16.1 (49.0) MB, pooled: 0 MB, 18.50 / 0.00 ms  (average mu = 0.695, current mu = 0.695) testing; GC in old space requested",
  "[22923:0x1ab30000]      250 ms: Scavenge (interleaved) 16.1 (49.0) -> 16.1 (49.0) MB, 0.1 / 0.0 ms  (+ 0.4 ms in 11 steps since start of marking, biggest step 0.2 ms, walltime since start of marking 86 ms) testing; ",
  "",
].join("\n");

test("V8's lines: kind and pause", () => {
  assert.deepEqual(collectionsIn(TRACE), [
    { kind: "Scavenge", micros: 1_100 },
    { kind: "MarkCompact", micros: 18_500 },
    { kind: "Scavenge", micros: 100 },
  ]);
  assert.deepEqual(collectionsIn("ms: \n[1:0x2] 3 ms: Marking -> 1 MB\nnothing\n"), []);
});

/** Its output says what it counted: first with the pipe empty, then after more than fits in it. */
const PROGRAM = `
const { openCollectionTrace } = await import(${JSON.stringify(new URL("../../src/linux/collection-trace.ts", import.meta.url).href)});
const opened = openCollectionTrace();
const take = opened.value;
const collect = (times) => {
  for (let i = 0; i < times; i++) globalThis.gc({ type: "minor" });
};
const counted = [];
take();
collect(3);
counted.push(take().length);
globalThis.gc();
counted.push(take().filter(({ kind }) => kind === "MarkCompact").length, take().length);
collect(2000);
const many = take();
counted.push(many.length > 100 && many.length < 2000);
take();
collect(3);
counted.push(take().length);
console.error(JSON.stringify({ counted, whole: many.every(({ kind, micros }) => kind === "Scavenge" && micros >= 0) }));
`;

test("the collections of a process, each once; a full pipe loses some and delays nothing", () => {
  const flags = ["--disable-warning=ExperimentalWarning", "--expose-gc", "--single-threaded-gc"];
  const argv = [...flags, "--input-type=module", "-e", PROGRAM];
  const { stderr, stdout } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  assert.deepEqual(JSON.parse(stderr), { counted: [3, 1, 0, true, 3], whole: true });
  assert.equal(stdout, "");
});
