/**
 * What V8 says about the garbage collections of this process, for one that has no event loop (a
 * `PerformanceObserver` needs it) and runs for years (what a stopped `v8.GCProfiler` held, some 0.3
 * MB, is freed by a collection of the old generation only).
 *
 *   V8 --trace-gc ─> buffer of stdout ─> fflush ─> pipe ─> read when nothing is due
 *
 * In a collection V8 prints one line into the C library's buffer; a write to the pipe comes every
 * 4 KB, some 30 collections, and never waits: what a full pipe (some 500 of them) does not take is
 * not counted.
 */
import { setFlagsFromString } from "node:v8";
import type { Collection } from "#vrrp/engine/collections";
import { O_NONBLOCK } from "./abi.ts";
import { openPipe } from "./descriptors.ts";
import * as libc from "./ffi.ts";
import { type Result, success } from "./result.ts";

const STDOUT = 1;
const PART = 4_096;
/** Only whole lines end with one. */
const END = "\n";

/**
 * Each call gives the collections since the last one. Takes this process's standard output, which
 * must be of no other use.
 */
export function openCollectionTrace(): Result<() => readonly Collection[]> {
  const pipe = openPipe(O_NONBLOCK);
  if (!pipe.ok) return pipe;
  const { read, write } = pipe.value;
  const replaced = libc.dup2(write, STDOUT);
  const failure = libc.failure("dup2");
  libc.close(write);
  if (replaced === -1) {
    libc.close(read);
    return failure;
  }
  setFlagsFromString("--trace-gc");
  return success(reader(read));
}

function reader(fd: number): () => readonly Collection[] {
  const part = Buffer.alloc(PART);
  let rest = "";
  return () => {
    libc.fflush(null);
    let text = rest;
    for (
      let length = PART;
      length === PART;
      text += part.toString("latin1", 0, Math.max(0, length))
    )
      length = Number(libc.read(fd, part, PART));
    if (text === "") return NONE;
    const end = text.lastIndexOf(END) + 1;
    // A line that was cut and has no end is given up when it is longer than any.
    rest = text.length - end > PART ? "" : text.slice(end);
    return collectionsIn(text.slice(0, end));
  };
}

const NONE: readonly Collection[] = [];
/** `23 ms: Mark-Compact (reduce) 5.1 (7.2) -> 4.9 (9.5) MB, pooled: 0 MB, 1.05 / 0.00 ms` */
const LINE = /\bms: ([A-Z][A-Za-z-]*)[^\n>]*-> [^\n/]* MB, ([\d.]+) \/ /g;

/** @param text lines that V8 prints with `--trace-gc`; others are passed over */
export function collectionsIn(text: string): readonly Collection[] {
  return Array.from(text.matchAll(LINE), ([, kind = "", ms = ""]) => ({
    kind: kind.replaceAll("-", ""),
    micros: Math.round(Number(ms) * 1_000),
  }));
}
