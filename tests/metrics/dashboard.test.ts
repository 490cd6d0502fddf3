/**
 * packaging/grafana/baton.json is what tools/grafana-dashboard.ts prints (`UPDATE=1` writes it),
 * and it names only families that there are. A real Prometheus evaluates it elsewhere.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FAMILIES } from "#metrics/catalogue";
import { EXPRESSIONS, printDashboard } from "../../tools/grafana-dashboard.ts";

const ROOT = join(import.meta.dirname, "../..");
const FILE = join(ROOT, "packaging/grafana/baton.json");
const RULES = join(ROOT, "packaging/prometheus/baton.rules.yml");

test("the file is what the code prints", () => {
  if (process.env["UPDATE"] === "1") writeFileSync(FILE, printDashboard());
  assert.equal(readFileSync(FILE, "utf8"), printDashboard(), "UPDATE=1 writes it anew");
});

test("panels do not lie over each other, and none has the number of another", () => {
  const { panels } = JSON.parse(printDashboard()) as {
    panels: readonly {
      id: number;
      gridPos: { x: number; y: number; w: number; h: number };
    }[];
  };
  const taken = new Set<string>();
  for (const { gridPos } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x}/${y}`), `${x}/${y} twice`);
        taken.add(`${x}/${y}`);
      }
  }
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
});

/** Names of series in an expression or a rule. */
const seriesIn = (text: string): readonly string[] =>
  [...text.matchAll(/\b(?:baton|keepalived)_[a-z_]+\b/g)].map(([name]) => name);

test("dashboard and rules name only series that there are, with labels that they have", () => {
  const known = new Map(
    FAMILIES.flatMap(({ name, type, labels }) =>
      type === "histogram"
        ? ["_bucket", "_sum", "_count"].map((end) => [`${name}${end}`, labels] as const)
        : [[name, labels] as const],
    ),
  );
  const rules = readFileSync(RULES, "utf8").split("\n");
  const ruleLines = rules.filter((line) => /^ +(?:expr:|or |max by|min by)/.test(line));
  const all = [...EXPRESSIONS, ...ruleLines].flatMap(seriesIn);
  assert.ok(all.length > 45, `only ${all.length}`);
  const unknown = all.filter((name) => !known.has(name));
  assert.deepEqual(unknown, []);
  const set = new Set(["job", "instance", "cluster", "le"]);
  for (const text of [...EXPRESSIONS, ...ruleLines]) {
    for (const [, name = "", inner = ""] of text.matchAll(/\b(baton_[a-z_]+)\{([^}]*)\}/g)) {
      const used = [...inner.matchAll(/(\w+)(?==|!=)/g)].map(([label]) => label);
      const missing = used.filter(
        (one) => !set.has(one) && known.get(name)?.includes(one) !== true,
      );
      assert.deepEqual(missing, [], `${name}: ${text}`);
    }
  }
});
