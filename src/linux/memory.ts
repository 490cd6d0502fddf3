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

/**
 * Pages of programs and libraries are unmapped. They stay in the kernel's cache; what runs is
 * mapped again when it does, for less than a microsecond a page. Without effect on locked ones.
 *
 * @param kept these stay as they are
 */
export function releaseCode(kept: (mapping: Mapping) => boolean = () => false): void {
  for (const one of neverWritten(readMappings()))
    if (!kept(one)) libc.madvise(one.start, one.end - one.start, abi.MADV_DONTNEED);
}

/**
 * What is needed without notice, and must not wait for a disk then: the functions of JavaScript
 * that V8 brings compiled, which it maps a second time, near its own code; and libraries.
 */
export function isNeededWithoutNotice(mapping: Mapping, program: string): boolean {
  return mapping.isCode && (mapping.path !== program || mapping.isSecond);
}

/** Maps all pages of these, reading those that are not in the kernel's cache. Linux 5.14. */
export function populateCode(wanted: (mapping: Mapping) => boolean): void {
  for (const one of neverWritten(readMappings()))
    if (wanted(one)) libc.madvise(one.start, one.end - one.start, abi.MADV_POPULATE_READ);
}

const TRAFFIC = 65_536;
const DELAY: Micros = micros(5_000_000);

/**
 * The engine has no time to collect garbage, but a moment to trim the allocator: some seconds after
 * its start, and after it has exchanged so many bytes with its supervisor, each of which was
 * garbage afterwards.
 */
export class AllocatorTrim {
  readonly #traffic: () => number;
  readonly #trim: () => void;
  #trimmedAt = 0;
  #due: Instant | undefined;

  /** @param traffic bytes exchanged up to now */
  constructor(start: Instant, traffic: () => number, trim: () => void = trimAllocator) {
    this.#traffic = traffic;
    this.#trim = trim;
    this.#due = after(start, DELAY);
  }

  /** To be called now and then. */
  turn(now: Instant): void {
    if (this.#due === undefined) {
      if (this.#traffic() - this.#trimmedAt > TRAFFIC) this.#due = after(now, DELAY);
      return;
    }
    if (now < this.#due) return;
    this.#due = undefined;
    this.#trimmedAt = this.#traffic();
    this.#trim();
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
    return readFileSync("/proc/self/smaps", "latin1");
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
