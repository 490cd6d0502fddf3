/**
 * `npm run bench`: produces the figures of the README and of docs/benchmarks.md. Each benchmark
 * has its own file.
 */
import { writeFileSync } from "node:fs";
import { stdout } from "node:process";
import {
  explainRefusal,
  isInsideSandbox,
  probeSandbox,
  runSelfInSandbox,
} from "../sandbox/sandbox.ts";
import { announce } from "./bench-announce.ts";
import { database } from "./bench-database.ts";
import { entry } from "./bench-entry.ts";
import { failover } from "./bench-failover.ts";
import { flood } from "./bench-flood.ts";
import { footprint } from "./bench-footprint.ts";
import { loss } from "./bench-loss.ts";
import { type Options, parseOptions, USAGE } from "./bench-options.ts";
import { scale } from "./bench-scale.ts";
import { scrape } from "./bench-scrape.ts";
import { switches } from "./bench-switch.ts";
import { timers } from "./bench-timers.ts";
import { findKeepalived, HOW_TO_INSTALL_KEEPALIVED } from "./daemon.ts";
import { TUTORIAL } from "./profile.ts";
import { printMarkdownTable, printTextTable, type Table } from "./table.ts";

function run(options: Options): Promise<Table> {
  const [profile = TUTORIAL] = options.profiles;
  switch (options.mode) {
    case "failover":
      return failover({ ...options, profile });
    case "switch":
      return switches({ ...options, profile });
    case "entry":
      return entry({ ...options, profile });
    case "timers":
      return timers(options);
    case "loss":
      return loss({ ...options, profile });
    case "announce": {
      const limit = { perSecond: options.rate, burst: options.rate };
      return announce({ ...options, profile, limit });
    }
    case "scale":
      return scale(options);
    case "flood":
      return flood(options);
    case "footprint":
      return footprint(options);
    case "scrape":
      return scrape(options);
    case "database":
      return database({ ...options, profile });
  }
}

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  const options = argv.includes("--help") || argv.includes("-h") ? "" : parseOptions(argv);
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
  const profiles = options.profiles.map((one) => one.name).join(" and ");
  const title = profiles === "" ? options.mode : `${options.mode}, ${profiles}`;
  stdout.write(`\n${title}\n\n${printTextTable(table)}\n`);
  if (options.report !== undefined)
    writeFileSync(options.report, `## ${title}\n\n${printMarkdownTable(table)}\n`);
  return 0;
}

process.exitCode = await main();
