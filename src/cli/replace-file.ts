/**
 * Replaces a file's text so that at any moment, whatever dies, either the whole old text or the
 * whole new one is there: it is written beside the file, flushed, and renamed over it. Mode and
 * owner stay, a link stays a link, and a file that cannot be replaced without losing something
 * is left alone.
 */

import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Language } from "#diagnostics/diagnostic";
import { listxattr } from "#linux/ffi";

export type Replaced =
  | { readonly kind: "written" }
  | {
      readonly kind: "refused";
      /** Or the kernel's reason. */
      readonly why:
        | "changed-meanwhile"
        | "encoding"
        | "hard-links"
        | "attributes"
        | "owner"
        | (string & {});
    };

/** The permission bits, including set-user-ID and the like. */
const MODE = 0o7777;

/**
 * @param before the text that was read from it: if the file has another text by now, somebody
 * else has changed it
 */
export function replaceFile(path: string, before: string, text: string): Replaced {
  let beside: string | undefined;
  try {
    const target = realpathSync(path);
    const info = statSync(target);
    const why = whyNot(target, info, before);
    if (why !== undefined) return { kind: "refused", why };
    beside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}`);
    if (!write(beside, text, info)) return { kind: "refused", why: "owner" };
    renameSync(beside, target);
    beside = undefined;
    syncFolder(dirname(target));
    return { kind: "written" };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { kind: "refused", why: code };
  } finally {
    if (beside !== undefined) remove(beside);
  }
}

function whyNot(target: string, info: Stats, before: string): string | undefined {
  if (!info.isFile()) return "not-regular";
  // The file's other hard links would keep the old text.
  if (info.nlink > 1) return "hard-links";
  if (hasAttributes(target)) return "attributes";
  const bytes = readFileSync(target);
  if (bytes.equals(Buffer.from(before, "utf8"))) return undefined;
  return bytes.toString("utf8") === before ? "encoding" : "changed-meanwhile";
}

/** False if it cannot be given the owner of the old file. */
function write(path: string, text: string, { uid, gid, mode }: Stats): boolean {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const fd = openSync(path, flags, 0o600);
  try {
    writeFileSync(fd, text);
    const made = fstatSync(fd);
    if (made.uid !== uid || made.gid !== gid) {
      try {
        fchownSync(fd, uid, gid);
      } catch {
        return false;
      }
    }
    fchmodSync(fd, mode & MODE);
    fsyncSync(fd);
    return true;
  } finally {
    closeSync(fd);
  }
}

/** The rename itself is safe once its folder is on the disk. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never created.
  }
}

/**
 * Access control lists and the like, which a new file would not have. It gets a security label
 * by itself.
 */
function hasAttributes(path: string): boolean {
  const names = new Uint8Array(65_536);
  const length = listxattr(path, names, names.length);
  if (length <= 0) return false;
  const text = new TextDecoder().decode(names.subarray(0, length));
  return text.split("\0").some((name) => name !== "" && !name.startsWith("security."));
}

/** Why a file was left as it is. */
const REASONS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  "changed-meanwhile": {
    en: "somebody else changed it meanwhile",
    "zh-CN": "在此期间被别人改动过",
  },
  encoding: { en: "it is not UTF-8", "zh-CN": "它不是 UTF-8 编码" },
  "hard-links": {
    en: "it has other names (hard links), which would keep the old text",
    "zh-CN": "它还有其他硬链接，改写后那些名字仍指向旧内容",
  },
  attributes: {
    en: "it has extended attributes (an access list?), which would be lost",
    "zh-CN": "它带有扩展属性（例如访问控制列表），改写会丢失",
  },
  owner: {
    en: "a new file could not be given the same owner",
    "zh-CN": "无法让新文件保持原来的属主",
  },
  "not-regular": { en: "it is not a regular file", "zh-CN": "它不是普通文件" },
};

export function notWritten(path: string, why: string, language: Language): string {
  const reason = REASONS[why]?.[language] ?? why;
  return language === "en" ? `${path} was left as it is: ${reason}` : `${path} 未改动：${reason}`;
}
