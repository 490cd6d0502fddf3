/** Why a migration is refused: each reason alone, and what `--accept` and `--compat` take away. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalSentence } from "#cli/migrate-text";
import type { Facts, InstanceFacts } from "#migrate/facts";
import { ACCEPTABLE, type Acceptable, type Refusal, refusalsOf } from "#migrate/refusals";

const BACKUP: InstanceFacts = {
  name: "VI_1",
  interface: "eth0",
  vrid: 51,
  priority: 50,
  intervalSeconds: 1,
  addresses: ["192.0.2.100"],
  owned: [],
  heard: [{ address: "192.0.2.1", priority: 100 }],
};
const OWNER: InstanceFacts = { ...BACKUP, owned: BACKUP.addresses, heard: [] };

const FACTS: Facts = {
  isRoot: true,
  hasSystemd: true,
  keepalived: {
    unit: "keepalived.service",
    hasUnit: true,
    isActive: true,
    isEnabled: true,
    mainPid: 7,
    version: "2.2.7",
    args: ["--dont-fork"],
    argsFrom: "process",
    argsAtNextStart: undefined,
    argsRefused: undefined,
    unitLines: [],
    strays: [],
    stoppedAlong: [],
  },
  baton: {
    unit: "baton.service",
    hasUnit: true,
    program: "/usr/bin/baton",
    isActive: false,
    isEnabled: false,
    runs: false,
  },
  configFile: "/etc/keepalived/keepalived.conf",
  instances: [BACKUP],
  balancing: [],
  checkStatus: 0,
  notListened: undefined,
};
const { keepalived, baton } = FACTS;

const refused = (
  facts: Partial<Facts>,
  accepted: readonly Acceptable[] = [],
  mayHaveErrors = false,
): readonly Refusal[] => refusalsOf({ ...FACTS, ...facts }, new Set(accepted), mayHaveErrors);

const CASES: readonly (readonly [Partial<Facts>, Refusal["kind"]])[] = [
  [{ isRoot: false }, "not-root"],
  [{ hasSystemd: false }, "no-systemd"],
  [{ keepalived: { ...keepalived, isActive: false } }, "no-keepalived"],
  [{ keepalived: { ...keepalived, isActive: false, strays: [9] } }, "outside-unit"],
  [{ keepalived: { ...keepalived, strays: [9] } }, "outside-unit"],
  [{ keepalived: { ...keepalived, version: "1.3.5" } }, "version"],
  [{ keepalived: { ...keepalived, argsRefused: "-s is not supported" } }, "arguments"],
  [{ baton: { ...baton, hasUnit: false, program: undefined } }, "no-baton-unit"],
  [{ baton: { ...baton, isActive: true } }, "baton-runs"],
  [{ baton: { ...baton, runs: true } }, "baton-runs"],
  [{ checkStatus: 4 }, "configuration"],
  [{ checkStatus: 5 }, "configuration"],
  [{ checkStatus: 1 }, "configuration"],
  [{ instances: [] }, "no-instances"],
  [{ balancing: ["virtual_server"] }, "load-balancing"],
  [{ instances: [{ ...OWNER, heard: BACKUP.heard }] }, "two-owners"],
  [{ instances: [OWNER] }, "owner"],
  [{ instances: [{ ...BACKUP, heard: [] }] }, "unheard"],
  [{ keepalived: { ...keepalived, stoppedAlong: ["haproxy.service"] } }, "stopped-along"],
];

test("a backup that hears the owner is not refused, nor are scripts that others can change", () => {
  assert.deepEqual(refused({}), []);
  assert.deepEqual(refused({ checkStatus: 6 }), []);
});

for (const [facts, kind] of CASES) {
  test(`refused: ${kind} (${JSON.stringify(facts).slice(0, 60)})`, () => {
    const isAcceptable = ACCEPTABLE.some((one) => one === kind);
    const found = refused(facts, kind === "two-owners" ? ["owner"] : []);
    assert.deepEqual(
      found.map((one) => one.kind),
      [kind],
    );
    for (const one of found) {
      for (const language of ["en", "zh-CN"] as const) {
        const sentence = refusalSentence(one, language);
        assert.ok(sentence.length > 10);
        // What may be accepted says how.
        assert.equal(sentence.includes(`--accept ${kind}`), isAcceptable);
      }
    }
    assert.equal(refused(facts, ACCEPTABLE).length, isAcceptable ? 0 : 1);
  });
}

test("errors of the file are accepted by --compat, a file that would not run is not", () => {
  assert.deepEqual(refused({ checkStatus: 5 }, [], true), []);
  assert.equal(refused({ checkStatus: 4 }, [], true).length, 1);
});
