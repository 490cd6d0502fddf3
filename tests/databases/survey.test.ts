/** What `baton check --live` says of a server's settings and of an account's rights. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Remark } from "#databases/port/database";
import { hbaRemarks, rightsRemarks, settingRemarks } from "#databases/postgresql/survey";
import { remarksOf } from "#databases/redis/survey";

const ROW = {
  account: "baton",
  rolsuper: "f",
  rolreplication: "t",
  monitor: "t",
  signal: "t",
  promote: "t",
  reload: "t",
  alter_system: "t",
  marks: "t",
  version: "150006",
  hints: "on",
  checksums: "off",
  commits: "on",
  early: null,
};
const PAIR = { sync: "required", peers: ["10.0.0.2"] } as const;
const english = (remarks: readonly Remark[]): readonly string[] =>
  remarks.map((one) => (one.kind === "server" ? `${one.why.en} | ${one.fix.en}` : one.kind));

test("Redis: snapshots alone, or nothing, are remarked; an append-only file is not", () => {
  assert.deepEqual(remarksOf("no", "3600 1"), [{ kind: "no-append-only-file", saves: "3600 1" }]);
  assert.deepEqual(remarksOf("no", undefined), [{ kind: "no-append-only-file", saves: "" }]);
  assert.deepEqual([...remarksOf("yes", ""), ...remarksOf(undefined, "3600 1")], []);
});

test("PostgreSQL: what an account lacks is granted by what the help says", () => {
  assert.deepEqual(rightsRemarks(ROW), []);
  const [none = ""] = english(rightsRemarks({ ...ROW, signal: "f", alter_system: "f" }));
  assert.match(none, /lacks rights that a promotion or a demotion needs \| at the primary/);
  assert.ok(none.includes('GRANT pg_signal_backend TO "baton"; GRANT ALTER SYSTEM ON PARAMETER'));
  assert.ok(!none.includes("pg_monitor"));
  assert.deepEqual(rightsRemarks({ ...ROW, rolsuper: "t", promote: "f" }), []);
  const [old = ""] = english(rightsRemarks({ ...ROW, version: "140010" }));
  assert.match(old, /no superuser.* \| .*ALTER ROLE "baton" SUPERUSER;/);
  const [quoted = ""] = english(rightsRemarks({ ...ROW, account: 'a"b', monitor: "f" }));
  assert.ok(quoted.includes('TO "a""b";'));
});

test("PostgreSQL: settings that lose what was acknowledged, unless nobody wants it kept", () => {
  assert.deepEqual(settingRemarks(ROW, PAIR), []);
  const early = settingRemarks({ ...ROW, commits: "off", early: "app batch" }, PAIR);
  assert.equal(early.length, 2);
  assert.match(english(early).join(), /synchronous_commit is off: .*local for app batch/);
  assert.deepEqual(settingRemarks({ ...ROW, commits: "off" }, { ...PAIR, sync: "off" }), []);
  const [rewind = ""] = english(settingRemarks({ ...ROW, hints: "off" }, PAIR));
  assert.match(rewind, /^neither wal_log_hints nor data checksums/);
  assert.deepEqual(settingRemarks({ ...ROW, hints: "off", checksums: "on" }, PAIR), []);
});

test("PostgreSQL: a peer that pg_hba.conf keeps out, and a line that is none", () => {
  const said = english(
    hbaRemarks([
      { peer: "10.0.0.2", line: null, error: null },
      { peer: "2001:db8::2", line: null, error: null },
      { peer: null, line: "7", error: "invalid authentication method" },
    ]),
  );
  assert.match(said[0] ?? "", /standby at 10\.0\.0\.2 .*repl 10\.0\.0\.2\/32 scram-sha-256/);
  assert.match(said[1] ?? "", /2001:db8::2\/128/);
  assert.match(said[2] ?? "", /^line 7 of pg_hba\.conf cannot be read: invalid/);
});
