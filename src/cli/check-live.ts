/**
 * `--live`: checks a configuration against the machine that it is on. Nothing here changes
 * anything.
 */
import { dirname } from "node:path";
import { type AnyFinding, finding, type Language } from "#diagnostics/diagnostic";
import type { Span } from "#diagnostics/source";
import { type Block, lastSetting, placeOf, type Setting } from "#keepalived/blocks/block";
import {
  addressesOf,
  addressOf,
  gateIn,
  holderOf,
  interfaceOf,
  isUnbound,
} from "#keepalived/model/effective";
import type { Model } from "#keepalived/model/model";
import type { Reading } from "#keepalived/read";
import { isInNetwork, isIpv6, printIp } from "#units/address";
import { assessAlertFiles } from "./check-alert.ts";
import { assessCredentials } from "./check-credentials.ts";
import { checkRouters } from "./check-live-routers.ts";
import { assessSettings } from "./check-live-settings.ts";
import { type Machine, thisMachine } from "./check-machine.ts";

export interface LiveOptions {
  readonly language: Language;
  /** Prints text for a person who is waiting. */
  readonly report: (text: string) => void;
}

export async function checkMachine(
  reading: Reading,
  { language, report }: LiveOptions,
): Promise<readonly AnyFinding[]> {
  const machine = await thisMachine();
  const own = new Set(machine.addresses.map(({ address }) => address));
  const progress = PROGRESS[language];
  return [
    ...assessMachine(reading.model, machine),
    ...(await asksDatabases(reading.model)),
    ...(await asksServices(reading.model)),
    ...(await checkRouters(reading, own, { report, progress })),
  ];
}

/** The client is loaded for whoever has a gate with a database. */
async function asksDatabases(model: Model): Promise<readonly AnyFinding[]> {
  const units = [...model.instances, ...model.groups];
  if (!units.some((unit) => gateIn(unit) !== undefined)) return [];
  const { checkDatabases } = await import("./check-live-databases.ts");
  return await checkDatabases(model);
}

/** What asks is loaded for whoever has a `check`. */
async function asksServices(model: Model): Promise<readonly AnyFinding[]> {
  if (model.checks.length === 0) return [];
  const { runChecks } = await import("./check-live-checks.ts");
  return await runChecks(model);
}

const PROGRESS: Readonly<
  Record<Language, (interfaces: readonly string[], seconds: number) => string>
> = {
  en: (interfaces, seconds) => `listening for VRRP on ${interfaces.join(", ")}, ${seconds} s more`,
  "zh-CN": (interfaces, seconds) => `正在 ${interfaces.join("、")} 上监听 VRRP，还需 ${seconds} 秒`,
};

/** Everything that can be checked without listening. */
export function assessMachine(model: Model, machine: Machine): readonly AnyFinding[] {
  const found: AnyFinding[] = [];
  const report = (one: AnyFinding): void => {
    found.push(one);
  };
  for (const instance of model.instances) {
    if (isUnbound(instance)) assessUnbound(instance, model, machine, report);
    else assessInterface(instance, machine, report);
  }
  assessDefaultUser(model, machine, report);
  assessScripts(model.root, machine, report);
  found.push(
    ...assessAlertFiles(model),
    ...assessCredentials(model, machine),
    ...assessSettings(model, machine),
  );
  const [first] = model.instances;
  if (first !== undefined) {
    found.push(...assessFloors(placeOf(first), machine));
    const pids = machine.keepaliveds;
    if (pids.length > 0) report(finding("VR5119", placeOf(first), { pids }));
    for (const rule of machine.droppingRules) report(finding("VR5109", placeOf(first), { rule }));
  }
  return found;
}

/** What Node.js 24 is made for; packages refuse to be installed on less (packaging/floors.sh). */
const FLOORS = { kernel: "4.18", glibc: "2.28" } as const;

function assessFloors(place: Span, machine: Machine): readonly AnyFinding[] {
  return (["kernel", "glibc"] as const).flatMap((part) => {
    const version = machine[part];
    const needed = FLOORS[part];
    if (version === undefined || !isOlder(version, needed)) return [];
    return [finding("VR5118", place, { part, version, needed })];
  });
}

/** By the first two numbers; what has none is not older. */
function isOlder(version: string, needed: string): boolean {
  const [major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [Infinity];
  const [neededMajor = 0, neededMinor = 0] = needed.split(".").map(Number);
  return major < neededMajor || (major === neededMajor && minor < neededMinor);
}

type Report = (finding: AnyFinding) => void;

function assessInterface(instance: Block, machine: Machine, report: Report): void {
  const name = interfaceOf(instance);
  const place = lastSetting(instance, "interface")?.args[0]?.span ?? placeOf(instance);
  if (name === undefined) return;
  if (!machine.interfaces.includes(name)) {
    const known = machine.interfaces.filter((one) => one !== "lo");
    report(finding("VR5101", place, { interface: name, known }));
    return;
  }
  if (!machine.inUse.includes(name)) report(finding("VR5102", place, { interface: name }));
  const own = machine.addresses.filter((one) => one.interface === name);
  const texts = own.map(({ address }) => printIp(address));
  assessSource(instance, name, texts, report);
  for (const { ip, token, interface: other } of addressesOf(instance)) {
    if (other !== undefined) continue;
    if (texts.includes(ip.text)) {
      report(finding("VR5111", token.span, { address: ip.text, interface: name }));
    }
    // One of IPv6 brings its network along; clients learn of it from a router.
    if (ip.family === 6) continue;
    if (!own.some(({ address, prefix }) => isInNetwork(ip.value, address, prefix))) {
      const networks = own.flatMap(({ address, prefix }) =>
        isIpv6(address) ? [] : [`${printIp(address)}/${prefix}`],
      );
      report(finding("VR5104", token.span, { address: ip.text, interface: name, networks }));
    }
  }
}

/**
 * An instance without an interface may have its source address on any device, but the devices
 * of its virtual addresses have to exist.
 */
function assessUnbound(instance: Block, model: Model, machine: Machine, report: Report): void {
  const own = machine.addresses.map(({ address }) => printIp(address));
  assessSource(instance, undefined, own, report);
  const missing = new Set<string>();
  for (const item of addressesOf(instance)) {
    const name = holderOf(item, instance, model);
    if (name === undefined || machine.interfaces.includes(name) || missing.has(name)) continue;
    missing.add(name);
    const known = machine.interfaces.filter((one) => one !== "lo");
    report(finding("VR5101", item.token.span, { interface: name, known }));
  }
}

function assessSource(
  instance: Block,
  name: string | undefined,
  addresses: readonly string[],
  report: Report,
): void {
  for (const word of ["unicast_src_ip", "mcast_src_ip"]) {
    const source = addressOf(instance, word);
    const span = lastSetting(instance, word)?.args[0]?.span;
    if (source === undefined || span === undefined || addresses.includes(source.text)) continue;
    report(finding("VR5103", span, { address: source.text, interface: name }));
  }
}

/**
 * With script security and without an account for scripts, keepalived ignores every script that
 * names no user.
 */
function assessDefaultUser({ globals, scripts }: Model, machine: Machine, report: Report): void {
  const security = lastSetting(globals, "enable_script_security");
  if (security === undefined || lastSetting(globals, "script_user") !== undefined) return;
  if (scripts.every((block) => lastSetting(block, "user") !== undefined)) return;
  const user = "keepalived_script";
  if (!machine.hasAccount(user)) report(finding("VR5108", security.token.span, { user }));
}

function assessScripts(root: Block, machine: Machine, report: Report): void {
  const seen = new Set<string>();
  const visit = (block: Block): void => {
    for (const setting of block.settings) assessSetting(setting, { machine, seen, report });
    for (const inner of block.blocks) visit(inner);
  };
  visit(root);
}

interface Scripts {
  readonly machine: Machine;
  /** Paths that have been checked already. */
  readonly seen: Set<string>;
  readonly report: Report;
}

const PIPES: readonly string[] = ["notify_fifo", "vrrp_notify_fifo"];

function assessSetting({ value, args, token, keyword }: Setting, scripts: Scripts): void {
  const { machine, seen, report } = scripts;
  const place: Span = args[0]?.span ?? token.span;
  const assessUser = (user: string, at: Span): void => {
    if (!machine.hasAccount(user)) report(finding("VR5108", at, { user }));
  };
  if (value.kind === "user") assessUser(value.user, place);
  // `notify_fifo PATH USER`: without the account the pipe is not made.
  if (value.kind === "texts" && PIPES.includes(keyword.word) && value.values[1] !== undefined) {
    assessUser(value.values[1], args[1]?.span ?? place);
  }
  if (value.kind !== "command" || value.command === undefined || keyword.word === "process") return;
  const { user, argv } = value.command;
  if (user !== undefined) assessUser(user, args[1]?.span ?? place);
  const [path = ""] = argv;
  if (!path.startsWith("/") || seen.has(path)) return;
  seen.add(path);
  assessProgram(path, place, machine, report);
}

function assessProgram(path: string, place: Span, machine: Machine, report: Report): void {
  const program = machine.file(path);
  if (program?.kind !== "file") {
    report(finding("VR5105", place, { path }));
    return;
  }
  if (!program.mayRun) report(finding("VR5106", place, { path }));
  // keepalived's rule: nobody but root may be able to change the file or a folder above it.
  // Folders with the sticky bit, like /tmp, are excepted.
  for (let at = program.realPath; ; at = dirname(at)) {
    const facts = machine.file(at);
    if (facts === undefined) return;
    const sticky = facts.kind === "folder" && (facts.mode & 0o1000) !== 0;
    const open = (facts.mode & 0o022) !== 0 && !sticky;
    if (open || facts.ownerId !== 0) {
      const why = open ? "group-or-others" : "owner";
      report(finding("VR5107", place, { path, place: at, why }));
      return;
    }
    if (at === "/") return;
  }
}
