/**
 * The samples that keepalived ships: where its documentation is installed, all of them are read
 * without a syntax error.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CODES } from "#diagnostics/codes";
import { printTree } from "#keepalived/lines/tree";
import { readConfiguration } from "#keepalived/read";

const folder = "/usr/share/doc/keepalived/samples";
const skip = existsSync(folder) ? false : `${folder} is not installed`;

/** keepalived -t complains of the same lines of these (2.2.7): the sample is wrong. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  "keepalived.conf.vrrp.lvs_syncd": ["VR1044"],
};

test("keepalived's own samples parse", { skip }, () => {
  const names = readdirSync(folder).filter((name) => name.startsWith("keepalived.conf."));
  assert.ok(names.length > 20);
  for (const name of names) {
    const source = { name, text: readFileSync(join(folder, name), "utf8") };
    const reading = readConfiguration([source], { cloud: "none" });
    const syntax = reading.findings
      .map(({ code }) => code)
      .filter((code) => code.startsWith("VR1") && CODES[code].severity === "error");
    assert.deepEqual(syntax, WRONG[name] ?? [], name);
    assert.equal(printTree(reading.trees[0] ?? { file: "", nodes: [] }), source.text);
  }
});
