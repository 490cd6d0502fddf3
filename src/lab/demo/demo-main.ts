/**
 * `npm start`: the tutorial's step 5 on this machine. Outside it only makes the sandbox and a
 * folder; inside it runs the pair (with `--vs`, two pairs side by side), breaks it in every way
 * asked for, and prints what a client noticed.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stdin, stdout } from "node:process";
import type { Language } from "#diagnostics/diagnostic";
import { createRng } from "#units/rng";
import { HOW_TO_INSTALL_MARIADB, hasMariaDb } from "../database/mariadb.ts";
import { whyOf } from "../measure/control.ts";
import {
  BATON,
  type DaemonKind,
  findKeepalived,
  HOW_TO_INSTALL_KEEPALIVED,
} from "../measure/daemon.ts";
import type { DatabaseFaultName } from "../measure/database-fault-names.ts";
import type { FaultName } from "../measure/faults.ts";
import { Lab, labHosts, VIRTUAL_ADDRESS } from "../measure/lab.ts";
import { TUTORIAL } from "../measure/profile.ts";
import { type FaultResult, type ObservedFault, runFault } from "../measure/scenario.ts";
import { printMarkdownTable, printTextTable } from "../measure/table.ts";
import {
  connectOutside,
  explainRefusal,
  isInsideSandbox,
  type Outside,
  probeSandbox,
  runSelfInSandbox,
  scratchFolder,
} from "../sandbox/sandbox.ts";
import { explainBuildFailure } from "../vpc/build-failure.ts";
import { type CloudText, cloudText } from "./cloud-text.ts";
import { DatabaseStage } from "./database-demo.ts";
import { databaseText } from "./database-text.ts";
import { DemoCloud } from "./demo-cloud.ts";
import { type DemoOptions, demoCommand } from "./demo-options.ts";
import { type DemoText, demoText } from "./demo-text.ts";
import { keepRunning } from "./keep.ts";
import { createNarrator, type Narrator } from "./narrator.ts";
import { faultTable, hasPaused, legendOf, printMilliseconds, printOutage } from "./report.ts";

const INTERRUPTED = 130;
const NODE_COUNT = 2;

/** `baton console --lab`, which builds the tutorial's machines and leaves the steps to a person. */
async function inBrowser(lang: Language): Promise<number> {
  const args = ["console", "--lab=tutorial", "--listen", "127.0.0.1:0", "--lang", lang];
  const child = spawn(BATON, args, { stdio: "inherit" });
  // Ctrl-C in a terminal reaches it too; it ends by itself then.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => void child.kill("SIGTERM"));
  return await new Promise<number>((resolve) => {
    child.once("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.once("exit", (status) => resolve(status ?? 1));
  });
}

async function outside(options: DemoOptions, lang: Language): Promise<number> {
  if (options.console) return await inBrowser(lang);
  const text = demoText(lang);
  if (options.versus && findKeepalived() === undefined) {
    process.stderr.write(`${text.noKeepalived(HOW_TO_INSTALL_KEEPALIVED)}\n`);
    return 1;
  }
  const own = databaseText(lang);
  if (options.databaseFaults !== undefined && !hasMariaDb()) {
    process.stderr.write(`${own.noMariaDb(HOW_TO_INSTALL_MARIADB)}\n`);
    return 1;
  }
  const sandbox = probeSandbox();
  if (sandbox.kind === "refused") {
    process.stderr.write(`${explainRefusal(sandbox.detail, lang)}\n`);
    return 1;
  }
  if (options.databaseFaults !== undefined && options.versus && sandbox.rootless) {
    process.stderr.write(`${own.noScripts}\n`);
    return 1;
  }
  const title = options.bridge ? text.title : cloudText(lang).title;
  stdout.write(`${options.databaseFaults === undefined ? title : own.title}\n`);
  if (sandbox.rootless) stdout.write(`${text.rootless}\n`);
  return runSelfInSandbox(sandbox);
}

/** What all parts of a run inside the sandbox share. */
interface Run {
  readonly options: DemoOptions;
  readonly lang: Language;
  readonly text: DemoText;
  readonly narrator: Narrator;
  readonly labs: readonly Lab[];
}

/** Ends by a signal, or with the process outside. */
function watchInterrupts(): {
  readonly interrupted: Promise<"interrupted">;
  readonly outsideProcess: Outside | undefined;
} {
  const { promise, resolve } = Promise.withResolvers<"interrupted">();
  const interrupt = (): void => resolve("interrupted");
  const outsideProcess = connectOutside(interrupt);
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, interrupt);
  return { interrupted: promise, outsideProcess };
}

/** `--mysql`. */
async function insideDatabase(
  options: DemoOptions,
  faults: readonly DatabaseFaultName[],
  lang: Language,
): Promise<number> {
  const [text, cloud, own] = [demoText(lang), cloudText(lang), databaseText(lang)];
  const narrator = createNarrator(stdout, text.waiting);
  const { network } = options.bridge ? text : cloud;
  narrator.print(`${network}\n${own.settings}\n${own.load}\n`);
  const { interrupted, outsideProcess } = watchInterrupts();
  let stage: DatabaseStage | undefined;
  const show = async (): Promise<number> => {
    if (!options.bridge) narrator.say(`${cloud.building}; ${cloud.applying}`);
    stage = await DatabaseStage.start({
      options,
      faults,
      lang,
      narrator,
      scratch: scratchFolder(),
    });
    return await stage.run();
  };
  try {
    const end = await Promise.race([show(), interrupted]);
    if (end !== "interrupted") return end;
    narrator.say(text.interrupted);
    return INTERRUPTED;
  } catch (error) {
    const explained = explainBuildFailure(error, lang);
    narrator.say(explained ?? (error instanceof Error ? error.message : String(error)));
    return 1;
  } finally {
    narrator.say(text.leaving);
    await stage?.close();
    outsideProcess?.close();
  }
}

async function inside(options: DemoOptions, lang: Language): Promise<number> {
  if (options.databaseFaults !== undefined) {
    return await insideDatabase(options, options.databaseFaults, lang);
  }
  const text = demoText(lang);
  const scratch = scratchFolder();
  const narrator = createNarrator(stdout, text.waiting);
  const { network, probing } = options.bridge ? text : cloudText(lang);
  narrator.print(`${network}\n${text.settings}\n${probing}\n`);

  const { interrupted, outsideProcess } = watchInterrupts();
  const kinds: readonly DaemonKind[] = options.versus ? ["baton", "keepalived"] : ["baton"];
  let clouds: readonly DemoCloud[];
  try {
    clouds = options.bridge ? [] : await startClouds(kinds.length, options, lang, narrator);
  } catch (error) {
    const explained = explainBuildFailure(error, lang);
    if (explained === undefined) throw error;
    narrator.say(explained);
    outsideProcess?.close();
    return 1;
  }
  const labs = kinds.map((kind, index) => {
    const cloud = clouds[index];
    return new Lab({
      folder: join(scratch, kind),
      profile: TUTORIAL,
      kinds: [kind, kind],
      ...(cloud !== undefined && { cloud }),
    });
  });
  const run: Run = { options, lang, text, narrator, labs };
  try {
    const end = await Promise.race([demonstrate(run, outsideProcess), interrupted]);
    if (end !== "interrupted") return end;
    narrator.say(text.interrupted);
    return INTERRUPTED;
  } catch (error) {
    narrator.say(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    narrator.say(text.leaving);
    await Promise.all(labs.map((lab) => lab.close()));
    outsideProcess?.close();
  }
}

async function demonstrate(run: Run, outsideProcess: Outside | undefined): Promise<number> {
  const { options, text, narrator } = run;
  const startedAt = performance.now();
  await Promise.all(run.labs.map((lab) => startPair(run, lab)));
  const results: FaultResult[] = [];
  for (const [index, name] of options.faults.entries()) {
    narrator.say(text.step(index + 1, options.faults.length, text.faultShort[name]));
    const shown = new Set<string>();
    const both = run.labs.map((lab) =>
      breakPair(run, lab, name, createRng(options.seed * 1000 + index).real, (line) => {
        // Both pairs get the same fault, so one line is enough.
        if (!shown.has(line)) narrator.say(line);
        shown.add(line);
      }),
    );
    results.push(...(await Promise.all(both)));
  }
  const code =
    options.faults.length === 0 ? 0 : conclude(run, results, performance.now() - startedAt);
  writeFiles(run, results);
  if (!options.keep) return code;
  await keepRunning({ ...run, outside: outsideProcess, input: stdin });
  return code;
}

async function startPair({ narrator, text, lang }: Run, lab: Lab): Promise<void> {
  const kind = lab.nodes[0]?.kind ?? "baton";
  const names = lab.nodes.map((node) => node.name).join(", ");
  narrator.say(text.starting(kind, names));
  const owner = await narrator.during(text.starting(kind, names), lab.startDaemons());
  narrator.say(text.owns(kind, owner.name, await explain(lab, owner.name, lang)));
  if (!(lab.cloud instanceof DemoCloud)) return;
  const cloud = cloudText(lang);
  narrator.say(await listed(lab.cloud, cloud));
  narrator.say(cloud.binding);
  const publicAddress = await lab.cloud.bindPublicAddress();
  narrator.say(await listed(lab.cloud, cloud));
  narrator.say(cloud.through(publicAddress));
  await narrator.during(cloud.through(publicAddress), lab.watchOutside(publicAddress));
}

/** One VPC for each pair: the same addresses do not clash. */
async function startClouds(
  count: number,
  { claimLatency }: DemoOptions,
  lang: Language,
  narrator: Narrator,
): Promise<readonly DemoCloud[]> {
  const text = cloudText(lang);
  narrator.say(text.building);
  const hosts = labHosts(NODE_COUNT);
  const nodes = hosts.slice(0, NODE_COUNT).map(({ name }) => name);
  const options = { hosts, nodes, virtualAddress: VIRTUAL_ADDRESS, claimLatency };
  const clouds = await Promise.all(
    Array.from({ length: count }, async () => await DemoCloud.start(options)),
  );
  narrator.say(text.applying);
  for (const cloud of clouds) {
    await cloud.applyForHavip();
    narrator.say(await listed(cloud, text));
  }
  return clouds;
}

async function listed(cloud: DemoCloud, text: CloudText): Promise<string> {
  const line = await cloud.describe();
  const name = cloud.holder();
  const instance = line.instanceId === undefined ? undefined : `${line.instanceId} (${name})`;
  return text.list(line, instance);
}

/** The owner's own explanation, if it has one (keepalived has none). */
async function explain(lab: Lab, name: string, lang: Language): Promise<string | undefined> {
  const node = lab.node(name);
  return node.kind === "baton" ? whyOf(node.folder, lang) : undefined;
}

async function breakPair(
  { narrator, text, lang }: Run,
  lab: Lab,
  name: FaultName,
  random: () => number,
  sayOnce: (line: string) => void,
): Promise<FaultResult> {
  const kind = lab.nodes[0]?.kind ?? "baton";
  const observed: { value?: ObservedFault } = {};
  const work = runFault(lab, name, {
    random,
    watcher: {
      onBroken: (owner) => sayOnce(`  ${text.fault(name, owner.name)}`),
      onObserved: (result) => {
        observed.value = result;
        narrator.say(`  ${describeFault(result, text)}`);
        for (const line of describeCloud(result, lang)) narrator.say(`  ${line}`);
        if (hasPaused(result)) {
          sayOnce(`  ${text.paused(printMilliseconds(result.proberPauseMilliseconds))}`);
        }
      },
      onHealed: (owner) => {
        const healing = text.healing[name];
        if (healing !== undefined) sayOnce(`  ${owner.name}: ${healing}`);
      },
    },
  });
  const result = await narrator.during(text.faultShort[name], work);
  const why = await explain(lab, result.finally, lang);
  if (why !== undefined) narrator.say(`  ${text.owns(kind, result.finally, why)}`);
  return result;
}

function describeFault(result: ObservedFault, text: DemoText): string {
  const [holder] = result.after;
  if (holder === undefined) return text.notOwned(result.daemon);
  if (result.after.length > 1) return text.twoOwners(result.daemon, result.after.join(", "));
  if (holder === result.before) {
    return result.passed
      ? text.stayed(result.daemon, holder)
      : text.failed(result.daemon, result.fault);
  }
  return text.took(result.daemon, holder, result.lost, printOutage(result.outageMilliseconds));
}

function describeCloud({ cloud }: ObservedFault, lang: Language): readonly string[] {
  if (cloud === undefined) return [];
  const text = cloudText(lang);
  const {
    before = "-",
    after = "-",
    platformMilliseconds: share,
    outageMilliseconds,
    lost,
  } = cloud;
  const platform = share === undefined ? undefined : printMilliseconds(share);
  const moved = before === after ? [] : [text.moved(before, after, platform)];
  return outageMilliseconds === undefined
    ? moved
    : [...moved, text.seenOutside(lost ?? 0, printOutage(outageMilliseconds))];
}

/** keepalived is there for comparison: only Baton's rows decide about success. */
function conclude(
  { narrator, text, lang, options }: Run,
  results: readonly FaultResult[],
  took: number,
): number {
  const cloud = options.bridge ? undefined : cloudText(lang);
  const legend = legendOf(results, text, cloud);
  narrator.print(`\n${printTextTable(faultTable(results, text, cloud))}\n\n${legend}\n`);
  const bad = results.filter((result) => result.daemon === "baton" && !isGood(result));
  if (bad.length === 0) {
    narrator.print(text.allMoved((took / 1000).toFixed(0)));
    return 0;
  }
  narrator.print(text.notAllMoved(bad.map((result) => text.faultShort[result.fault]).join(", ")));
  return 1;
}

/** On the platform the address has moved only when the HAVIP has. */
const isGood = ({ passed, cloud, before, after }: FaultResult): boolean =>
  passed && (cloud === undefined || after[0] === before || cloud.before !== cloud.after);

function writeFiles(
  { options, text, narrator, labs, lang }: Run,
  results: readonly FaultResult[],
): void {
  if (options.json !== undefined) {
    const profile = labs[0]?.profile;
    writeFileSync(
      options.json,
      `${JSON.stringify({ seed: options.seed, profile, results }, null, 2)}\n`,
    );
    narrator.print(text.written(options.json));
  }
  if (options.report !== undefined) {
    const cloud = options.bridge ? undefined : cloudText(lang);
    const parts = [
      `# ${text.title}`,
      text.settings.trim(),
      printMarkdownTable(faultTable(results, text, cloud)),
      legendOf(results, text, cloud),
    ];
    writeFileSync(options.report, `${parts.join("\n\n")}\n`);
    narrator.print(text.written(options.report));
  }
}

const command = demoCommand(async (options, lang) =>
  isInsideSandbox() ? await inside(options, lang) : await outside(options, lang),
);
const code = await command(process.argv.slice(2), {
  stdout: (out) => void stdout.write(out),
  stderr: (out) => void process.stderr.write(out),
  env: process.env,
  isTty: stdout.isTTY,
  columns: stdout.columns,
});
// `exitCode` would not do: an open terminal or pipe must not keep the process alive.
process.exit(code);
