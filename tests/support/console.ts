/**
 * What a person sees of a machine in a terminal, as the pages of codes show it: `$ command` and its
 * output. Read into the facts that the rules of `baton check --live` take. A command that is not
 * known here is a mistake of the page.
 */

import assert from "node:assert/strict";
import { droppingRules } from "#cli/check-firewall";
import type { RunCheck } from "#cli/check-live-checks";
import type { AskDatabase } from "#cli/check-live-databases";
import type { HeardRouter, Hearing } from "#cli/check-live-routers";
import type { OwnAddress } from "#cli/check-live-settings";
import type { FileFacts, Machine } from "#cli/check-machine";
import { settingRemarks } from "#databases/postgresql/survey";
import { remarksOf as redisRemarks } from "#databases/redis/survey";
import { type Ipv4, readIpv4 } from "#units/address";
import { centis } from "#units/time";

export interface Shown {
  readonly command: string;
  readonly output: string;
}

/** A line of `ls -l`. */
export interface Listed {
  readonly path: string;
  /** As `ls` has it: `-`, `d`, `l`. */
  readonly type: string;
  readonly mode: number;
  readonly owner: string;
  readonly size: number;
  /** Of a symbolic link. */
  readonly target: string | undefined;
}

const COMMANDS =
  /^(?:ip -br addr|ip route get \S+|sysctl \S+|ls -ld? .+|id \S+|file \S+|nft -j list ruleset|uname -r|ss -wnap|getconf GNU_LIBC_VERSION|tcpdump -vni \S+ vrrp|tccli vpc \w+|wget -qO- \S+|mysqladmin --host=\S+ ping|redis-cli -h \S+ CONFIG GET \w+|psql -h \S+ -U baton -Atc '[\w ]+' postgres|date -u .*|curl -sI .*)$/;

export function readConsole(text: string): readonly Shown[] {
  return text
    .split(/^\$ /m)
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const [command = "", ...output] = part.split("\n");
      assert.match(command, COMMANDS);
      return { command, output: output.join("\n").trim() };
    });
}

const address = (text: string): Ipv4 => readIpv4(text) ?? assert.fail(`${text} is no address`);

function outputs(shown: readonly Shown[], start: string): readonly string[] {
  const own = shown.filter(({ command }) => command.startsWith(start));
  return own.flatMap(({ output }) => output.split("\n")).filter((line) => line !== "");
}

export function listedIn(shown: readonly Shown[]): readonly Listed[] {
  return outputs(shown, "ls ").flatMap((line): Listed[] => {
    if (/^ls: cannot access '[^']+': No such file or directory$/.test(line)) return [];
    const parsed =
      /^([-dl])([-rwxtT]{9}) +\d+ (\w+) \w+ +(\d+) \w{3} +\d+ [\d:]+ (\S+)(?: -> (\S+))?$/.exec(
        line,
      );
    const [, type = "", bits = "", owner = "", size = "", path = "", target] = parsed ?? [];
    assert.ok(parsed !== null, line);
    return [{ path, type, mode: modeOf(bits), owner, size: Number(size), target }];
  });
}

function modeOf(bits: string): number {
  const sticky = /[tT]$/.test(bits) ? 0o1000 : 0;
  return bits
    .split("")
    .reduce((mode, bit, index) => (/[-T]/.test(bit) ? mode : mode | (0o400 >> index)), sticky);
}

/** The kernel's own values; `eth0` is up with 10.0.0.1/24 unless `ip` shows something else. */
export function machineIn(shown: readonly Shown[]): Machine {
  const settings = new Map<string, number>([
    ["net.ipv4.ip_nonlocal_bind", 1],
    ["net.ipv4.ip_forward", 0],
    ["net.ipv4.igmp_max_memberships", 20],
  ]);
  for (const line of outputs(shown, "sysctl ")) {
    const [, key = "", value = ""] = /^(\S+) = (\d+)$/.exec(line) ?? assert.fail(line);
    settings.set(key, Number(value));
  }
  const links = outputs(shown, "ip -br addr").map((line) => line.split(/\s+/));
  if (links.length === 0)
    links.push(["lo", "UNKNOWN", "127.0.0.1/8"], ["eth0", "UP", "10.0.0.1/24"]);
  const routes = new Map<string, string>();
  for (const line of outputs(shown, "ip route get ")) {
    const [, to = "", device = ""] = /^(\S+) .*?dev (\S+)/.exec(line) ?? assert.fail(line);
    routes.set(to, device);
  }
  const accounts = new Set(
    outputs(shown, "id ").flatMap((line) => /^uid=\d+\((\w+)\)/.exec(line)?.[1] ?? []),
  );
  const listed = listedIn(shown);
  return {
    setting: (key) =>
      settings.get(key) ?? (/^net\.ipv4\.conf\.[^.]+\.\w+$/.test(key) ? 0 : undefined),
    addresses: links.flatMap(([name = "", , ...cidrs]) =>
      cidrs.map((cidr): OwnAddress => {
        const [host = "", prefix = ""] = cidr.split("/");
        return { interface: name, address: address(host), prefix: Number(prefix) };
      }),
    ),
    routeTo: (to) => [...routes].find(([text]) => address(text) === to)?.[1],
    interfaces: links.map(([name = ""]) => name),
    inUse: links
      .filter(([, state, first]) => state !== "DOWN" && first !== undefined)
      .map(([name = ""]) => name),
    hasAccount: (user) => user === "root" || accounts.has(user),
    file: (path) => factsOf(path, listed),
    droppingRules: droppingRules(outputs(shown, "nft ").join("\n")),
    kernel: outputs(shown, "uname -r")[0],
    glibc: outputs(shown, "getconf ")[0]?.replace("glibc ", ""),
    keepaliveds: outputs(shown, "ss -wnap").flatMap((line) => {
      const pid = /:112 .*\(\("keepalived",pid=(\d+),/.exec(line)?.[1];
      return pid === undefined ? [] : [Number(pid)];
    }),
  };
}

/** Whether a database answers, and its settings; what the page does not show is good. */
export const databaseIn =
  (shown: readonly Shown[]): AskDatabase =>
  async ({ at, survey }) => {
    const host = "socket" in at ? "localhost" : at.host;
    const outputOf = (command: string): string | undefined =>
      shown.find((one) => one.command === command)?.output;
    const ping = outputOf(`mysqladmin --host=${host} ping`) ?? "mysqld is alive";
    const isAlive = ping === "mysqld is alive";
    const valueOf = (name: string): string | undefined =>
      /^2\) "(.*)"$/m.exec(outputOf(`redis-cli -h ${host} CONFIG GET ${name}`) ?? "")?.[1];
    const commits = outputOf(`psql -h ${host} -U baton -Atc 'SHOW synchronous_commit' postgres`);
    const remarks = [
      ...redisRemarks(valueOf("appendonly"), valueOf("save")),
      ...settingRemarks({ commits: commits ?? null }, survey),
    ];
    return await Promise.resolve(
      isAlive ? { ok: true, remarks } : { ok: false, why: { en: ping, "zh-CN": ping } },
    );
  };

/** What a check by HTTP finds: an error of wget's is one; what the page does not show answers. */
export const checkIn =
  (shown: readonly Shown[]): RunCheck =>
  async ({ target }) => {
    const url = target.kind === "http" ? target.url : "";
    const said = shown.find(({ command }) => command === `wget -qO- ${url}`)?.output ?? "";
    const kind = said.startsWith("wget: ") ? "bad" : "good";
    return await Promise.resolve({ kind, text: { en: said, "zh-CN": said } });
  };

/** Folders above a file that is shown belong to root. */
function factsOf(path: string, listed: readonly Listed[]): FileFacts | undefined {
  const found = listed.find((one) => one.path === path);
  if (found !== undefined) {
    return {
      realPath: path,
      kind: found.type === "d" ? "folder" : "file",
      mode: found.mode,
      ownerId: found.owner === "root" ? 0 : 1000,
      mayRun: (found.mode & 0o111) !== 0,
    };
  }
  const above = path === "/" ? path : `${path}/`;
  if (!listed.some((one) => one.path.startsWith(above))) return undefined;
  return { realPath: path, kind: "folder", mode: 0o755, ownerId: 0, mayRun: true };
}

/** What `tcpdump` prints of advertisements, or why it printed none. */
export function hearingIn(shown: readonly Shown[]): Hearing {
  let refused: Hearing["refused"];
  const heard: HeardRouter[] = [];
  for (const { command, output } of shown) {
    const device = /^tcpdump -vni (\S+) vrrp$/.exec(command)?.[1];
    if (device === undefined) continue;
    for (const line of output.split("\n").filter((one) => one !== "")) {
      if (line.includes("have permission")) refused = { interface: device, why: "EPERM" };
      else heard.push(routerIn(line, device));
    }
  }
  return { heard, refused };
}

function routerIn(line: string, device: string): HeardRouter {
  const parsed =
    /(\S+) > \S+: VRRPv([23]), Advertisement, vrid (\d+), prio (\d+),.* intvl (\d+)(c?)s, length \d+, addrs?: (\S+)$/.exec(
      line,
    );
  assert.ok(parsed !== null, line);
  const [, from = "", version, vrid, priority, interval, unit, addresses = ""] = parsed;
  return {
    interface: device,
    source: address(from),
    vrid: Number(vrid),
    version: version === "2" ? 2 : 3,
    priority: Number(priority),
    interval: centis(Number(interval) * (unit === "c" ? 1 : 100)),
    addresses: addresses.split(",").map(address),
  };
}
