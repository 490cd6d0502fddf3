/**
 * `npm run shadow-drill -- [options]`: a pair of real keepalived with `baton shadow` beside each,
 * and every fault of the benchmark. Exit status 1 if a shadow found a difference that is
 * unexplained.
 *
 *   --profile NAME     tutorial, multicast, v3-100ms, v3-100ms-multicast, preempt (repeatable;
 *                      default: tutorial, multicast and preempt)
 *   --faults LIST      of stop, restart, kill-engine, kill-supervisor, kill-all, hang, link, host,
 *                      late-port, script, flap, partition (default: all)
 *   --rounds N         of each (default 1)
 *   --tolerance MS     of the shadows (default: their own)
 *   --run-scripts      the shadows run the check scripts too
 *   --seed N           when within an interval each fault begins (default 1)
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findKeepalived, HOW_TO_INSTALL_KEEPALIVED } from "#lab/measure/daemon";
import { FAULT_NAMES, type FaultName } from "#lab/measure/faults";
import { Lab } from "#lab/measure/lab";
import { MULTICAST, PREEMPT, PROFILES, type Profile, TUTORIAL } from "#lab/measure/profile";
import {
  explainRefusal,
  isInsideSandbox,
  probeSandbox,
  runSelfInSandbox,
} from "#lab/sandbox/sandbox";
import { createRng } from "#units/rng";
import { drill, type FoundLine, startShadow } from "../tests/support/shadow-drill.ts";
import { toolOptions, wholeNumber } from "./tool-options.ts";

/** A busy machine is given more time to settle. */
const SLOWNESS = 4;

interface Drill {
  readonly profiles: readonly Profile[];
  readonly faults: readonly FaultName[];
  readonly rounds: number;
  readonly shadowOptions: readonly string[];
  readonly random: () => number;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
function refuse(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}

function readOptions(): Drill {
  const given = toolOptions(import.meta.filename, {
    options: {
      profile: { type: "string", multiple: true, default: [] },
      faults: { type: "string" },
      rounds: { type: "string", default: "1" },
      tolerance: { type: "string" },
      "run-scripts": { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
    },
  });
  const profiles = given.profile.map(
    (name) => PROFILES.find((one) => one.name === name) ?? refuse(`there is no profile ${name}`),
  );
  const names = given.faults?.split(",") ?? FAULT_NAMES;
  const faults = names.map(
    (name) => FAULT_NAMES.find((one) => one === name) ?? refuse(`there is no fault ${name}`),
  );
  const tolerance = given.tolerance === undefined ? [] : ["--tolerance", given.tolerance];
  return {
    profiles: profiles.length === 0 ? [TUTORIAL, MULTICAST, PREEMPT] : profiles,
    faults,
    rounds: wholeNumber("rounds", given.rounds, 1),
    shadowOptions: [...tolerance, ...(given["run-scripts"] ? ["--run-scripts"] : [])],
    random: createRng(wholeNumber("seed", given.seed)).real,
  };
}

/** How many differences were unexplained. */
async function runProfile(profile: Profile, options: Drill): Promise<number> {
  const { faults, rounds, shadowOptions, random } = options;
  const folder = mkdtempSync(join(tmpdir(), "baton-drill-"));
  const kinds = ["keepalived", "keepalived"] as const;
  const lab = new Lab({ folder, profile, kinds, slowness: SLOWNESS });
  let unexplained = 0;
  try {
    const shadows = lab.nodes.map((node) => startShadow(node, shadowOptions));
    await lab.startDaemons();
    for (let round = 0; round < rounds; round++) {
      for (const fault of faults) {
        const found = await drill(lab, shadows, [fault], random);
        const lines = found.get(fault) ?? [];
        say(rowOf(profile.name, fault, lines));
        const odd = lines.filter(({ verdict }) => verdict === "unexplained");
        for (const one of odd) say(`    ${one.node} ${one.at} ${one.text} (${one.baton ?? ""})`);
        unexplained += odd.length;
      }
    }
    for (const shadow of shadows) {
      const status = await shadow.stop();
      const summary = shadow.lines().at(-1);
      say(
        `${profile.name}, ${shadow.node.name}: exit status ${status}, ${summary?.skipped ?? "?"} decisions not compared`,
      );
    }
  } finally {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return unexplained;
}

function rowOf(profile: string, fault: FaultName, lines: readonly FoundLine[]): string {
  const count = (wanted: string): number =>
    lines.filter(({ verdict }) => verdict === wanted).length;
  const expected = lines.flatMap(({ verdict, page = "" }) =>
    verdict === "expected" ? [page.split("#").at(-1) ?? ""] : [],
  );
  const sections = [...new Set(expected)].join(", ");
  return `${profile} ${fault}: ${count("same")} same, ${count("expected")} expected (${sections}), ${count("unexplained")} unexplained`;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (findKeepalived() === undefined) refuse(`keepalived is needed: ${HOW_TO_INSTALL_KEEPALIVED}`);
  if (!isInsideSandbox()) {
    const sandbox = probeSandbox();
    if (sandbox.kind === "refused") refuse(explainRefusal(sandbox.detail, "en"));
    return await runSelfInSandbox(sandbox);
  }
  let unexplained = 0;
  for (const profile of options.profiles) unexplained += await runProfile(profile, options);
  say(`${unexplained} unexplained`);
  return unexplained > 0 ? 1 : 0;
}

process.exitCode = await main();
