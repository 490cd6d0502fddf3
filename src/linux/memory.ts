/**
 * Gives back what only a start needed. Most of what a fresh Node.js maps is code that made its
 * heap, its modules and its compiler, and most of its allocator's pages held what that needed.
 *
 *   collectGarbage ─> trimAllocator ─> releaseCode
 *
 * In this order: the collector frees what the allocator then returns, and runs code itself.
 */
import { readFileSync } from "node:fs";
import { after, type Instant, type Micros, micros } from "#units/time";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";

/**
 * All garbage, and the pages it was on; 10 to 50 ms, by how much is alive. Nothing without
 * `--expose-gc`.
 */
export function collectGarbage(): void {
  // "Last resort" also forgets code that V8 can make again, and leaves no page half empty.
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

/** Free pages of malloc() go back to the kernel; at most a few ms. Nothing with musl. */
export function trimAllocator(): void {
  libc.malloc_trim?.(0);
}

/** RssAnon of proc_pid_status(5) in bytes: pages of no file. 0 if it cannot be read. */
export function readAnonymous(): number {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

/** Private read-only mappings of files that this process has not written to. */
export const readCode = (): readonly Mapping[] => neverWritten(readMappings());

/**
 * Pages of programs and libraries are unmapped. They stay in the kernel's cache; what runs is
 * mapped again when it does, for less than a microsecond a page. Before Linux 5.18 locked ones
 * stay.
 */
export function releaseCode(mappings: readonly Mapping[]): void {
  for (const { start, end } of mappings) discard(start, end);
}

function discard(start: number, end: number): void {
  if (libc.madvise(start, end - start, abi.MADV_DONTNEED_LOCKED) === 0) return;
  libc.madvise(start, end - start, abi.MADV_DONTNEED);
}

/** The largest that the platforms have; madvise(2) wants whole pages. */
const PAGE = 65_536;

/**
 * The pages that lie within `bytes` are given back; those bytes are zero, or what they were, when
 * they are read again.
 */
export function discardPages(bytes: Uint8Array): void {
  const start = Number(libc.addressOf(bytes));
  const from = Math.ceil(start / PAGE) * PAGE;
  const to = Math.floor((start + bytes.length) / PAGE) * PAGE;
  if (to > from) discard(from, to);
}

/** Maps all pages of these, reading those that are not in the kernel's cache. Linux 5.14. */
export function populateCode(mappings: readonly Mapping[]): void {
  for (const { start, end } of mappings) libc.madvise(start, end - start, abi.MADV_POPULATE_READ);
}

/**
 * What is needed without notice, and must not wait for a disk then: the functions of JavaScript
 * that V8 brings compiled, which it maps a second time, near its own code; and libraries.
 */
export function isNeededWithoutNotice(mapping: Mapping, program: string): boolean {
  return mapping.isCode && (mapping.path !== program || mapping.isSecond);
}

/** Between two looks at the size, and after a start, a reload or growth before the first trim. */
const DELAY: Micros = micros(5_000_000);
const DELAY_MAX: Micros = micros(80_000_000);
const GROWTH = 2 * 1_048_576;
/** Trims that gave nothing back for long, until that is how it is. */
const VAIN_MAX = 2;
/** Bytes exchanged between two looks by a process that only waits are fewer. */
const BUSY = 8_192;
/** Much garbage, whatever the size is: it fills what was free. */
const TRAFFIC = 65_536;
/** So much time before the next deadline is enough for a trim. */
const IDLE = 1_000;
/** With many instances there is never that much: then it comes all the same. */
const PUT_OFF_MAX = 1_000_000;

export interface OwnSize {
  /** Bytes of this process that are in RAM, mapped code included. */
  readonly read: () => number;
  /** Bytes exchanged with others up to now. */
  readonly traffic: () => number;
  readonly trim: () => void;
}

/**
 * The engine has no time to collect garbage, but a moment to trim the allocator and to unmap code:
 * some seconds after its start, a reload, moves, or growth of whatever cause: code that V8 made or
 * a collection that it needed, of which the compiler's and the collector's own code stays mapped.
 * Whether that was all of it nobody can say: it trims again after twice the time, and so on up to a
 * bound.
 */
export class QuietTrim {
  readonly #size: OwnSize;
  readonly #delayMax: Micros;
  /** The lowest of the first looks after a trim, when the code that is in use is mapped again. */
  #floor: number | undefined;
  #isFirstLook = true;
  /** Trims for growth, one after the other, that gave nothing back. */
  #vain = 0;
  /** At the last look. */
  #traffic = 0;
  #trimmedTraffic = 0;
  #wasBusy = false;
  #lookAt: Instant;
  #trimAt: Instant;
  #delay = DELAY;

  constructor(start: Instant, size: OwnSize, delayMax: Micros = DELAY_MAX) {
    this.#size = size;
    this.#delayMax = delayMax;
    this.#lookAt = after(start, DELAY);
    this.#trimAt = this.#lookAt;
  }

  /** A reload, or other work: again from its end on. */
  restart(now: Instant): void {
    this.#delay = DELAY;
    this.#trimAt = after(now, DELAY);
    this.#floor = undefined;
  }

  /** Before the process waits until `due`. */
  rest(now: Instant, due: Instant | undefined): void {
    const at = this.#lookAt < this.#trimAt ? this.#lookAt : this.#trimAt;
    if (now < at) return;
    const isIdle = due === undefined || due - now >= IDLE;
    if (!isIdle && now - at < PUT_OFF_MAX) return;
    if (now >= this.#lookAt) this.#look(now);
    if (now >= this.#trimAt) this.#trim(now);
  }

  #look(now: Instant): void {
    this.#lookAt = after(now, DELAY);
    const hasGrown = this.#hasGrown();
    const isOver = this.#isWorkOver();
    const isMuch = this.#traffic - this.#trimmedTraffic > TRAFFIC;
    if (!isOver && !isMuch && !hasGrown) return;
    // Work that goes on does not put the trim off for ever.
    this.#delay = DELAY;
    const next = this.#wasBusy ? this.#lookAt : now;
    if (this.#trimAt > next) this.#trimAt = next;
  }

  /** What comes back as often as it is given back is in use, and then the floor. */
  #hasGrown(): boolean {
    const size = this.#size.read();
    const floor = this.#floor ?? size;
    const isFirst = this.#isFirstLook;
    this.#isFirstLook = false;
    if (size - floor < GROWTH) {
      if (isFirst) this.#vain = 0;
      if (isFirst || this.#floor === undefined) this.#floor = Math.min(floor, size);
      return false;
    }
    if (isFirst) this.#vain += 1;
    if (this.#vain < VAIN_MAX) return true;
    this.#vain = 0;
    this.#floor = size;
    return false;
  }

  /** There was work up to the last look, and none since. */
  #isWorkOver(): boolean {
    const before = this.#traffic;
    this.#traffic = this.#size.traffic();
    const wasBusy = this.#wasBusy;
    this.#wasBusy = this.#traffic - before >= BUSY;
    return wasBusy && !this.#wasBusy;
  }

  #trim(now: Instant): void {
    this.#size.trim();
    this.#isFirstLook = true;
    this.#trimmedTraffic = this.#size.traffic();
    this.#lookAt = after(now, DELAY);
    this.#trimAt = after(now, this.#delay);
    this.#delay = micros(Math.min(this.#delay * 2, this.#delayMax));
  }
}

export interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly path: string;
  readonly isCode: boolean;
  /** It is of a part of the file that an earlier mapping covers. */
  readonly isSecond: boolean;
}

const HEAD = /^([0-9a-f]+)-([0-9a-f]+) r-([x-])p ([0-9a-f]+) \S+ ([0-9]+) +(\/.*)$/;

const readMappings = (): string => {
  try {
    return readFileSync("/proc/self/smaps", "utf8");
  } catch {
    return "";
  }
};

/**
 * Private read-only mappings of files without a page of the process's own, be it in memory or
 * swapped out: those are relocations, which exist nowhere else.
 *
 * @param smaps /proc/PID/smaps, see proc_pid_smaps(5)
 */
export function neverWritten(smaps: string): readonly Mapping[] {
  const found: Mapping[] = [];
  const seen: { readonly path: string; readonly from: number; readonly to: number }[] = [];
  for (const block of smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)) {
    const head = HEAD.exec(block.slice(0, block.indexOf("\n")));
    if (head === null) continue;
    const [, first = "", last = "", code, place = "", inode, path = ""] = head;
    const [start, end, from] = [first, last, place].map((hex) => Number.parseInt(hex, 16));
    if (start === undefined || end === undefined || from === undefined) continue;
    if (inode === "0" || /^\/(dev\/|memfd:)/.test(path)) continue;
    const to = from + end - start;
    const isSecond = seen.some((one) => one.path === path && from >= one.from && to <= one.to);
    seen.push({ path, from, to });
    if (!/^Anonymous: +0 kB$/m.test(block) || !/^Swap: +0 kB$/m.test(block)) continue;
    found.push({ start, end, path, isCode: code === "x", isSecond });
  }
  return found;
}
