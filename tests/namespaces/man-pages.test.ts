/**
 * The manual pages as their readers read them: without a warning, within the columns of a
 * terminal, and found by whatis(1).
 *
 * Needs: mandoc, groff, lexgrog
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { textWidth } from "#diagnostics/render/width";
import { manPages } from "../../tools/man-pages.ts";
import { makeFolder } from "../support/daemon-bench.ts";

const COLUMNS = 80;

function run(program: string, ...args: readonly string[]): string {
  const ran = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  assert.equal(`${ran.error?.message ?? ""}${ran.stderr}`, "", `${program} ${args.join(" ")}`);
  assert.equal(ran.status, 0, ran.stdout);
  return ran.stdout;
}

test("mandoc and groff have nothing to complain about, and no line is too long", async (context) => {
  const folder = makeFolder(context).path;
  const files = (await manPages("2026-11-30")).map(({ path, text }) => {
    const file = join(folder, path.replaceAll("/", "-"));
    writeFileSync(file, text);
    return file;
  });
  assert.equal(run("mandoc", "-T", "lint", "-W", "warning", ...files), "");
  for (const file of files) {
    const shown = run(
      "groff",
      "-ww",
      "-K",
      "utf8",
      "-man",
      "-T",
      "utf8",
      "-P-cbou",
      `-rLL=${COLUMNS}n`,
      file,
    );
    const lines = shown.split("\n");
    assert.ok(lines.length > 15, file);
    assert.deepEqual(
      lines.filter((line) => textWidth(line) > COLUMNS),
      [],
      file,
    );
    assert.ok(!shown.includes("\\"), file);
    const [, name = ""] = /(baton[\w.-]*)\.\d$/.exec(file) ?? [];
    assert.ok(run("lexgrog", file).includes(`"${name} - `), file);
  }
});
