/**
 * Makes tests/captures anew: real keepalived daemons in network namespaces of their own, tcpdump on
 * the wire between them, tshark as the independent reader which gives the expectation. Needs
 * root, keepalived, tcpdump and tshark.
 *
 * Usage: make-captures.ts [CASE…]
 *
 * The program starts itself again under `unshare` with private mount, PID and network namespaces:
 * whatever it makes (namespaces, daemons, PID files) is gone with it. /dev/console is covered by
 * /dev/null there because keepalived logs with LOG_CONS, which on a serial console delays it by
 * milliseconds.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { emitPcap, parsePcap } from "../tests/support/pcap.ts";
import { CASES, type CaptureCase } from "./capture-cases.ts";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "tests", "captures");
const INSIDE = "--inside";
const FILTER = "ip proto 112 or arp";

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const run = (program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const ip = (args: string): string => run("ip", ...args.split(" "));

/** Two namespaces joined by one veth pair, addresses and MACs always the same. */
function makeNetwork(): void {
  ip("netns add n0");
  ip("netns add n1");
  ip("link add eth0 netns n0 address 02:00:00:00:09:01 type veth peer name eth0 netns n1");
  ip("-n n1 link set eth0 address 02:00:00:00:09:02");
  for (const node of ["n0", "n1"]) {
    // Without IPv6 nothing but VRRP and ARP is on the wire, and no address waits for its duplicate
    // check.
    run("ip", "netns", "exec", node, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
    ip(`-n ${node} link set lo up`);
    ip(`-n ${node} address add 10.9.0.${node === "n0" ? 1 : 2}/24 dev eth0`);
    ip(`-n ${node} link set eth0 up`);
  }
}

function removeNetwork(): void {
  ip("netns del n0");
  ip("netns del n1");
}

function startKeepalived(node: string, configuration: string): ChildProcess {
  const file = `/run/${node}.conf`;
  writeFileSync(file, configuration);
  const pids = ["-p", "-r", "-c", "-b"].flatMap((flag) => [flag, `/run/${node}${flag}.pid`]);
  const args = ["netns", "exec", node, "keepalived", "-n", "-P", "-f", file, ...pids];
  return spawn("ip", args, { stdio: "ignore" });
}

async function stop(child: ChildProcess, signal: "SIGTERM" | "SIGINT"): Promise<void> {
  if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(" ")} ended early`);
  child.kill(signal);
  await once(child, "exit");
}

async function capture(name: string, { nodes, steps }: CaptureCase): Promise<void> {
  makeNetwork();
  const raw = `/run/${name}.pcap`;
  const dump = spawn(
    "ip",
    ["netns", "exec", "n1", "tcpdump", "-i", "eth0", "-U", "-Z", "root", "-w", raw, FILTER],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  await once(dump.stderr ?? dump, "data");
  const daemons = new Map<string, ChildProcess>();
  for (const step of steps) {
    if ("seconds" in step) await sleep(step.seconds * 1000);
    else if ("start" in step) {
      daemons.set(step.start, startKeepalived(step.start, nodes[step.start] ?? ""));
    } else {
      const daemon = daemons.get(step.stop);
      if (daemon !== undefined) await stop(daemon, "SIGTERM");
      daemons.delete(step.stop);
    }
  }
  await sleep(200);
  await stop(dump, "SIGINT");
  for (const daemon of daemons.values()) await stop(daemon, "SIGTERM");
  removeNetwork();

  const frames = parsePcap(readFileSync(raw));
  const zero = frames[0]?.at ?? 0;
  writeFileSync(
    join(folder, `${name}.pcap`),
    emitPcap(frames.map(({ at, bytes }) => ({ at: at - zero, bytes }))),
  );
  const about = {
    keepalived: /Keepalived v(\S+)/.exec(run("sh", "-c", "keepalived --version 2>&1"))?.[1],
    tshark: /\d+\.\d+\.\d+/.exec(run("tshark", "--version"))?.[0],
    nodes,
  };
  const lines = readFrames(join(folder, `${name}.pcap`)).map((frame) => JSON.stringify(frame));
  writeFileSync(
    join(folder, `${name}.json`),
    `{"about":${JSON.stringify(about)},\n"frames":[\n${lines.join(",\n")}\n]}\n`,
  );
  say(`${name}: ${frames.length} frames`);
}

const COMMON = ["eth.src", "eth.dst"];
const IP = ["ip.src", "ip.dst", "ip.ttl", "ip.id", "ip.dsfield"];
const VRRP = ["version", "type", "virt_rtr_id", "prio", "addr_count", "auth_type", "adver_int"]
  .concat(["short_adver_int", "checksum", "checksum.status", "ip_addr", "auth_string"])
  .map((field) => `vrrp.${field}`);
const ARP = ["arp.opcode", "arp.src.hw_mac", "arp.src.proto_ipv4", "arp.dst.hw_mac"].concat(
  "arp.dst.proto_ipv4",
);

/** Each frame as tshark reads it: field name → text, absent fields left out. */
function readFrames(file: string): Record<string, string>[] {
  const fields = [...COMMON, ...IP, ...VRRP, ...ARP];
  const flags = fields.flatMap((field) => ["-e", field]);
  const output = run("tshark", "-r", file, "-T", "fields", ...flags);
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const values = line.split("\t");
      return Object.fromEntries(
        fields.map((field, i) => [field, values[i] ?? ""]).filter(([, value]) => value !== ""),
      );
    });
}

async function inside(names: readonly string[]): Promise<void> {
  run("mount", "--bind", "/dev/null", "/dev/console");
  run("mount", "-t", "tmpfs", "tmpfs", "/run");
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const found = CASES[name];
    if (found === undefined) throw new Error(`no case ${name}`);
    rmSync(join(folder, `${name}.json`), { force: true });
    await capture(name, found);
  }
}

const names = process.argv.slice(2).filter((arg) => arg !== INSIDE);
const wanted = names.length > 0 ? names : Object.keys(CASES);
if (process.argv.includes(INSIDE)) await inside(wanted);
else {
  const unshare = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const self = [...process.execArgv, fileURLToPath(import.meta.url), INSIDE, ...wanted];
  const child = spawn("unshare", [...unshare, process.execPath, ...self], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  process.exitCode = code ?? 1;
}
