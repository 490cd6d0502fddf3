/**
 * A configuration's bytes, with a bound in time and memory whatever the path leads to: a FIFO nobody writes to, a device
 * without end, a directory, an entry of /proc, a file of a terabyte. Opened first and judged by its descriptor, so that
 * nothing can be put in the path's place between the two.
 */
import { closeSync, constants, fstatSync, openSync, readSync, statfsSync } from "node:fs";

/** No configuration is near that; keepalived's own lists of a hundred thousand addresses are two megabytes. */
export const FILE_BYTES_MAX = 16_000_000;

export type ReadFile =
  | {
      readonly kind: "bytes";
      readonly bytes: Buffer;
      readonly mode: number;
      readonly isRegular: boolean;
    }
  | { readonly kind: "directory" | "not-regular" | "too-large" }
  /** The kernel's word. */
  | { readonly kind: "failed"; readonly error: string };

/** File systems whose files are the kernel talking: reading one may wait, change something, or never end. */
const KERNEL_FILES: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x6265_6572, // sysfs
  0x6462_6720, // debugfs
  0x7472_6163, // tracefs
]);

/** What a shell passes on: `baton check -f <(make-config)`. Somebody writes to it, or has closed it. */
const GIVEN = /^\/(?:dev\/stdin|dev\/fd\/[0-9]+|proc\/self\/fd\/[0-9]+)$/;

/** @param limit bytes; what is longer is not read at all */
export function readRegular(path: string, limit: number = FILE_BYTES_MAX): ReadFile {
  const isGiven = GIVEN.test(path);
  let fd: number | undefined;
  try {
    // Neither waits for a FIFO's writer, nor makes a terminal the controlling one.
    fd = openSync(path, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    const info = fstatSync(fd);
    if (info.isDirectory()) return { kind: "directory" };
    const isPipe = isGiven && (info.isFIFO() || info.isSocket());
    if (!isPipe && (!info.isFile() || KERNEL_FILES.has(statfsSync(path).type)))
      return { kind: "not-regular" };
    if (info.size > limit) return { kind: "too-large" };
    const bytes = readAll(fd, limit, info.size);
    if (bytes === undefined) return { kind: "too-large" };
    // A pipe that nobody writes into is at its end at once: that is no empty configuration.
    if (isPipe && bytes.length === 0) return { kind: "failed", error: "ENODATA" };
    return { kind: "bytes", bytes, mode: info.mode, isRegular: info.isFile() };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    // A socket, or a device without a driver, cannot even be opened.
    if (code === "ENXIO" || code === "ENODEV") return { kind: "not-regular" };
    return { kind: "failed", error: code };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The size is a hint only: a file may grow while it is read. */
function readAll(fd: number, limit: number, size: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  const end = performance.now() + PIPE_MS;
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.max(1, Math.min(size + 1 - total, 1_048_576) || 65_536));
    const length = readPart(fd, chunk, end);
    if (length === 0) return Buffer.concat(chunks, total);
    total += length;
    if (total > limit) return undefined;
    chunks.push(chunk.subarray(0, length));
  }
}

/** What a pipe such as `/dev/stdin` has to say, it says within this. */
const PIPE_MS = 5_000;
const PIPE_POLL_MS = 10;

function readPart(fd: number, chunk: Buffer, end: number): number {
  for (;;) {
    try {
      return readSync(fd, chunk, 0, chunk.length, null);
    } catch (error) {
      const isEmpty = error instanceof Error && "code" in error && error.code === "EAGAIN";
      if (!isEmpty || performance.now() >= end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_POLL_MS);
    }
  }
}
