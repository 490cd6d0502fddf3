/**
 * `npm start -- --mysql --quick` as a user has it: a MariaDB pair behind a HAVIP, a planned move
 * and a crash, clients that write all the time, and every acknowledged write is there afterwards.
 *
 * Needs: mariadbd, mariadb.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { DatabaseResult } from "#lab/measure/database-run";

const DEMO = fileURLToPath(new URL("../../src/lab/demo/demo-main.ts", import.meta.url));
const env = { ...process.env };
// The test itself may run in a sandbox; the demonstration makes its own.
Reflect.deleteProperty(env, "BATON_LAB_SANDBOX");

test("a database behind the HAVIP loses no acknowledged write", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-test-"));
  try {
    const json = join(folder, "results.json");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...process.execArgv, DEMO, "--mysql", "--quick", "--json", json, "--lang", "en"],
      { env, encoding: "utf8", timeout: 180_000 },
    );
    context.diagnostic(stdout);
    assert.equal(stderr, "");
    assert.equal(status, 0, stdout);
    const { results } = JSON.parse(readFileSync(json, "utf8")) as {
      readonly results: readonly DatabaseResult[];
    };
    assert.deepEqual(
      results.map(({ fault, before, after, problems }) => ({ fault, before, after, problems })),
      [
        { fault: "move", before: "a", after: "b", problems: [] },
        { fault: "server-kill", before: "a", after: "b", problems: [] },
      ],
    );
    for (const { acknowledged } of results) {
      assert.ok(acknowledged > 100, `only ${acknowledged} writes`);
    }
    assert.ok(results[0]?.isFollowed, "the former primary follows");
    assert.match(stdout, /every one of \d+ acknowledged writes was kept/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
