/** `auth_hmac`: what counts of the block, and that nothing is run without signatures by mistake. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { comparePair } from "#keepalived/pair";
import { type Reading, readConfiguration } from "#keepalived/read";
import { showEffective } from "#keepalived/show";
import type { KeyFile } from "#keepalived/values/key-file";

const HEX = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
const TEXT = "thirty-two letters make one key.";

interface Parts {
  readonly more?: string;
  readonly globals?: string;
  readonly files?: Readonly<Record<string, KeyFile>>;
}

function read(lines: string, { more = "", globals = "", files }: Parts = {}): Reading {
  const text = `global_defs {\n${globals}\n}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  ${more}
  auth_hmac {
    ${lines}
  }
  virtual_ipaddress {
    10.0.0.100/24
  }
}\n`;
  const absent: KeyFile = { kind: "refused", error: "ENOENT" };
  const options = files === undefined ? {} : { keyFile: (path: string) => files[path] ?? absent };
  return readConfiguration([{ name: "a.conf", text }], options);
}

const signingOf = ({ plan }: Reading) => plan.instances[0]?.config.signing;
const codesOf = ({ findings }: Reading): readonly string[] =>
  findings.map(({ code }) => code).filter((code) => code !== "VR3006");
const keyOf = (reading: Reading): string | undefined =>
  signingOf(reading)?.keys[0]?.secret.reveal();
const ACTIVE = "\nactive_key 1";

test("a key is text, hexadecimal digits, or in a file; the end of a line there is none of it", () => {
  const hex = HEX.toLowerCase();
  assert.equal(keyOf(read(`key 1 hex:${HEX}${ACTIVE}`)), hex);
  const bytes = Buffer.from(TEXT).toString("hex");
  assert.equal(keyOf(read(`key 1 "${TEXT}"${ACTIVE}`)), bytes);
  const file = (text: string): Parts => ({ files: { "/k": { kind: "text", text, mode: 0o600 } } });
  assert.equal(keyOf(read(`key 1 file:/k${ACTIVE}`, file(`hex:${HEX}\r\n`))), hex);
  const fromFile = read(`key 1 file:/k${ACTIVE}`, file(`${TEXT}\n`));
  assert.equal(keyOf(fromFile), bytes);
  assert.deepEqual([fromFile.wouldRun, codesOf(fromFile)], [true, []]);
});

test("what is not written is as keepalived has it: three advertisements, at least 5 s", () => {
  const key = `key 1 hex:${HEX}${ACTIVE}`;
  const { keys: _, ...defaults } = signingOf(read(key)) ?? assert.fail();
  assert.deepEqual(defaults, { active: 1, mode: "enforce", antiReplay: "time", window: 5 });
  assert.equal(signingOf(read(key, { more: "advert_int 4" }))?.window, 12);
  const all = read(`${key}\nmode permissive\nanti_replay monotonic\ntime_window 9`);
  const { keys: _1, ...written } = signingOf(all) ?? assert.fail();
  const wanted = { active: 1, mode: "permissive", antiReplay: "monotonic", window: 9 };
  assert.deepEqual(written, wanted);
});

test("strict mode enforces, and no password is sent beside a signature", () => {
  const key = `key 1 hex:${HEX}${ACTIVE}`;
  const strict = read(`${key}\nmode permissive`, { globals: "vrrp_strict" });
  assert.equal(signingOf(strict)?.mode, "enforce");
  const more = "authentication {\nauth_type PASS\nauth_pass 1111\n}";
  const both = read(key, { more });
  assert.equal(both.plan.instances[0]?.config.authentication, undefined);
  assert.deepEqual(codesOf(both), ["VR2133"]);
});

test("without a key to sign with nothing is run, also with --compat", () => {
  const files = {
    "/short": { kind: "text", text: "too short", mode: 0o600 },
  } as const satisfies Parts["files"];
  const cases: readonly (readonly [string, string])[] = [
    ["", "VR2132"],
    ["active_key 1", "VR2132"],
    [`key 1 hex:${HEX}`, "VR2132"],
    [`key 1 hex:${HEX}\nactive_key 2`, "VR2132"],
    [`key 0 hex:${HEX}${ACTIVE}`, "VR2130"],
    [`key one hex:${HEX}${ACTIVE}`, "VR2130"],
    [`key 256 hex:${HEX}${ACTIVE}`, "VR2130"],
    [`key 1 hex:${HEX}0${ACTIVE}`, "VR2130"],
    [`key 1 hex:${HEX}xy${ACTIVE}`, "VR2130"],
    [`key 1 short${ACTIVE}`, "VR2130"],
    [`key 1 ${"x".repeat(65)}${ACTIVE}`, "VR2130"],
    [`key 1 ${"é".repeat(32)}${ACTIVE}`, "VR2130"],
    [`key 1 file:/short${ACTIVE}`, "VR2130"],
    [`key 1 file:/absent${ACTIVE}`, "VR5005"],
    [`key 1 file:relative${ACTIVE}`, "VR5005"],
  ];
  for (const [lines, code] of cases) {
    const reading = read(lines, { files });
    assert.deepEqual([codesOf(reading), reading.wouldRun], [[code], false], lines);
    assert.equal(signingOf(reading), undefined, lines);
  }
});

test("of two keys with one number the first counts; a file that others can read is reported", () => {
  const twice = read(`key 1 hex:${HEX}\nkey 1 "${TEXT}"${ACTIVE}`);
  assert.equal(keyOf(twice), HEX.toLowerCase());
  assert.deepEqual([codesOf(twice), twice.wouldRun], [["VR2131"], true]);
  for (const [mode, isWritable] of [
    [0o640, false],
    [0o602, true],
  ] as const) {
    const files = { "/k": { kind: "text", text: TEXT, mode } } as const;
    const open = read(`key 1 file:/k${ACTIVE}`, { files });
    const [found] = open.findings;
    assert.ok(found?.code === "VR5006");
    assert.equal(found.facts.isWritable, isWritable);
    assert.equal(open.wouldRun, true);
  }
});

test("no key is in a finding, in what is shown, or in the plan's JSON; a path may be", () => {
  const files = { "/etc/keepalived/k": { kind: "refused", error: "EACCES" } } as const;
  const lines = `key 1 "${TEXT}"\nkey 2 hex:${HEX}zz\nkey 3 file:/etc/keepalived/k${ACTIVE}`;
  const reading = read(lines, { files });
  const shown = JSON.stringify([
    reading.plan,
    reading.findings,
    reading.diagnostics,
    showEffective(reading.plan, reading.model),
    reading.sources.map(({ shown: text }) => text),
  ]);
  for (const secret of [TEXT, "letters", HEX, HEX.toLowerCase(), Buffer.from(TEXT).toString("hex")])
    assert.ok(!shown.includes(secret), secret);
  const file = reading.diagnostics.find(({ code }) => code === "VR5005");
  assert.match(file?.message ?? "", /`\/etc\/keepalived\/k`/);
});

test("what counts is shown", () => {
  const { plan, model } = read(`key 1 "${TEXT}"\nkey 7 hex:${HEX}\nactive_key 7`);
  const rows = showEffective(plan, model).flatMap(({ values }) => values);
  const row = rows.find(({ keyword }) => keyword === "auth_hmac");
  assert.equal(row?.value, "key 1, 7; active_key 7; mode enforce; anti_replay time; time_window 5");
});

test("a pair: each must accept what the other sends", () => {
  const key = (id: number, text = TEXT): string => `key ${id} "${text}"\nactive_key ${id}`;
  const two = `key 1 "${TEXT}"\nkey 2 hex:${HEX}`;
  const none = readConfiguration([
    {
      name: "b.conf",
      text: "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\npriority 90\nvirtual_ipaddress {\n10.0.0.100/24\n}\n}\n",
    },
  ]);
  const cases: readonly (readonly [Reading, Reading, string | undefined])[] = [
    [read(key(1)), read(key(1)), undefined],
    [read(`${two}\nactive_key 1`), read(`${two}\nactive_key 2`), undefined],
    [read(key(1)), read(`${two}\nactive_key 2`), "no-key"],
    [read(key(1)), read(key(1, TEXT.toUpperCase())), "other-key"],
    [read(key(1)), read(`${key(1)}\nmode receive-only`), "no-signature"],
    [read(`${key(1)}\nmode permissive`), read(`${key(1)}\nmode receive-only`), undefined],
    [read(`${key(1)}\nmode receive-only`), none, undefined],
    [read(key(1)), none, "one-only"],
    [read(`${key(1)}\nmode permissive`), none, "one-only"],
  ];
  for (const [first, second, differs] of cases)
    for (const [a, b] of [
      [first, second],
      [second, first],
    ] as const) {
      const found = comparePair(a, b).find(({ code }) => code === "VR2515");
      assert.equal(found?.code === "VR2515" ? found.facts.differs : undefined, differs);
    }
});
