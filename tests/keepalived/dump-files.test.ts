/** Keywords of the dump files: absolute paths, defaults, and what `config show` says of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DumpPlan } from "#keepalived/plan/run-plan";
import { type Reading, readConfiguration } from "#keepalived/read";
import { showEffective } from "#keepalived/show";

const read = (lines: string, root = ""): Reading =>
  readConfiguration([{ name: "a", text: `${root}\nglobal_defs {\n${lines}\n}\n` }]);

const dumps = (lines: string, root?: string): DumpPlan | undefined =>
  read(lines, root).plan.globals.dumps;

const codes = (lines: string): readonly string[] =>
  read(lines).findings.flatMap(({ code }) => (code === "VR2073" ? [code] : []));

test("nothing written: keepalived's defaults, and nothing in the plan", () => {
  assert.equal(dumps("json_version 1\ndata_use_instance off"), undefined);
  // Without a name there is nothing to use.
  assert.equal(dumps("data_use_instance"), undefined);
});

test("each keyword has its place in the plan", () => {
  assert.deepEqual(
    dumps(
      "state_dump_file /run/a\nstats_dump_file /run/b\njson_dump_file /run/c\njson_version 2\n" +
        "data_use_instance",
      "instance one/two",
    ),
    {
      stateFile: "/run/a",
      statsFile: "/run/b",
      jsonFile: "/run/c",
      jsonVersion: 2,
      instance: "one_two",
    },
  );
});

test("a path that is not absolute is an error, and the default counts", () => {
  for (const word of ["state_dump_file", "stats_dump_file", "json_dump_file"]) {
    assert.deepEqual(codes(`${word} keepalived.data`), ["VR2073"]);
    assert.deepEqual(codes(`${word} /run/keepalived.data`), []);
    assert.equal(dumps(`${word} keepalived.data`), undefined);
  }
});

test("`config show` has the values with the defaults beside them", () => {
  const { plan, model } = read("json_dump_file /run/c");
  const shown = showEffective(plan, model).find(({ title }) => title === "global_defs");
  assert.deepEqual(
    shown?.values.map(({ keyword, value, origin }) => [keyword, value, origin.kind]),
    [
      ["state_dump_file", "/tmp/keepalived.data", "default"],
      ["stats_dump_file", "/tmp/keepalived.stats", "default"],
      ["json_dump_file", "/run/c", "place"],
      ["json_version", "1", "default"],
    ],
  );
});
