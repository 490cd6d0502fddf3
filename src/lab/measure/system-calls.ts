/**
 * System calls and netlink requests of a daemon, counted in a window of their own. `perf`
 * counts with tracepoints in the kernel, which hardly disturbs. Without it `strace` does, for
 * slow daemons only: it stops the traced process twice in every call, and a daemon that falls
 * behind does other work.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { treeOf } from "../sandbox/proc.ts";

/**
 * The calls that are counted by name; those of the vDSO (clock_gettime) are not system calls.
 */
const NAMES = [
  "sendto",
  "sendmsg",
  "sendmmsg",
  "write",
  "recvfrom",
  "recvmsg",
  "recvmmsg",
  "read",
  "ppoll",
  "epoll_wait",
  "epoll_pwait",
  "pselect6",
  "futex",
  "timerfd_settime",
  "mmap",
  "munmap",
  "madvise",
  "socket",
  "close",
];
const SENDS = ["sendto", "sendmsg", "sendmmsg", "write", "writev"];
const ALL = "raw_syscalls:sys_enter";
const ENTER = "syscalls:sys_enter_";

/** `perf stat -x,`: count, unit, event, … a line; events that could not be counted are left out. */
export function parsePerfStat(output: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of output.split("\n")) {
    const [text = "", , event = ""] = line.split(",");
    // "Not counted" is what perf says of a process that slept all the time.
    const count = text === "<not counted>" ? "0" : text;
    if (!/^\d+$/.test(count) || event === "") continue;
    counts.set(event, (counts.get(event) ?? 0) + Number(count));
  }
  return counts;
}

export interface CallCounts {
  readonly all: number;
  /** The commonest calls by name. */
  readonly calls: ReadonlyMap<string, number>;
  /** The number of calls that sent something to netlink, however many messages each had. */
  readonly netlink: number;
}

/** Inodes of /proc/net/netlink: the last column. */
export const parseNetlinkInodes = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/).at(-1) ?? ""),
  );

/** Lines of `strace -f -yy`; a call that another thread interrupts is counted where it begins. */
export function parseTrace(text: string): CallCounts {
  const calls = new Map<string, number>();
  let netlink = 0;
  let all = 0;
  for (const line of text.split("\n")) {
    const match = /^(?:\d+ +)?(\w+)\((.*)$/.exec(line);
    const [, name = "", rest = ""] = match ?? [];
    if (name === "") continue;
    all += 1;
    calls.set(name, (calls.get(name) ?? 0) + 1);
    if (
      !SENDS.includes(name) ||
      !/^\d+<(?:socket:|NETLINK)/.test(rest) ||
      !rest.includes("NETLINK")
    ) {
      continue;
    }
    netlink += 1;
  }
  return { all, calls, netlink };
}

const isThere = (program: string): boolean =>
  spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

/** Undefined, with the reason, if it cannot be counted. */
export type Counted<T> = { readonly value: T } | { readonly reason: string };

/** Under strace a busy daemon no longer behaves normally. */
const TRACED_ADVERTS_MAX = 500;

/**
 * @param rate advertisements a second
 * @param file where a trace may be written meanwhile
 */
export async function countCalls(
  root: number,
  {
    seconds,
    rate,
    file,
  }: { readonly seconds: number; readonly rate: number; readonly file: string },
): Promise<Counted<CallCounts>> {
  if (isThere("perf")) return perfCalls(root, seconds);
  if (!isThere("strace")) return { reason: "neither perf nor strace is installed" };
  if (rate > TRACED_ADVERTS_MAX) return { reason: "perf is not installed; strace is too slow" };
  return traceCalls(root, seconds, file);
}

async function perfCalls(root: number, seconds: number): Promise<Counted<CallCounts>> {
  const all = await Promise.all(treeOf(root).map((pid) => perfProcess(pid, seconds)));
  const calls = new Map<string, number>();
  let total = 0;
  let netlink = 0;
  for (const one of all) {
    if ("reason" in one) return one;
    total += one.value.all;
    netlink += one.value.netlink;
    for (const [name, count] of one.value.calls) calls.set(name, (calls.get(name) ?? 0) + count);
  }
  return { value: { all: total, calls, netlink } };
}

/** One process with its threads, because descriptors have a meaning within one process only. */
async function perfProcess(pid: number, seconds: number): Promise<Counted<CallCounts>> {
  const sockets = netlinkDescriptors(pid);
  const filter = sockets.map((fd) => `fd == ${fd}`).join(" || ");
  const count = (events: readonly string[], filtered: boolean): Promise<string> => {
    const named = events.flatMap((event) =>
      filtered ? ["-e", event, "--filter", filter] : ["-e", event],
    );
    const args = ["stat", "-x,", ...named, "-p", String(pid), "--", "sleep", String(seconds)];
    return perf(args);
  };
  const [plain, toNetlink] = await Promise.all([
    count([ALL, ...NAMES.map((name) => ENTER + name)], false),
    sockets.length === 0
      ? ""
      : count(
          SENDS.map((name) => ENTER + name),
          true,
        ),
  ]);
  const counts = parsePerfStat(plain);
  const all = counts.get(ALL);
  if (all === undefined) return { reason: plain.trim().split("\n")[0] ?? "perf counted nothing" };
  const netlink = [...parsePerfStat(toNetlink).values()].reduce((sum, one) => sum + one, 0);
  const calls = new Map<string, number>();
  for (const name of NAMES) calls.set(name, counts.get(ENTER + name) ?? 0);
  return { value: { all, calls, netlink } };
}

async function perf(args: readonly string[]): Promise<string> {
  const child = spawn("perf", args, { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  await once(child, "close");
  return text;
}

function netlinkDescriptors(pid: number): readonly string[] {
  try {
    const inodes = parseNetlinkInodes(readFileSync(`/proc/${pid}/net/netlink`, "utf8"));
    return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    // The process has ended.
    return [];
  }
}

async function traceCalls(
  root: number,
  seconds: number,
  file: string,
): Promise<Counted<CallCounts>> {
  const pids = treeOf(root).flatMap((pid) => ["-p", String(pid)]);
  const watch = ["-f", "-q", "-yy", "-s", "0", "-o", file, ...pids];
  const child = spawn("strace", watch, { stdio: ["ignore", "ignore", "pipe"] });
  let refusal = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    refusal += part;
  });
  await sleep(seconds * 1_000);
  await interrupt(child);
  const value = parseTrace(readFileSync(file, "utf8"));
  if (value.calls.size > 0) return { value };
  return { reason: refusal.trim().split("\n")[0] ?? "strace saw nothing" };
}

async function interrupt(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGINT");
  await closed;
}
