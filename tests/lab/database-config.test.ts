/** The files of examples/mysql, and what the laboratory makes of them. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { command as check } from "#cli/check";
import type { CommandIo } from "#command-line/io";
import { GATE_GRANTS } from "#lab/database/mariadb";
import { type DatabaseNode, exampleSettings, writeGate } from "#lab/measure/database-config";
import { redisKit, redisSettings } from "#lab/measure/kit-redis";

const example = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../examples/mysql", name), "utf8");

/** The lines of `a` that `b` has otherwise. */
function differences(a: string, b: string): readonly string[] {
  const other = b.split("\n");
  return a.split("\n").filter((line, index) => line !== other[index]);
}

test("the nodes' files differ in what is each node's own", () => {
  assert.deepEqual(differences(example("node-a.cnf"), example("node-b.cnf")).slice(1), [
    "server_id = 1",
  ]);
  const lines = differences(example("node-a.conf"), example("node-b.conf"));
  assert.deepEqual(
    lines.map((line) => line.trim()).filter((line) => !line.startsWith("!")),
    ["router_id db-a", "unicast_src_ip 172.16.0.16", "172.16.0.14", "peer 172.16.0.14:3306"],
  );
});

for (const database of ["mysql", "redis"]) {
  test(`${database}: \`baton check\` of both nodes has nothing but remarks`, async () => {
    const folder = join(import.meta.dirname, "../../examples", database);
    const files = ["a", "b"].map((node) => join(folder, `node-${node}.conf`));
    let output = "";
    const say = (text: string): void => {
      output += text;
    };
    const io: CommandIo = { stdout: say, stderr: say, env: {}, isTty: false };
    assert.equal(await check(["--lang", "en", "--json", ...files], io), 0, output);
    const { counts } = JSON.parse(output) as { readonly counts: object };
    assert.deepEqual(counts, { VR4005: 4 }, "what keepalived does not know, and nothing else");
  });
}

test("the example's account may do what the laboratory's may", () => {
  const grants = example("accounts.sql")
    .split("\n")
    .filter((line) => /^GRANT .*'baton'/.test(line));
  assert.deepEqual(
    grants,
    GATE_GRANTS.map((one) => `${one};`),
  );
});

test("the servers of the laboratory get the example's settings", () => {
  const settings = exampleSettings("b");
  assert.ok(settings.includes("--server_id=2"));
  assert.ok(settings.includes("--sync_binlog=1"));
  assert.ok(settings.includes("--rpl_semi_sync_master_wait_point=AFTER_SYNC"));
  assert.ok(settings.includes("--read_only=ON"));
});

test("Redis gets the example's settings, and the guides' pair no closed master", () => {
  const setting = (isGated: boolean, name: string): string | undefined => {
    const all = redisSettings(isGated);
    const place = all.indexOf(`--${name}`);
    return place < 0 ? undefined : all[place + 1];
  };
  assert.equal(setting(true, "appendfsync"), "always");
  assert.equal(setting(true, "min-replicas-to-write"), "1000000");
  assert.equal(setting(false, "min-replicas-to-write"), undefined);
  assert.equal(setting(false, "masterauth"), "change-me");
});

test("the laboratory runs Redis' example as it is; keepalived follows and promotes by scripts", () => {
  const folder = mkdtempSync(join(tmpdir(), "baton-test-"));
  try {
    const node: DatabaseNode = {
      name: "b",
      etc: folder,
      address: "172.16.0.14",
      peer: "172.16.0.16",
      virtualAddress: "172.16.0.135",
      detection: { intervalSeconds: 1, timeoutSeconds: 1, fall: 2 },
      isScripted: false,
      isSlow: false,
    };
    const text = readFileSync(
      join(import.meta.dirname, "../../examples/redis/node-b.conf"),
      "utf8",
    );
    assert.equal(redisKit.configure(node, "builtin"), text);
    assert.equal(statSync(join(folder, "redis.cnf")).mode & 0o777, 0o600);
    const guide = redisKit.configure(node, "none");
    assert.match(guide, /vrrp_script redis \{\n {4}script "\/etc\/keepalived\/check_redis\.sh"/);
    assert.match(guide, /track_script \{\n {8}redis\n/);
    const demote = readFileSync(join(folder, "demote.sh"), "utf8");
    assert.match(demote, /REPLICAOF 172\.16\.0\.16 6379$/m);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the laboratory runs the example's file, with the accounts beside it", () => {
  const folder = mkdtempSync(join(tmpdir(), "baton-test-"));
  try {
    const node: DatabaseNode = {
      name: "a",
      etc: folder,
      address: "172.16.0.16",
      peer: "172.16.0.14",
      virtualAddress: "172.16.0.135",
      detection: { intervalSeconds: 1, timeoutSeconds: 1, fall: 2 },
      isScripted: false,
      isSlow: false,
    };
    assert.equal(writeGate(node), example("node-a.conf"));
    assert.equal(statSync(join(folder, "mysql.cnf")).mode & 0o777, 0o600);
    const other = writeGate({
      ...node,
      detection: { intervalSeconds: 0.5, timeoutSeconds: 0.3, fall: 3 },
      isSlow: true,
    });
    assert.deepEqual(
      differences(other, example("node-a.conf"))
        .slice(0, 4)
        .map((line) => line.trim()),
      ["interval 0.5", "timeout 0.3", "fall 3", 'promote "/etc/keepalived/promote.sh" timeout 10'],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
