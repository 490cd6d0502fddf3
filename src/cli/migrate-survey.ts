/**
 * What `baton migrate` finds on this machine. Nothing here changes anything; it listens for VRRP as
 * `baton check --live` does.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { CommandIo } from "#command-line/io";
import { readShortFile } from "#daemon/own-files";
import { CODES } from "#diagnostics/codes";
import type { AnyFinding, Diagnostic, Language } from "#diagnostics/diagnostic";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { mapSources, type SourceMap } from "#diagnostics/source";
import type { CommandPlan, RunPlan } from "#keepalived/plan/run-plan";
import type { Reading } from "#keepalived/read";
import { claimedAddresses } from "#linux/address-claims";
import type { BatonFacts, Facts, InstanceFacts, KeepalivedFacts } from "#migrate/facts";
import {
  readCommandLine,
  readEnvironmentFile,
  readUnit,
  splitQuoted,
  type UnitLine,
} from "#migrate/unit-file";
import { type IpAddress, printIp } from "#units/address";
import { fromCentis, toSeconds } from "#units/time";
import type { InstanceConfig } from "#vrrp/router/config";
import { assessMachine } from "./check-live.ts";
import { assessHearing, type Hearing, hearRouters } from "./check-live-routers.ts";
import { thisMachine } from "./check-machine.ts";
import { DEFAULT_FILE, loadFile, readFiles } from "./config-files.ts";
import { ask } from "./control-client.ts";
import { exitStatus } from "./exit-status.ts";
import {
  BATON_UNIT,
  isActive,
  isEnabled,
  KEEPALIVED_UNIT,
  keepalivedProcesses,
  parentOf,
  readParts,
  run,
  showUnit,
  versionOf,
} from "./migrate-system.ts";
import { daemonCommand, type RunOptions } from "./run-options.ts";

export interface Survey {
  readonly facts: Facts;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: SourceMap;
  readonly scripts: readonly string[];
  /** Those that run when keepalived is stopped. */
  readonly stopScripts: readonly string[];
  /** keepalived's options that change nothing under Baton. */
  readonly ignored: RunOptions["ignored"];
}

export interface SurveyOptions {
  readonly file: string | undefined;
  readonly runtimeDir: string;
  readonly language: Language;
  readonly io: CommandIo;
}

export async function survey(options: SurveyOptions): Promise<Survey> {
  const hasSystemd = existsSync("/run/systemd/system");
  const { io, language } = options;
  const [daemon, batonUnit] = await Promise.all([
    surveyKeepalived(hasSystemd),
    hasSystemd ? showUnit(BATON_UNIT) : new Map<string, string>(),
  ]);
  const parsed = await readArguments(daemon.args, io, language);
  const configFile = options.file ?? resolve("/", parsed.options?.file ?? DEFAULT_FILE);
  const environment = daemon.environment ?? io.env;
  const { reading, findings } = readConfig(configFile, parsed.options?.configId, environment);
  const machine = await thisMachine();
  const own = new Set(machine.addresses.map(({ address }) => address));
  const configs = reading.plan.instances.map(({ config }) => config);
  const hearing = await hearRouters(configs, own, {
    report: (text) => io.stderr(text),
    progress: PROGRESS[language],
  });
  const live = [...assessMachine(reading.model, machine), ...assessHearing(reading, hearing)];
  const all = [...findings, ...live.filter(({ code }) => !IN_THE_FACTS.has(code))];
  const wouldRun = reading.wouldRun && all.every(({ code }) => CODES[code].fatal !== true);
  const { environment: _, ...keepalived } = daemon;
  return {
    facts: {
      isRoot: process.geteuid?.() === 0,
      hasSystemd,
      keepalived: { ...keepalived, argsRefused: parsed.refused },
      baton: await surveyBaton(batonUnit, options.runtimeDir, configs),
      configFile,
      instances: configs.map((one) => instanceFacts(one, own, hearing)),
      balancing: findings.flatMap((one) => (one.code === "VR4004" ? [one.facts.keyword] : [])),
      checkStatus: exitStatus(all, wouldRun),
      notListened: hearing.refused,
    },
    diagnostics: all.map((one) => toDiagnostic(one, language)),
    sources: mapSources(reading.sources),
    scripts: scriptsOf(reading.plan),
    stopScripts: programsOf([
      ...[...reading.plan.instances, ...reading.plan.groups].map(({ notify }) => notify.stop),
      reading.plan.globals.shutdownScript,
    ]),
    ignored: parsed.options?.ignored ?? [],
  };
}

/** That keepalived runs and has its addresses here, and who is heard. */
const IN_THE_FACTS: ReadonlySet<AnyFinding["code"]> = new Set(["VR5111", "VR5115", "VR5119"]);

const PROGRESS = {
  en: (interfaces: readonly string[], seconds: number): string =>
    `listening for VRRP on ${interfaces.join(", ")}, ${seconds} s more`,
  "zh-CN": (interfaces: readonly string[], seconds: number): string =>
    `正在 ${interfaces.join("、")} 上监听 VRRP，还需 ${seconds} 秒`,
};

type FoundKeepalived = Omit<KeepalivedFacts, "argsRefused"> & {
  /** Of the running process; undefined if it cannot be read. */
  readonly environment: Readonly<Record<string, string>> | undefined;
};

async function surveyKeepalived(hasSystemd: boolean): Promise<FoundKeepalived> {
  const unit = hasSystemd ? await showUnit(KEEPALIVED_UNIT) : new Map<string, string>();
  const hasUnit = unit.get("LoadState") === "loaded";
  const text = hasUnit ? await run("systemctl", ["cat", KEEPALIVED_UNIT]) : undefined;
  const unitLines = readUnit(text?.stdout ?? "");
  const mainPid = Number(unit.get("MainPID") ?? 0) || undefined;
  const processes = keepalivedProcesses();
  const strays = processes.filter((pid) => !isBelow(pid, mainPid));
  // Without its unit's process one that was started otherwise is what can be looked at.
  const shown = mainPid ?? strays.find((pid) => !isBelow(parentOf(pid) ?? 0, strays[0]));
  const running = shown === undefined ? [] : readParts(`/proc/${shown}/cmdline`);
  const fromUnit = unitArguments(unitLines);
  const args = running.length > 0 ? running.slice(1) : (fromUnit ?? []);
  const isChanged = running.length > 0 && fromUnit !== undefined && !isSame(args, fromUnit);
  return {
    unit: KEEPALIVED_UNIT,
    hasUnit,
    isActive: isActive(unit),
    isEnabled: isEnabled(unit),
    mainPid,
    version: shown === undefined ? undefined : await versionOf(shown),
    args,
    argsFrom: running.length > 0 ? "process" : fromUnit === undefined ? "nowhere" : "unit",
    argsAtNextStart: isChanged ? fromUnit : undefined,
    unitLines,
    strays,
    stoppedAlong: ["RequiredBy", "BoundBy", "ConsistsOf"]
      .flatMap((key) => (unit.get(key) ?? "").split(" "))
      .filter((name, index, all) => name !== "" && all.indexOf(name) === index),
    environment: shown === undefined ? undefined : environmentOf(shown),
  };
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index]);

/** Is the process `top`, or a descendant of it? */
function isBelow(pid: number, top: number | undefined): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parentOf(at)) {
    if (at === top) return true;
  }
  return false;
}

function environmentOf(pid: number): Readonly<Record<string, string>> | undefined {
  const parts = readParts(`/proc/${pid}/environ`);
  if (parts.length === 0) return undefined;
  return Object.fromEntries(
    parts.map((one) => {
      const at = one.indexOf("=");
      return [one.slice(0, at), one.slice(at + 1)];
    }),
  );
}

/** The arguments that its unit gives it, with the environment files as they are now. */
function unitArguments(lines: readonly UnitLine[]): readonly string[] | undefined {
  const service = lines.filter(({ section }) => section === "Service");
  const command = service.findLast(({ key }) => key === "ExecStart");
  if (command === undefined) return undefined;
  const environment = new Map<string, string>();
  for (const { value } of service.filter(({ key }) => key === "Environment")) {
    for (const one of splitQuoted(value)) {
      const at = one.indexOf("=");
      if (at > 0) environment.set(one.slice(0, at), one.slice(at + 1));
    }
  }
  for (const { value } of service.filter(({ key }) => key === "EnvironmentFile")) {
    const text = readShortFile(value.replace(/^-/, ""));
    for (const [name, one] of readEnvironmentFile(text ?? "")) environment.set(name, one);
  }
  return readCommandLine(command.value, environment).slice(1);
}

interface ReadArguments {
  readonly options: RunOptions | undefined;
  readonly refused: string | undefined;
}

/** Reads keepalived's arguments as `baton run` will. */
async function readArguments(
  args: readonly string[],
  io: CommandIo,
  language: Language,
): Promise<ReadArguments> {
  let options: RunOptions | undefined;
  let said = "";
  const command = daemonCommand((read) => {
    options = read;
    return 0;
  });
  const add = (text: string): void => {
    said += text;
  };
  await command([...args], {
    stdout: add,
    stderr: add,
    env: { ...io.env, BATON_LANG: language },
    isTty: false,
  });
  return { options, refused: options === undefined ? said.trim() : undefined };
}

interface ReadConfig {
  readonly reading: Reading;
  readonly findings: readonly AnyFinding[];
}

function readConfig(
  file: string,
  configId: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): ReadConfig {
  const loaded = loadFile(file);
  const reading = readFiles(loaded.source, {
    environment,
    ...(configId === undefined ? {} : { configId }),
  });
  // A file that could not be read is not reported as empty as well.
  const isUnread = loaded.findings.some(({ code }) => CODES[code].fatal === true);
  return {
    reading,
    findings: isUnread ? loaded.findings : [...loaded.findings, ...reading.findings],
  };
}

async function surveyBaton(
  unit: ReadonlyMap<string, string>,
  runtimeDir: string,
  configs: readonly InstanceConfig[],
): Promise<BatonFacts> {
  const claimed = claimedAddresses();
  const asked = await ask(runtimeDir, { command: "ping" });
  const isClaimed = configs.some((one) =>
    one.addresses.some(({ address }) => claimed.has(address)),
  );
  // `{ path=/usr/bin/baton ; argv[]=/usr/bin/baton run … }`
  const program = /\bpath=(\S+) ;/.exec(unit.get("ExecStart") ?? "")?.[1];
  return {
    unit: BATON_UNIT,
    hasUnit: unit.get("LoadState") === "loaded",
    program,
    isActive: isActive(unit),
    isEnabled: isEnabled(unit),
    runs: isClaimed || asked.kind === "answer",
  };
}

function instanceFacts(
  config: InstanceConfig,
  own: ReadonlySet<IpAddress>,
  { heard }: Hearing,
): InstanceFacts {
  const { router, interface: device, addresses, excludedAddresses } = config;
  const all = [...addresses, ...excludedAddresses].map(({ address }) => address);
  return {
    name: router.name,
    interface: device,
    vrid: router.vrid,
    priority: router.priority,
    intervalSeconds: toSeconds(fromCentis(router.advertInterval)),
    addresses: all.map(printIp),
    owned: all.filter((address) => own.has(address)).map(printIp),
    heard: heard
      .filter((one) => one.interface === device && one.vrid === router.vrid)
      // Priority 0 is the last that is heard of a router that stops.
      .filter(({ priority }) => priority > 0)
      .map(({ source, priority }) => ({ address: printIp(source), priority })),
  };
}

/** Programs that keepalived runs, each once. */
function scriptsOf({ globals, instances, groups, scripts }: RunPlan): readonly string[] {
  const notify = [...instances, ...groups].flatMap((one) => [
    one.notify.master,
    one.notify.backup,
    one.notify.fault,
    one.notify.stop,
    one.notify.deleted,
    one.notify.masterRxLowerPri,
    one.notify.any,
  ]);
  const { startupScript, shutdownScript, notifyFifoScript, vrrpNotifyFifoScript } = globals;
  const all = [
    ...scripts.map(({ command }) => command),
    ...notify,
    startupScript,
    shutdownScript,
    notifyFifoScript,
    vrrpNotifyFifoScript,
  ];
  return programsOf(all);
}

const programsOf = (commands: readonly (CommandPlan | undefined)[]): readonly string[] => [
  ...new Set(commands.flatMap((one) => one?.argv[0] ?? [])),
];
