/**
 * `npm run bench`: where the figures of the README and of docs/benchmarks.md come from. One
 * file for each kind.
 */
import { writeFileSync } from "node:fs";
import { stdout } from "node:process";
import { parseArgs } from "node:util";
import {
  explainRefusal,
  isInsideSandbox,
  probeSandbox,
  runSelfInSandbox,
} from "../sandbox/sandbox.ts";
import { announce } from "./bench-announce.ts";
import { failover } from "./bench-failover.ts";
import { loss } from "./bench-loss.ts";
import { timers } from "./bench-timers.ts";
import { findKeepalived, HOW_TO_INSTALL_KEEPALIVED } from "./daemon.ts";
import { FAULTS, type FaultName } from "./faults.ts";
import { FAST, PROFILES, type Profile, TUTORIAL } from "./profile.ts";
import { printMarkdownTable, printTextTable, type Table } from "./table.ts";

type Mode = "failover" | "timers" | "loss" | "announce";
const MODES: readonly Mode[] = ["failover", "timers", "loss", "announce"];

/** How long a run lasts when nobody says. */
const SECONDS: Readonly<Record<Mode, number>> = {
  failover: 0,
  timers: 100,
  loss: 90,
  announce: 60,
};

const USAGE = `usage: npm run bench -- [failover|timers|loss|announce] [options]

  failover          every fault, Baton and keepalived side by side (default)
  timers            gaps between a master's advertisements, with a busy loop on every core
  loss              VRRP packets lost at random: how long a client is without an answer
  announce          many addresses move to a node behind a port that limits ARP

  --profile NAME    ${PROFILES.map((one) => one.name).join(", ")}
                    (default: tutorial; timers: tutorial and ${FAST.name}; loss: ${FAST.name})
  --faults LIST     ${Object.keys(FAULTS).join(",")}
  --runs N          of each fault, loss or move (default 5)
  --seconds N       of timers (default ${SECONDS.timers}), loss (${SECONDS.loss}), announce (${SECONDS.announce})
  --loss PERCENT    of the packets that arrive at each node (default 30)
  --addresses N     that move at once (default 20)
  --rate N          ARP frames that pass in a second (default 2)
  --seed N          decides the phases (default 1)
  --report FILE.md  the table, for people
`;

interface Options {
  readonly mode: Mode;
  /** timers takes all, the others the first. */
  readonly profiles: readonly Profile[];
  readonly faults: readonly FaultName[];
  readonly runs: number;
  readonly seconds: number;
  readonly loss: number;
  readonly addresses: number;
  readonly rate: number;
  readonly seed: number;
  readonly report: string | undefined;
}

const DEFAULT_FAULTS = "stop,kill-engine,kill-supervisor,kill-all,hang,link,script,flap";

function parse(argv: readonly string[]): Options | string {
  const text = { type: "string" } as const;
  const options = {
    profile: text,
    faults: text,
    runs: text,
    seconds: text,
    loss: text,
    addresses: text,
    rate: text,
    seed: text,
    report: text,
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const [mode = "failover"] = positionals;
  const known = MODES.find((one) => one === mode);
  if (known === undefined) return `there is no benchmark ${mode}: ${MODES.join(", ")}`;
  const profile = PROFILES.find((one) => one.name === values.profile);
  if (profile === undefined && values.profile !== undefined) {
    return `there is no profile ${values.profile}`;
  }
  const faults = (values.faults ?? DEFAULT_FAULTS).split(",");
  const unknown = faults.find((one) => !Object.hasOwn(FAULTS, one));
  if (unknown !== undefined) return `there is no fault ${unknown}`;
  const numbers = {
    runs: Number(values.runs ?? 5),
    seconds: Number(values.seconds ?? SECONDS[known]),
    loss: Number(values.loss ?? 30),
    addresses: Number(values.addresses ?? 20),
    rate: Number(values.rate ?? 2),
    seed: Number(values.seed ?? 1),
  };
  const wrong = Object.entries(numbers).find(
    ([name, one]) => !Number.isInteger(one) || one < (name === "seconds" ? 0 : 1),
  );
  if (wrong !== undefined) return `--${wrong[0]} wants a whole number`;
  if (numbers.loss > 100) return "--loss is a percentage";
  if (numbers.addresses > MOST_ADDRESSES) return `--addresses: ${MOST_ADDRESSES} at most`;
  return {
    ...numbers,
    loss: numbers.loss / 100,
    mode: known,
    profiles: profile === undefined ? DEFAULT_PROFILES[known] : [profile],
    faults: faults as FaultName[],
    report: values.report,
  };
}

const MOST_ADDRESSES = 30;
const DEFAULT_PROFILES: Readonly<Record<Mode, readonly Profile[]>> = {
  failover: [TUTORIAL],
  timers: [TUTORIAL, FAST],
  loss: [FAST],
  announce: [TUTORIAL],
};

function run(options: Options): Promise<Table> {
  const [profile = TUTORIAL] = options.profiles;
  switch (options.mode) {
    case "failover":
      return failover({ ...options, profile });
    case "timers":
      return timers(options);
    case "loss":
      return loss({ ...options, profile });
    case "announce": {
      const limit = { perSecond: options.rate, burst: options.rate };
      return announce({ ...options, profile, limit });
    }
  }
}

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  const options = argv.includes("--help") || argv.includes("-h") ? "" : parse(argv);
  if (typeof options === "string") {
    (options === "" ? stdout : process.stderr).write(
      options === "" ? USAGE : `${options}\n\n${USAGE}`,
    );
    return options === "" ? 0 : 2;
  }
  if (findKeepalived() === undefined) {
    process.stderr.write(`keepalived is needed to compare with: ${HOW_TO_INSTALL_KEEPALIVED}\n`);
    return 1;
  }
  if (!isInsideSandbox()) {
    const sandbox = probeSandbox();
    if (sandbox.kind === "refused") {
      process.stderr.write(`${explainRefusal(sandbox.detail, "en")}\n`);
      return 1;
    }
    return runSelfInSandbox(sandbox);
  }
  const table = await run(options);
  const title = `${options.mode}, ${options.profiles.map((one) => one.name).join(" and ")}`;
  stdout.write(`\n${title}\n\n${printTextTable(table)}\n`);
  if (options.report !== undefined)
    writeFileSync(options.report, `## ${title}\n\n${printMarkdownTable(table)}\n`);
  return 0;
}

process.exitCode = await main();
