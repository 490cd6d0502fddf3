/**
 * Does a keepalived do VRRP in this network namespace? Its VRRP child is known by a raw socket of
 * protocol 112: keepalived with nothing but `virtual_server` has none, and without CAP_NET_RAW
 * nobody can pretend to be one, whatever name he gives a program.
 *
 * Not found: what is in another process namespace, what we may not look into (/proc/PID/fd needs
 * the rights of ptrace(2)), and a keepalived that has not opened its sockets yet.
 */
import { basename } from "node:path";
import { holdsSocket, linkOf, numbersIn, rawSocketsIn, statOf, textOf } from "./proc-files.ts";

const VRRP = 112;
const LISTS: readonly string[] = ["raw", "raw6"];
/** Of the program, which a configuration cannot change; `process_names` changes comm. */
const PROGRAM = "keepalived";
/** More are not looked for. */
const FOUND_MAX = 8;

/**
 * The process to stop of each: the parent of the one that does VRRP. Without any VRRP socket in
 * the namespace two files are read, and no process is looked at.
 *
 * @param proc where proc(5) is mounted
 */
export function keepalivedsWithVrrp(proc = "/proc"): readonly number[] {
  const sockets = LISTS.flatMap((list) => rawSocketsIn(textOf(`${proc}/self/net/${list}`)));
  const inodes = new Set(
    sockets.filter(({ protocol }) => protocol === VRRP).map(({ inode }) => inode),
  );
  if (inodes.size === 0) return [];
  const found = new Set<number>();
  for (const pid of numbersIn(proc)) {
    if (found.size >= FOUND_MAX) break;
    if (!isKeepalived(proc, pid) || !holdsSocket(`${proc}/${pid}`, inodes)) continue;
    const parent = statOf(`${proc}/${pid}`)?.parent ?? 0;
    found.add(isKeepalived(proc, parent) ? parent : pid);
  }
  return [...found].toSorted((a, b) => a - b);
}

/** An upgrade may have replaced the program: ` (deleted)` is behind its name then. */
const isKeepalived = (proc: string, pid: number): boolean =>
  basename(linkOf(`${proc}/${pid}/exe`)).startsWith(PROGRAM);
