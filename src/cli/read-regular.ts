/**
 * A configuration's bytes, with a bound in time and memory whatever the path leads to: a FIFO
 * that nobody writes to, an endless device, a directory, an entry of /proc, a file of a
 * terabyte. The path is opened first and checked by its descriptor, so that nothing can be put
 * in its place between the two.
 */

import { closeSync, constants, fstatSync, openSync, readSync, statfsSync } from "node:fs";
import type { Language } from "#diagnostics/diagnostic";

/**
 * No configuration comes near this size: a list of a hundred thousand addresses has two
 * megabytes.
 */
export const FILE_BYTES_MAX = 16_000_000;

export type ReadFile =
  | {
      readonly kind: "bytes";
      readonly bytes: Buffer;
      readonly mode: number;
      readonly isRegular: boolean;
    }
  | { readonly kind: "directory" | "not-regular" | "too-large" }
  /** The name of the kernel's error number. */
  | { readonly kind: "failed"; readonly error: string };

/**
 * File systems with files that the kernel generates: reading one may wait, change something, or
 * never end.
 */
const KERNEL_FILES: ReadonlySet<number> = new Set([
  0x9fa0, // proc
  0x6265_6572, // sysfs
  0x6462_6720, // debugfs
  0x7472_6163, // tracefs
]);

/**
 * What a shell passes on: `baton check -f <(make-config)`. Either somebody still writes to it,
 * or it has been closed.
 */
const GIVEN = /^\/(?:dev\/stdin|dev\/fd\/[0-9]+|proc\/self\/fd\/[0-9]+)$/;

/** @param limit in bytes; a longer file is not read at all */
export function readRegular(path: string, limit: number = FILE_BYTES_MAX): ReadFile {
  const isGiven = GIVEN.test(path);
  let fd: number | undefined;
  try {
    // Opening must neither wait for a FIFO's writer nor make a terminal the controlling one.
    fd = openSync(path, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    const info = fstatSync(fd);
    if (info.isDirectory()) return { kind: "directory" };
    const isPipe = isGiven && (info.isFIFO() || info.isSocket());
    if (!isPipe && (!info.isFile() || KERNEL_FILES.has(statfsSync(path).type)))
      return { kind: "not-regular" };
    if (info.size > limit) return { kind: "too-large" };
    const bytes = readAll(fd, limit, info.size);
    if (bytes === undefined) return { kind: "too-large" };
    // A pipe without a writer is at its end at once; that does not mean an empty configuration.
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

/** The time within which a pipe such as `/dev/stdin` must have delivered everything. */
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

/**
 * The system's commonest reasons for refusing a file, for people. The error's name stays, so
 * that it can be looked up.
 */
const MEANINGS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  ENOENT: { en: "there is no such file", "zh-CN": "文件不存在" },
  ENOTDIR: { en: "a part of its path is not a folder", "zh-CN": "路径中有一段不是目录" },
  EISDIR: { en: "it is a folder", "zh-CN": "它是目录" },
  EACCES: {
    en: "this user may not read it; try again with sudo",
    "zh-CN": "当前用户无权读取；请用 sudo 重试",
  },
  EPERM: {
    en: "this user may not read it; try again with sudo",
    "zh-CN": "当前用户无权读取；请用 sudo 重试",
  },
  ELOOP: { en: "it is a link that leads to itself", "zh-CN": "它是指向自身的符号链接" },
};

export function unreadableSentence(path: string, errno: string, language: Language): string {
  const meaning = MEANINGS[errno]?.[language];
  if (language === "en")
    return `${path} cannot be read: ${meaning === undefined ? errno : `${meaning} (${errno})`}`;
  return `无法读取 ${path}：${meaning === undefined ? errno : `${meaning}（${errno}）`}`;
}
