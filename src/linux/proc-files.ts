/**
 * What /proc lists about processes and raw sockets. What is gone, or not ours to look at, reads as
 * empty.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface RawSocket {
  /** The local address in network order. */
  readonly bound: Uint8Array;
  /** IANA's protocol number. */
  readonly protocol: number;
  readonly inode: number;
}

/**
 * `/proc/net/raw` (proc(5)) and `raw6`: the protocol stands where TCP has its port. Lines of
 * another form are skipped.
 */
export function rawSocketsIn(text: string): readonly RawSocket[] {
  return text.split("\n").flatMap((line): RawSocket[] => {
    const match = /^ *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) /.exec(line);
    const inode = Number(line.trim().split(/ +/)[9]);
    if (match === null || !Number.isSafeInteger(inode)) return [];
    const [bound = "", protocol = ""] = match.slice(1);
    return [{ bound: bytesOf(bound), protocol: Number.parseInt(protocol, 16), inode }];
  });
}

/** The kernel prints each four bytes as a number of the machine's own order: little-endian. */
function bytesOf(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length / 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 4)
    view.setUint32(at, Number.parseInt(digits.slice(at * 2, at * 2 + 8), 16), true);
  return bytes;
}

/** `socket:[4711]`, as the links in /proc/PID/fd name sockets. */
export function socketInode(link: string): number | undefined {
  const match = /^socket:\[(\d+)\]$/.exec(link);
  return match === null ? undefined : Number(match[1]);
}

/** Does a process have one of these sockets? @param folder its folder in /proc */
export const holdsSocket = (folder: string, inodes: ReadonlySet<number>): boolean =>
  numbersIn(`${folder}/fd`).some((fd) => {
    const inode = socketInode(linkOf(`${folder}/fd/${fd}`));
    return inode !== undefined && inodes.has(inode);
  });

export function numbersIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

export function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

export function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

/** Of proc_pid_stat(5); undefined: the process is gone, or not ours to look at. */
export interface ProcessStat {
  /** The kernel's short name of it. */
  readonly name: string;
  /** R running, Z zombie … */
  readonly state: string;
  readonly parent: number;
  /** Clock ticks from the machine's start to its own, as text. */
  readonly startTime: string;
}

/** @param folder its folder in /proc */
export function statOf(folder: string): ProcessStat | undefined {
  const text = textOf(`${folder}/stat`);
  // The name in parentheses may contain anything, so fields are counted behind the last one.
  const end = text.lastIndexOf(")");
  if (end === -1) return undefined;
  const fields = text.slice(end + 2).split(" ");
  const [state = "", parent = ""] = fields;
  const name = text.slice(text.indexOf("(") + 1, end);
  return { name, state, parent: Number(parent), startTime: fields[19] ?? "" };
}

/** Its network namespace, to be compared; empty as above. */
export const namespaceOf = (folder: string): string => linkOf(`${folder}/ns/net`);
