/**
 * A tar archive (POSIX ustar) of entries: sorted, owned by root, all of one time. Written here, not
 * by a program, so that it is the same bytes on every machine.
 */
import { Buffer } from "node:buffer";
import { type Entry, FOLDER_MODE } from "./entries.ts";

const BLOCK = 512;
const NAME_MAX = 100;
const PREFIX_MAX = 155;
/** `tar` reads in records of this size. */
const RECORD = 20 * BLOCK;
const TYPES = { file: "0", link: "2", folder: "5" } as const;

/** @param prefix before each path: `./` in a Debian package. @param time seconds since 1970 */
export function makeTar(entries: readonly Entry[], time: number, prefix = ""): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) {
    parts.push(headerOf(entry, time, prefix));
    if (entry.kind !== "file") continue;
    parts.push(entry.bytes, Buffer.alloc(-entry.bytes.length & (BLOCK - 1)));
  }
  const used = parts.reduce((sum, { length }) => sum + length, 0) + 2 * BLOCK;
  parts.push(Buffer.alloc(2 * BLOCK + ((RECORD - (used % RECORD)) % RECORD)));
  return Buffer.concat(parts);
}

function headerOf(entry: Entry, time: number, prefix: string): Buffer {
  const header = Buffer.alloc(BLOCK);
  const text = (value: string, at: number): void => void header.write(value, at, "utf8");
  const octal = (value: number, at: number, length: number): void =>
    text(value.toString(8).padStart(length - 1, "0"), at);
  const { name, folder } = splitName(`${prefix}${entry.path}${entry.kind === "folder" ? "/" : ""}`);
  text(name, 0);
  octal(modeOf(entry), 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(entry.kind === "file" ? entry.bytes.length : 0, 124, 12);
  octal(time, 136, 12);
  text(TYPES[entry.kind], 156);
  if (entry.kind === "link") {
    if (Buffer.byteLength(entry.target) > NAME_MAX) throw new Error(`long link: ${entry.target}`);
    text(entry.target, 157);
  }
  text("ustar\0", 257);
  text("00", 263);
  text("root", 265);
  text("root", 297);
  text(folder, 345);
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  text(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

export const modeOf = (entry: Entry): number =>
  entry.kind === "file" ? entry.mode : entry.kind === "folder" ? FOLDER_MODE : 0o777;

/** A name of over 100 bytes is cut at a slash. */
function splitName(path: string): { readonly name: string; readonly folder: string } {
  if (Buffer.byteLength(path) <= NAME_MAX) return { name: path, folder: "" };
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
    const [folder, name] = [path.slice(0, at), path.slice(at + 1)];
    const fits = Buffer.byteLength(name) <= NAME_MAX && Buffer.byteLength(folder) <= PREFIX_MAX;
    if (fits && name !== "") return { name, folder };
  }
  throw new Error(`a path that no tar header can hold: ${path}`);
}
