/**
 * Ensures one owner of a virtual address in a network namespace, whatever runtime directories
 * daemons have.
 *
 * A claim is a raw socket bound to a multicast address that is made from the virtual one
 * (claim-names.ts). The kernel lists raw sockets with their addresses (/proc/net/raw and raw6), for
 * each network namespace and to everybody in it; it removes them when the process that has them
 * ends, however it ends. No file is involved, so an emptied /run changes nothing, and a process
 * needs CAP_NET_RAW in the namespace to place one, so an unprivileged user can neither forge nor
 * occupy a claim. The socket receives nothing: nobody joins the group, and a filter refuses what
 * would come.
 *
 * The supervisor and the engine of a daemon both place claims, so that they last as long as either
 * runs. Sockets are not exclusive: whoever is about to own an address places its claim first, then
 * looks for others.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { type IpAddress, isIpv6 } from "#units/address";
import type { Failure } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import { claimedBy, claimName } from "./claim-names.ts";
import * as libc from "./ffi.ts";
import { refuseEverything } from "./packet-socket.ts";
import { holdsSocket, numbersIn, rawSocketsIn, socketInode, textOf } from "./proc-files.ts";

const LISTS: readonly string[] = ["/proc/self/net/raw", "/proc/self/net/raw6"];

/** What the kernel lists about a claim. */
export interface AddressClaim {
  readonly address: IpAddress;
  /** The socket's inode number. */
  readonly inode: number;
}

/** `/proc/net/raw` or `raw6`; lines that are not claims are skipped. */
export function claimsIn(text: string): readonly AddressClaim[] {
  return rawSocketsIn(text).flatMap(({ bound, protocol, inode }): AddressClaim[] => {
    const address = claimedBy({ protocol, bound });
    return address === undefined ? [] : [{ address, inode }];
  });
}

/** The claims of one process. */
export class AddressClaims {
  readonly #sockets = new Map<IpAddress, { readonly fd: number; readonly inode: number }>();

  /**
   * Places the new claims and takes back the others. Returns the first refusal, if any; the
   * rest is placed all the same.
   */
  set(addresses: Iterable<IpAddress>): Failure | undefined {
    const wanted = new Set(addresses);
    this.keepOnly(wanted);
    let refused: Failure | undefined;
    for (const address of wanted) {
      if (this.#sockets.has(address)) continue;
      const fd = place(address);
      if (typeof fd === "number") this.#sockets.set(address, { fd, inode: inodeOf(fd) });
      else refused ??= fd;
    }
    return refused;
  }

  /** Takes back the others. */
  keepOnly(addresses: ReadonlySet<IpAddress>): void {
    for (const [address, { fd }] of this.#sockets) {
      if (addresses.has(address)) continue;
      libc.close(fd);
      this.#sockets.delete(address);
    }
  }

  /** The claims that other processes have placed. Empty if the kernel does not list them. */
  others(): readonly AddressClaim[] {
    const own = new Set([...this.#sockets.values()].map(({ inode }) => inode));
    return readClaims().filter(({ inode }) => !own.has(inode));
  }

  [Symbol.dispose](): void {
    this.keepOnly(new Set());
  }
}

/** Addresses that a running daemon of this network namespace may own. */
export function claimedAddresses(): ReadonlySet<IpAddress> {
  return new Set(readClaims().map(({ address }) => address));
}

function readClaims(): readonly AddressClaim[] {
  return LISTS.flatMap((list) => {
    try {
      return claimsIn(readFileSync(list, "utf8"));
    } catch {
      // Without /proc nothing is known, and only the locks in the runtime directories are left.
      return [];
    }
  });
}

function place(address: IpAddress): number | Failure {
  const name = claimName(address);
  if (name === undefined) return { ok: false, errno: "EADDRNOTAVAIL", call: "socket(claim)" };
  const family = isIpv6(address) ? abi.AF_INET6 : abi.AF_INET;
  const end = isIpv6(address) ? abi.SOCKADDR_IN6 : abi.SOCKADDR_IN;
  const type = abi.SOCK_RAW | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC;
  const fd = libc.socket(family, type, name.protocol);
  if (fd < 0) return libc.failure("socket(claim)");
  const bytes = new Uint8Array(end.size);
  new DataView(bytes.buffer).setUint16(end.family, family, true);
  bytes.set(name.bound, end.address);
  const isBound = refuseEverything(fd).ok && libc.bind(fd, bytes, bytes.length) === 0;
  if (isBound) return fd;
  const failure = libc.failure("bind(claim)");
  libc.close(fd);
  return failure;
}

function inodeOf(fd: number): number {
  return socketInode(readlinkSync(`/proc/self/fd/${fd}`)) ?? -1;
}

/**
 * Processes that hold one of these sockets, with their names (/proc/PID/comm). Those of another
 * process namespace, and what we may not look into, are not found.
 */
export function holdersOf(
  claims: readonly AddressClaim[],
): readonly { readonly pid: number; readonly name: string }[] {
  const inodes = new Set(claims.map(({ inode }) => inode));
  return numbersIn("/proc")
    .filter((pid) => holdsSocket(`/proc/${pid}`, inodes))
    .map((pid) => ({ pid, name: textOf(`/proc/${pid}/comm`) }));
}
