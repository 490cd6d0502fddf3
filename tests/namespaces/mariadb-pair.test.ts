/**
 * The laboratory's MariaDB: the pair replicates semi-synchronously, and a server that was killed
 * comes back with its data, read-only.
 *
 * Needs: mariadbd
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { prepareMariaDb } from "#lab/database/mariadb";
import { makePair } from "#lab/database/mariadb-pair";
import type { StartProgram } from "#lab/database/program";
import { createNamespace, spawnIn } from "#linux/namespace";

const NEVER_MS = 3_600_000;

test("a pair acknowledges what both have, and a killed primary keeps its data", async () => {
  const folder = mkdtempSync(join(tmpdir(), "baton-mariadb-"));
  const template = join(folder, "template");
  prepareMariaDb(template);
  using namespace = createNamespace("db");
  const start: StartProgram = (argv, stdio) =>
    spawnIn(namespace, argv, { stdio, diesWithParent: true });
  const { primary, replica } = await makePair(
    [
      { template, folder: join(folder, "a"), serverId: 1, port: 13_301, start },
      { template, folder: join(folder, "b"), serverId: 2, port: 13_302, start },
    ],
    NEVER_MS,
  );
  try {
    await primary.query("CREATE TABLE app.t(id INT PRIMARY KEY)");
    await primary.query("INSERT INTO app.t VALUES(?)", [7]);
    const [semi] = await primary.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master_yes_tx'");
    assert.equal(semi?.["Value"], "2");
    await primary.kill();
    await primary.restart();
    const [row] = await primary.query("SELECT id, @@read_only AS isReadOnly FROM app.t");
    assert.deepEqual({ ...row }, { id: 7, isReadOnly: 1 });
  } finally {
    await Promise.all([primary.stop(), replica.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
});
