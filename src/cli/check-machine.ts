/**
 * What `--live` needs to know about a machine, and how this one answers. The rules see only the
 * interface, so that tests and the examples of pages can bring another machine.
 */
import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { keepalivedsWithVrrp } from "#linux/keepalived-processes";
import { readIp } from "#units/address";
import { checkFirewall } from "./check-firewall.ts";
import { type Kernel, type OwnAddress, readRoutes } from "./check-live-settings.ts";

export interface Machine extends Kernel {
  /** The names of all interfaces, including those that are down. */
  readonly interfaces: readonly string[];
  /** Interfaces that are up and have an address of any family. */
  readonly inUse: readonly string[];
  /** Accounts can be named by name or number, as keepalived looks them up. */
  readonly hasAccount: (user: string) => boolean;
  /** Undefined if nothing has that name. */
  readonly file: (path: string) => FileFacts | undefined;
  /** The rules of the packet filter that drop VRRP. */
  readonly droppingRules: readonly string[];
  /** As `uname -r` prints it; undefined without /proc. */
  readonly kernel: string | undefined;
  /** The version of the C library that is in use; undefined for another one than glibc. */
  readonly glibc: string | undefined;
  /** PIDs of the keepalived processes that do VRRP in this network namespace. */
  readonly keepaliveds: readonly number[];
}

export interface FileFacts {
  /** The path behind all symbolic links. */
  readonly realPath: string;
  readonly kind: "file" | "folder" | "other";
  /** The permission bits, with the sticky bit. */
  readonly mode: number;
  readonly ownerId: number;
  readonly mayRun: boolean;
}

export async function thisMachine(): Promise<Machine> {
  return {
    setting: readSetting,
    addresses: ownAddresses(),
    routeTo: readRoutes(read("/proc/self/net/route") ?? ""),
    interfaces: interfacesHere(),
    // `networkInterfaces` does not list interfaces that are down or have no address.
    inUse: Object.keys(networkInterfaces()),
    hasAccount,
    file: fileFacts,
    droppingRules: await checkFirewall(),
    kernel: read("/proc/sys/kernel/osrelease"),
    glibc: glibcVersion(),
    keepaliveds: keepalivedsWithVrrp(),
  };
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
};

function glibcVersion(): string | undefined {
  // Without the network the report asks no name server.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: unknown } };
  const version = header?.glibcVersionRuntime;
  return typeof version === "string" ? version : undefined;
}

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
      const address = readIp(host);
      return address === undefined ? [] : [{ interface: name, address, prefix: Number(prefix) }];
    }),
  );
}

/** Reads the namespace of this process; `/sys/class/net` may belong to another one. */
function interfacesHere(): readonly string[] {
  const lines = (read("/proc/self/net/dev") ?? "").split("\n").slice(2);
  return lines.map((line) => line.split(":")[0]?.trim() ?? "").filter((name) => name !== "");
}

function hasAccount(user: string): boolean {
  const accounts = (read("/etc/passwd") ?? "").split("\n").map((line) => line.split(":"));
  return accounts.some(([name, , id]) => name === user || id === user);
}

function fileFacts(path: string): FileFacts | undefined {
  try {
    const realPath = realpathSync(path);
    const info = statSync(realPath);
    const kind = info.isFile() ? "file" : info.isDirectory() ? "folder" : "other";
    const mode = info.mode & 0o7777;
    return { realPath, kind, mode, ownerId: info.uid, mayRun: mayRun(realPath) };
  } catch {
    return undefined;
  }
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
