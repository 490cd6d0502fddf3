/**
 * The engine process. The supervisor starts it with a socket pair on file descriptor 3. It
 * never returns to an event loop.
 *
 *   for ever: ppoll until the next deadline
 *             -> read what is readable; while a timer is due, until nothing is, 2 ms at the most
 *             -> fire what is due
 */

import { AddressClaims } from "#linux/address-claims";
import { type AddressLifetimes, openAddressLifetimes } from "#linux/address-lifetimes";
import { now } from "#linux/clock";
import { openCollectionTrace } from "#linux/collection-trace";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { LinuxWorld } from "#linux/linux-world";
import {
  collectGarbage,
  isNeededWithoutNotice,
  type Mapping,
  populateCode,
  QuietTrim,
  readCode,
  releaseCode,
  trimAllocator,
} from "#linux/memory";
import { openNftGuard } from "#linux/nft-guard";
import {
  ignoreSignals,
  lockMemory,
  setPriority,
  setRealtime,
  setThreadName,
  setTimerSlack,
} from "#linux/process";
import { Reactor } from "#linux/reactor";
import { type Result, success } from "#linux/result";
import {
  openMonitor,
  openRtnetlink,
  type Rtnetlink,
  type RtnetlinkMonitor,
} from "#linux/rtnetlink";
import { openScheduling } from "#linux/scheduling";
import { after, type Instant, micros } from "#units/time";
import { CollectionCount } from "#vrrp/engine/collections";
import { Engine } from "#vrrp/engine/engine";
import { ENGINE_BOUNDS } from "#vrrp/engine/engine-durations";
import type { FromEngine } from "#vrrp/engine/engine-link";
import { readToEngine } from "#vrrp/engine/engine-link-lines";
import { LatenessWatch } from "#vrrp/engine/lateness";
import { createRecorder, type Recorder } from "#vrrp/engine/recording";
import { type AddressGuard, printFailure, type WorldEvent } from "#vrrp/engine/world";
import { everyAddress } from "./every-address.ts";

const PIPE = 3;
/** The argument that says that there is a file to lock, and the file's descriptor. */
const LOCK = "--lock";
const LOCK_FD = 4;
/** flock(2) */
const LOCK_EX = 2;
const LOCK_NB = 4;
/** The argument that makes this engine report what happens to its routers. */
const RECORD = "--record";
/** The nice value where real-time scheduling is not allowed (docs/adr/0012). */
const NICE = -15;
/**
 * The lowest real-time priority: ahead of every ordinary process, behind everything that asked
 * for more.
 */
const REALTIME_PRIORITY = 1;
/**
 * How long a busy supervisor may take to read the last messages; after the same time it kills
 * an engine that has not ended.
 */
const LAST_OUTPUT = micros(10_000_000);
const TIMER_SLACK_NANOSECONDS = 1_000;
/**
 * A fifth of the shortest interval: enough for hundreds of packets, and still in time for the
 * next advertisement.
 */
const DRAIN_MOST = micros(2_000);
const FAR = Number.POSITIVE_INFINITY;
/**
 * Exit statuses of sysexits.h: internal software error, and a system resource that cannot be
 * opened.
 */
const EX_SOFTWARE = 70;
const EX_OSERR = 71;

function run(openRequests: typeof openRtnetlink): number {
  // The supervisor decides about signals; a Ctrl-C reaches the whole process group.
  const ignored = ignoreSignals();
  // The lock ends with this process, however it ends (engine-lock.ts).
  if (process.argv.includes(LOCK)) libc.flock(LOCK_FD, LOCK_EX | LOCK_NB);
  const pipe = new LinePipe(PIPE);
  const log = (level: "error" | "warning", text: string): void =>
    pipe.write({ type: "log", level, text }, true);
  if (!ignored.ok) log("warning", `a signal to the engine may end it: ${printFailure(ignored)}`);
  hurry(log);

  const reactor = new Reactor();
  const netlink = openSockets(openRequests);
  if (!netlink.ok) {
    log("error", `rtnetlink cannot be opened: ${printFailure(netlink)}`);
    pipe.flush();
    return EX_OSERR;
  }
  const { monitor, rtnetlink, lifetimes } = netlink.value;
  const world = new LinuxWorld({
    reactor,
    rtnetlink,
    lifetimes,
    pipe,
    guard: openGuard(),
    receive: (event) => engine.onWorld(event, now()),
    repeats: (interfaceIndex, bytes, at) => engine.onRepetition(interfaceIndex, bytes, at),
  });
  let recorder = process.argv.includes(RECORD) ? openRecorder(pipe) : undefined;
  const engine = new Engine(
    world,
    recorder === undefined ? undefined : (record) => recorder?.record(record),
  );
  // The supervisor has placed its own claims, and has made sure that no other daemon has any.
  // The engine's last as long as it answers for the addresses.
  const claims = new AddressClaims();
  const duties = { lateness: watchLateness(log), memory: new OwnMemory(pipe) };
  const receive = (line: string): void => {
    // The supervisor is the same program from the same checkout: its lines are trusted to be
    // well-formed.
    const message = readToEngine(line);
    if (message.type === "configure") {
      recorder?.configured(message.instances);
      const refused = claims.set(everyAddress(message.instances));
      if (refused !== undefined) log("warning", printFailure(refused));
    }
    if (message.type === "recording") {
      if (message.goOn) recorder?.afresh();
      else recorder = undefined;
    }
    if (message.type === "configure") engine.emit({ type: "configuring" });
    if (message.type === "snapshot" && message.empty !== true && message.from === undefined)
      reportItself(engine, duties.lateness);
    engine.onSupervisor(message, now());
    if (message.type !== "configure") return;
    engine.emit({ type: "ready", pid: process.pid });
    duties.memory.configured();
  };

  reactor.add(monitor.fd, () => {
    for (const event of monitor.read()) engine.onWorld(event, now());
  });
  reactor.add(pipe.fd, () => {
    for (const line of pipe.read()) receive(line);
    if (pipe.ended && !engine.finished) engine.supervisorGone(now());
    if (pipe.ended) reactor.remove(pipe.fd);
  });

  const found = readKernel(rtnetlink);
  if (!found.ok) {
    log("error", `interfaces cannot be read: ${printFailure(found)}`);
    pipe.flush();
    return EX_OSERR;
  }
  engine.onWorld(found.value, now());

  work(engine, reactor, pipe, duties);
  pipe.finish(LAST_OUTPUT);
  return 0;
}

/** What belongs to no instance, before the first of them. */
function reportItself(engine: Engine, lateness: LatenessWatch): void {
  const pauses = lateness.read(now());
  const jitter = engine.jitter.counts(ENGINE_BOUNDS);
  engine.emit({ type: "pauses", pauses, durations: { ...lateness.counts(), jitter } });
  const { sessions } = engine;
  if (sessions.length > 0) engine.emit({ type: "sessions", sessions });
}

function watchLateness(log: (level: "warning", text: string) => void): LatenessWatch {
  const trace = openCollectionTrace();
  if (!trace.ok) log("warning", `collections are not counted: ${printFailure(trace)}`);
  const collections = new CollectionCount(trace.ok ? trace.value : () => []);
  const wall = (): string => new Date().toISOString();
  return new LatenessWatch({ read: openScheduling(), collections, wall }, now());
}

/** Runs until everything has been handed over. */
function work(
  engine: Engine,
  reactor: Reactor,
  pipe: LinePipe,
  { lateness, memory }: { readonly lateness: LatenessWatch; readonly memory: OwnMemory },
): void {
  let reportedAt = 0;
  while (!engine.finished) {
    // Lines that the supervisor has not taken are tried again soon; that is rare enough for
    // polling.
    const due = engine.deadline();
    const rested = now();
    lateness.rest(rested, due);
    memory.rest(rested, due);
    reactor.setPause(engine.packetPause());
    const soon = pipe.waiting ? after(now(), micros(10_000)) : undefined;
    reactor.wait(soon !== undefined && (due === undefined || soon < due) ? soon : due);
    const woken = now();
    if (due !== undefined && due <= woken) {
      lateness.woke(due, woken);
      reportedAt = reportLate({ engine, lateness, due, woken, reportedAt });
    }
    const isAllRead = reactor.drain(() => (engine.deadline() ?? FAR) <= now(), DRAIN_MOST);
    engine.onTime(now(), isAllRead);
    if (pipe.waiting) pipe.flush();
  }
}

/** So late that a peer with a short interval may have taken over, or nearly. */
const LATE_MICROS = 100_000;
const LATE_EACH_MICROS = 1_000_000;

/** Returns when it was last reported. */
function reportLate(about: {
  readonly engine: Engine;
  readonly lateness: LatenessWatch;
  readonly due: Instant;
  readonly woken: Instant;
  readonly reportedAt: number;
}): number {
  const { engine, lateness, due, woken, reportedAt } = about;
  const late = woken - due;
  if (late < LATE_MICROS || woken - reportedAt < LATE_EACH_MICROS) return reportedAt;
  // The worst one so far has a cause; reading the counters for it takes some 50 µs.
  const { worst } = lateness.read(woken).lateness;
  const cause = worst?.micros === late ? worst.cause : undefined;
  engine.emit({ type: "late", micros: late, cause });
  return woken;
}

interface NetlinkSockets {
  readonly monitor: RtnetlinkMonitor;
  readonly rtnetlink: Rtnetlink;
  readonly lifetimes: AddressLifetimes;
}

function openSockets(openRequests: typeof openRtnetlink): Result<NetlinkSockets> {
  // The monitor is opened first, so that a change between the two is reported twice rather than
  // never.
  const monitor = openMonitor();
  if (!monitor.ok) return monitor;
  const rtnetlink = openRequests();
  if (!rtnetlink.ok) return rtnetlink;
  const lifetimes = openAddressLifetimes(rtnetlink.value.marks);
  if (!lifetimes.ok) return lifetimes;
  // Without it every new lifetime is news, which is read and comes to nothing.
  void monitor.value.passOver(lifetimes.value.port);
  return success({
    monitor: monitor.value,
    rtnetlink: rtnetlink.value,
    lifetimes: lifetimes.value,
  });
}

/** Undefined where the kernel has none. */
function openGuard(): AddressGuard | undefined {
  const guard = openNftGuard();
  return guard.ok ? guard.value : undefined;
}

/** Every link and address, as the engine's first event. */
function readKernel(rtnetlink: Rtnetlink): Result<WorldEvent> {
  const links = rtnetlink.links();
  if (!links.ok) return links;
  const addresses = rtnetlink.addresses();
  if (!addresses.ok) return addresses;
  return success({ kind: "resync", links: links.value, addresses: addresses.value });
}

/**
 * An advertisement that is late because the machine is busy looks like a dead master to the peers.
 */
function hurry(log: (level: "error" | "warning", text: string) => void): void {
  // This only changes what `ps` and `top` show.
  void setThreadName("baton-engine");
  // Otherwise an ordinary process is woken 50 microseconds late.
  void setTimerSlack(TIMER_SLACK_NANOSECONDS);
  if (setRealtime(REALTIME_PRIORITY).ok) return;
  const niced = setPriority(NICE);
  if (niced.ok) return;
  log(
    "warning",
    `the engine runs with ordinary priority, so advertisements may be late on a busy machine: ${printFailure(niced)}`,
  );
}

/** What a start, a reload, moves or a collection leave behind is given back. */
class OwnMemory {
  readonly #trim: QuietTrim;
  /** Node.js itself; undefined before the first configuration. */
  #released: readonly Mapping[] | undefined;

  constructor(pipe: LinePipe) {
    this.#trim = new QuietTrim(now(), {
      read: () => process.memoryUsage.rss(),
      traffic: () => pipe.traffic,
      trim: () => {
        pipe.release();
        trimAllocator();
        releaseCode(this.#released ?? []);
      },
    });
  }

  /**
   * A configuration has been taken over. After the first, nothing is owned yet: later there is no
   * time to collect garbage. What the start alone runs is not locked.
   */
  configured(): void {
    this.#trim.restart(now());
    if (this.#released !== undefined) return;
    collectGarbage();
    trimAllocator();
    const { kept = [], released = [] } = Object.groupBy(readCode(), (one) =>
      isNeededWithoutNotice(one, process.execPath) ? "kept" : "released",
    );
    this.#released = released;
    releaseCode(released);
    populateCode(kept);
    // Without CAP_IPC_LOCK more than a small amount is refused: then the machine's memory has to
    // suffice.
    void lockMemory();
  }

  /** Before the engine waits until `due`. */
  rest(at: Instant, due: Instant | undefined): void {
    this.#trim.rest(at, due);
  }
}

/**
 * The lines go to the supervisor, which has time to write files. Lines that it does not take
 * are lost and counted.
 */
function openRecorder(pipe: LinePipe): Recorder {
  const write = (line: string): boolean => {
    const { dropped } = pipe;
    pipe.write({ type: "record", line } satisfies FromEngine, true);
    return pipe.dropped === dropped;
  };
  return createRecorder(write, { wall: new Date().toISOString(), at: now() });
}

/** @param openRequests how the kernel is asked for links and addresses */
export function main(openRequests: typeof openRtnetlink = openRtnetlink): void {
  try {
    process.exitCode = run(openRequests);
  } catch (error) {
    // A programming mistake. The supervisor sees the end of the pipe, hands over for this
    // engine and starts another one.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // The pipe is closed first, because stderr may be stuck, and the sooner the supervisor
    // knows, the sooner it hands over.
    libc.close(PIPE);
    process.stderr.write(`baton engine: internal error: ${text}\n`);
    process.exitCode = EX_SOFTWARE;
  }
}
