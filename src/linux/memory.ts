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
    const status = readFileSync("/proc/self/status", "latin1");
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
  for (const { start, end } of mappings) {
    if (libc.madvise(start, end - start, abi.MADV_DONTNEED_LOCKED) === 0) continue;
    libc.madvise(start, end - start, abi.MADV_DONTNEED);
  }
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

const TRAFFIC = 65_536;
const DELAY: Micros = micros(5_000_000);

/**
 * The engine has no time to collect garbage, but a moment to trim the allocator and to unmap code:
 * some seconds after its start or a reload, and after it has exchanged so many bytes with its
 * supervisor, each of which was garbage afterwards.
 */
export class QuietTrim {
  readonly #traffic: () => number;
  readonly #trim: () => void;
  #trimmedAt = 0;
  #due: Instant | undefined;

  /** @param traffic bytes exchanged up to now */
  constructor(start: Instant, traffic: () => number, trim: () => void) {
    this.#traffic = traffic;
    this.#trim = trim;
    this.#due = after(start, DELAY);
  }

  /** A reload: again from its end on. */
  reloaded(now: Instant): void {
    this.#due = after(now, DELAY);
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
