/**
 * Is there a keepalived that speaks VRRP on this machine? One that only balances load
 * (`keepalived -C`) has no socket for VRRP.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** In /proc/net/raw the protocol (112) stands where other tables have the port. */
const VRRP_SOCKET = /^\s*\d+: [0-9A-F]{8}:0070 (?:\S+\s+){7}(\d+) /gm;

/** @param table /proc/net/raw, which is of this network namespace */
export function vrrpSockets(table: string): ReadonlySet<string> {
  return new Set([...table.matchAll(VRRP_SOCKET)].map(([, inode]) => `socket:[${inode}]`));
}

/** keepalived's processes with a socket for VRRP; empty if /proc cannot be read. */
export function keepalivedWithVrrp(): readonly number[] {
  const sockets = vrrpSockets(textOf("/proc/net/raw"));
  // The usual case: nothing to look for.
  if (sockets.size === 0) return [];
  return namesIn("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => textOf(`/proc/${pid}/comm`).trim() === "keepalived")
    .filter((pid) => namesIn(`/proc/${pid}/fd`).some((fd) => sockets.has(linkOf(pid, fd))))
    .map(Number);
}

// A process may end between two looks.
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function linkOf(pid: string, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return "";
  }
}
