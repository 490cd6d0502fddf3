/**
 * `npm run test:package`: the package of this source tree on a fresh Debian, under systemd, with
 * apt and without a network: installed on a pair of machines, broken in every way while a client
 * asks every millisecond, upgraded, removed, purged.
 *
 *   --cache FOLDER  where the fresh Debian is kept (default /var/cache/baton-test)
 *   --runs N        of each fault (default 3)
 *   --seed N        decides the phases (default 1)
 *   --report FILE   the table, for people
 *
 * The first time debootstrap fetches some 90 MB; everything after that needs no network.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { printMarkdownTable, printTextTable } from "#lab/measure/table";
import {
  explainRefusal,
  isInsideSandbox,
  probeSandbox,
  runSelfInSandbox,
  scratchFolder,
} from "#lab/sandbox/sandbox";
import { createRng } from "#units/rng";
import { whyNoMachine } from "../tests/namespaces/systemd-machine.ts";
import {
  breakInstalled,
  complaints,
  faultTable,
  INSTALLED_FAULTS,
  type SeenFault,
} from "../tests/support/installed-faults.ts";
import { lifeOfPackage } from "../tests/support/installed-life.ts";
import { bootPair, type Seen } from "../tests/support/installed-pair.ts";
import { makeDeb } from "./package/deb.ts";
import { make } from "./package/make.ts";
import { installTools, missingTools } from "./setup.mjs";
import { toolOptions, wholeNumber } from "./tool-options.ts";

const root = join(import.meta.dirname, "..");
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const RELEASE = "bookworm";
/** Without it debootstrap would not look at signatures. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const PACKAGES = "systemd,systemd-sysv,iproute2,nftables,procps";

const values = toolOptions(import.meta.filename, {
  options: {
    cache: { type: "string", default: "/var/cache/baton-test" },
    runs: { type: "string", default: "3" },
    seed: { type: "string", default: "1" },
    report: { type: "string" },
  },
});
const runs = wholeNumber("runs", values.runs);
const random = createRng(wholeNumber("seed", values.seed)).real;

/** The folder of a fresh Debian; undefined if it cannot be made here. */
function freshDebian(): string | undefined {
  const tree = join(resolve(values.cache), RELEASE);
  if (existsSync(tree)) return tree;
  if (missingTools(["debootstrap"]).length > 0 && !installTools(["debootstrap"], say))
    return undefined;
  if (!existsSync(KEYRING)) {
    process.stderr.write(`no ${KEYRING}: install the package debian-archive-keyring\n`);
    return undefined;
  }
  say(`debootstrap ${RELEASE} ${tree}`);
  const unfinished = `${tree}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(resolve(values.cache), { recursive: true });
  const argv = [
    "--variant=minbase",
    `--keyring=${KEYRING}`,
    `--include=${PACKAGES}`,
    RELEASE,
    unfinished,
  ];
  const { status } = spawnSync("debootstrap", argv, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) return undefined;
  // apt has no index: what it installs it has been given.
  for (const name of ["var/lib/apt/lists", "var/cache/apt/archives"])
    rmSync(join(unfinished, name), { recursive: true });
  renameSync(unfinished, tree);
  return tree;
}

/** As a test has it: what is to be done at the end, in order. */
class Ending {
  readonly #all: (() => Promise<void>)[] = [];
  after = (work?: unknown): void => {
    if (typeof work === "function")
      this.#all.push(async () => void (await Reflect.apply(work, undefined, [])));
  };
  async run(): Promise<void> {
    for (const work of this.#all) await work();
  }
}

function pack(given: string): void {
  mkdirSync(given, { recursive: true });
  const made = make(root, "0.9.7", 1_700_000_000);
  for (const version of ["0.9.7", "0.9.8"])
    writeFileSync(join(given, `baton_${version}.deb`), makeDeb({ ...made, version }, 0));
}

async function life(tree: string): Promise<readonly string[]> {
  const given = join(scratchFolder(), "given");
  pack(given);
  const ending = new Ending();
  const faults: SeenFault[] = [];
  const others: (readonly [string, Seen])[] = [];
  const wrong: string[] = [];
  try {
    const pair = await bootPair(ending, { lower: tree, given, units: "own" });
    await lifeOfPackage(
      pair,
      async (name, work) => {
        await work();
        say(`ok  ${name}`);
      },
      {
        log: async (node) => await node.sh("journalctl -u baton -o cat"),
        onSeen: (what, seen) => void others.push([what, seen]),
        whileRunning: async () => {
          // What a start writes and asks comes to its end.
          await sleep(2_000);
          for (const name of Object.keys(INSTALLED_FAULTS))
            for (let run = 1; run <= runs; run++) {
              const one = await breakInstalled(pair, name, random());
              faults.push(one);
              say(
                `${name}, run ${run} of ${runs}: ${one.broken.outage.toFixed(1)} ms without an answer`,
              );
            }
        },
      },
    );
    const lost = others.filter(([, seen]) => seen.lost > 0);
    wrong.push(
      ...complaints(faults),
      ...lost.map(([what, seen]) => `${what}: ${seen.lost} probes lost`),
    );
  } finally {
    await ending.run();
  }
  const table = faultTable(faults, others);
  say(`\n${printTextTable(table)}\n`);
  if (values.report !== undefined) writeFileSync(values.report, `${printMarkdownTable(table)}\n`);
  return wrong;
}

async function main(): Promise<number> {
  if (isInsideSandbox()) {
    const refused = whyNoMachine();
    if (refused !== undefined) {
      process.stderr.write(`no machine with systemd here: it ${refused}\n`);
      return 1;
    }
    const wrong = await life(join(resolve(values.cache), RELEASE));
    for (const one of wrong) say(`FAILED ${one}`);
    return wrong.length === 0 ? 0 : 1;
  }
  const sandbox = probeSandbox();
  if (sandbox.kind === "refused") {
    process.stderr.write(`${explainRefusal(sandbox.detail, "en")}\n`);
    return 1;
  }
  return freshDebian() === undefined ? 1 : await runSelfInSandbox(sandbox);
}

process.exitCode = await main();
