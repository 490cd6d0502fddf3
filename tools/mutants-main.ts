/**
 * Is every rule of the core held by a test? Breaks one at a time in a copy of the tree and runs the
 * suites until one fails: `npm run mutants -- [--only TEXT] [--check]`.
 *
 *   the supervisor's tests (tests/vrrp/supervisor), vectors and transcripts (tests/vrrp/router),
 *   turns of the engine (tests/vrrp/engine), then the exploration, the shortcuts and 300 seeds; the
 *   suite of the folder that was broken comes first
 *
 * `--check` only looks whether each text to be replaced is there. Exit status 1 if fewer than 95 %
 * were noticed.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { toolOptions } from "./tool-options.ts";

const root = join(import.meta.dirname, "..");
const TIMEOUT_MILLISECONDS = 180_000;
const WANTED = 0.95;

const values = toolOptions(import.meta.filename, {
  options: { only: { type: "string" }, check: { type: "boolean", default: false } },
});
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

interface Suite {
  readonly name: string;
  /** What it is about: then it comes first. */
  readonly about?: string;
  readonly args: readonly string[];
}

const SUITES: readonly Suite[] = [
  {
    name: "supervisor",
    about: "src/vrrp/supervisor/",
    args: [
      "--test",
      ...[
        "engine-life",
        "routers",
        "hand-over",
        "copies",
        "held-reload",
        "twins",
        "successor",
        "promotions",
        "properties",
      ].map((name) => `tests/vrrp/supervisor/${name}.test.ts`),
    ],
  },
  {
    name: "vectors",
    about: "src/vrrp/router/",
    args: ["--test", "tests/vrrp/router/vectors.test.ts"],
  },
  {
    name: "routers",
    about: "src/vrrp/router/",
    args: [
      "--test",
      "tests/vrrp/router/hear-again.test.ts",
      "tests/vrrp/router/lease.test.ts",
      "tests/vrrp/router/announcer.test.ts",
      "tests/vrrp/router/gate-explore.test.ts",
      "tests/vrrp/router/gate-reload.test.ts",
    ],
  },
  {
    name: "turns",
    about: "src/vrrp/engine/",
    args: [
      "--test",
      "tests/vrrp/engine/addresses.test.ts",
      "tests/vrrp/engine/crowd.test.ts",
      "tests/vrrp/engine/foreign-addresses.test.ts",
      "tests/vrrp/engine/gates.test.ts",
      "tests/vrrp/engine/gate-flow.test.ts",
      "tests/vrrp/engine/groups.test.ts",
      "tests/vrrp/engine/probes.test.ts",
      "tests/vrrp/engine/guard.test.ts",
      "tests/vrrp/engine/operator.test.ts",
      "tests/vrrp/engine/prepared-adverts.test.ts",
      "tests/vrrp/engine/repetition.test.ts",
      "tests/vrrp/engine/turn.test.ts",
      "tests/vrrp/router/advertise-again.test.ts",
      "tests/vrrp/router/properties.test.ts",
    ],
  },
  { name: "transcripts", args: ["--test", "tests/vrrp/router/transcripts.test.ts"] },
  { name: "exploration", args: ["--test", "tests/sim/explore.test.ts"] },
  { name: "gates", args: ["--test", "tests/sim/gate.test.ts"] },
  { name: "shortcuts", args: ["--test", "tests/sim/shortcuts.test.ts"] },
  { name: "seeds", args: ["tools/sim-main.ts", "--seeds", "300", "--no-shrink"] },
];

function mutate(mutant: Mutant, text: string): string {
  const parts = text.split(mutant.find);
  if (parts.length !== 2)
    throw new Error(
      `${mutant.file}: \`${mutant.find}\` occurs ${parts.length - 1} times (${mutant.rule})`,
    );
  return parts.join(mutant.replace);
}

/** Name of the suite that noticed, or undefined. */
function noticedBy(folder: string, file: string): string | undefined {
  const isAbout = ({ about }: Suite): boolean => about !== undefined && file.startsWith(about);
  const suites = [...SUITES.filter(isAbout), ...SUITES.filter((one) => !isAbout(one))];
  for (const { name, args } of suites) {
    const options = { cwd: folder, stdio: "ignore", timeout: TIMEOUT_MILLISECONDS } as const;
    if (spawnSync(process.execPath, [...args], options).status !== 0) return name;
  }
  return undefined;
}

function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), "mutants-"));
  for (const name of ["src", "tests", "tools", "package.json", "tsconfig.json"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

function run(mutants: readonly Mutant[]): number {
  const folder = copyTree();
  try {
    const before = noticedBy(folder, "");
    if (before !== undefined) {
      say(`${before} fails without any mutant; nothing can be learned`);
      return 1;
    }
    let noticed = 0;
    for (const mutant of mutants) {
      const path = join(folder, mutant.file);
      const text = readFileSync(path, "utf8");
      writeFileSync(path, mutate(mutant, text));
      const by = noticedBy(folder, mutant.file);
      writeFileSync(path, text);
      if (by !== undefined) noticed += 1;
      say(`${by === undefined ? "SURVIVED" : by.padEnd(12)} ${mutant.file}: ${mutant.rule}`);
    }
    say(
      `${noticed} of ${mutants.length} noticed (${((100 * noticed) / mutants.length).toFixed(0)} %)`,
    );
    return noticed >= WANTED * mutants.length ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const chosen = MUTANTS.filter(
  ({ rule, file }) => values.only === undefined || `${file} ${rule}`.includes(values.only),
);
for (const mutant of chosen) mutate(mutant, readFileSync(join(root, mutant.file), "utf8"));
if (values.check) say(`${chosen.length} mutants, each text found once`);
else process.exitCode = run(chosen);
