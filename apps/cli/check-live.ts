/** `--live`: a configuration against the machine it stands on. Nothing here changes anything. */
import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { dirname } from "node:path";
import { addressesOf, addressOf, interfaceOf } from "#config/effective";
import type { Reading } from "#config/read";
import { type Block, lastSetting, placeOf, type Setting } from "#config/records";
import { type AnyFinding, finding, type Language } from "#diagnostics/diagnostic";
import type { Span } from "#diagnostics/source";
import { isInNetwork, readIpv4 } from "#units/address";
import { checkFirewall } from "./check-firewall.ts";
import { checkRouters } from "./check-live-routers.ts";
import { judgeSettings, type OwnAddress, readRoutes } from "./check-live-settings.ts";

export interface LiveOptions {
  readonly language: Language;
  /** Text for a person who waits. */
  readonly tell: (text: string) => void;
}

export async function checkMachine(
  reading: Reading,
  { language, tell }: LiveOptions,
): Promise<readonly AnyFinding[]> {
  const { model } = reading;
  const found: AnyFinding[] = [];
  const report = (one: AnyFinding): void => {
    found.push(one);
  };
  for (const instance of model.instances) checkInterface(instance, report);
  checkScripts(model.root, report);
  const addresses = ownAddresses();
  const routeTo = readRoutes(read("/proc/self/net/route") ?? "");
  found.push(...judgeSettings(model, { setting: readSetting, addresses, routeTo }));
  const [first] = model.instances;
  if (first !== undefined) {
    for (const rule of await checkFirewall()) report(finding("VR5109", placeOf(first), { rule }));
  }
  const own = new Set(addresses.map(({ address }) => address));
  found.push(...(await checkRouters(reading, own, { tell, progress: PROGRESS[language] })));
  return found;
}

const PROGRESS: Readonly<
  Record<Language, (interfaces: readonly string[], seconds: number) => string>
> = {
  en: (interfaces, seconds) => `listening for VRRP on ${interfaces.join(", ")}, ${seconds} s more`,
  "zh-CN": (interfaces, seconds) => `正在 ${interfaces.join("、")} 上监听 VRRP，还需 ${seconds} 秒`,
};

/** `net.ipv4.conf.eth0/1.arp_ignore` is /proc/sys/net/ipv4/conf/eth0.1/arp_ignore. */
function readSetting(key: string): number | undefined {
  const path = key.replace(/[./]/g, (mark) => (mark === "." ? "/" : "."));
  const text = read(`/proc/sys/${path}`);
  return text === undefined ? undefined : Number(text);
}

function ownAddresses(): readonly OwnAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ cidr }): OwnAddress[] => {
      const [host = "", prefix = ""] = cidr?.split("/") ?? [];
      const address = readIpv4(host);
      return address === undefined ? [] : [{ interface: name, address, prefix: Number(prefix) }];
    }),
  );
}

type Report = (finding: AnyFinding) => void;

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
};

/** From the namespace of this process; `/sys/class/net` may belong to another one. */
function interfacesHere(): readonly string[] {
  const lines = (read("/proc/self/net/dev") ?? "").split("\n").slice(2);
  return lines.map((line) => line.split(":")[0]?.trim() ?? "").filter((name) => name !== "");
}

function checkInterface(instance: Block, report: Report): void {
  const name = interfaceOf(instance);
  const place = lastSetting(instance, "interface")?.args[0]?.span ?? placeOf(instance);
  if (name === undefined) return;
  const all = networkInterfaces();
  const known = interfacesHere();
  if (!known.includes(name)) {
    report(
      finding("VR5101", place, { interface: name, known: known.filter((one) => one !== "lo") }),
    );
    return;
  }
  // Interfaces that are down, or have no address, are not listed there.
  if (all[name] === undefined) report(finding("VR5102", place, { interface: name }));
  const addresses = (all[name] ?? []).filter(({ family }) => family === "IPv4");
  checkSource(
    instance,
    name,
    addresses.map(({ address }) => address),
    report,
  );
  const networks = addresses.flatMap(({ cidr }) => cidr ?? []);
  for (const item of addressesOf(instance)) {
    if (item.ip.family !== 4 || item.interface !== undefined) continue;
    const { ip, word } = item;
    if (addresses.some(({ address }) => address === ip.text)) {
      report(finding("VR5111", word.span, { address: ip.text, interface: name }));
    }
    const inside = networks.some((cidr) => {
      const [host = "", prefix = ""] = cidr.split("/");
      const network = readIpv4(host);
      return network !== undefined && isInNetwork(ip.value, network, Number(prefix));
    });
    if (!inside) {
      const facts = { address: ip.text, interface: name, networks };
      report(finding("VR5104", word.span, facts));
    }
  }
}

function checkSource(
  instance: Block,
  name: string,
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

function checkScripts(root: Block, report: Report): void {
  const seen = new Set<string>();
  const visit = (block: Block): void => {
    for (const setting of block.settings) checkSetting(setting, seen, report);
    for (const inner of block.blocks) visit(inner);
  };
  visit(root);
}

function checkSetting(setting: Setting, seen: Set<string>, report: Report): void {
  const { value, args, word } = setting;
  const place: Span = args[0]?.span ?? word.span;
  if (value.kind === "user") checkUser(value.user, place, report);
  if (
    value.kind !== "command" ||
    value.command === undefined ||
    setting.keyword.word === "process"
  ) {
    return;
  }
  if (value.command.user !== undefined)
    checkUser(value.command.user, args[1]?.span ?? place, report);
  const [path = ""] = value.command.argv;
  if (!path.startsWith("/") || seen.has(path)) return;
  seen.add(path);
  checkProgram(path, place, report);
}

/** keepalived looks accounts up by name or number. */
function checkUser(user: string, place: Span, report: Report): void {
  const accounts = (read("/etc/passwd") ?? "").split("\n").map((line) => line.split(":"));
  if (!accounts.some(([name, , id]) => name === user || id === user)) {
    report(finding("VR5108", place, { user }));
  }
}

function checkProgram(path: string, place: Span, report: Report): void {
  let real: string;
  try {
    real = realpathSync(path);
    if (!statSync(real).isFile()) throw new Error("not a file");
  } catch {
    report(finding("VR5105", place, { path }));
    return;
  }
  try {
    accessSync(real, constants.X_OK);
  } catch {
    report(finding("VR5106", place, { path }));
  }
  // keepalived's rule: neither the file nor a folder above it may be changed by anybody but root; /tmp-like folders
  // with the sticky bit excepted.
  for (let at = real; ; at = dirname(at)) {
    const info = statSync(at);
    const sticky = info.isDirectory() && (info.mode & 0o1000) !== 0;
    const open = (info.mode & 0o022) !== 0 && !sticky;
    if (open || info.uid !== 0) {
      const why = open ? "group-or-others" : "owner";
      report(finding("VR5107", place, { path, place: at, why }));
      return;
    }
    if (at === "/") return;
  }
}
