/**
 * Ensures one owner of a virtual address in a network namespace, whatever runtime directories
 * daemons have.
 *
 * A claim is a raw socket bound to a multicast address that is made from the virtual one. The
 * kernel lists raw sockets with their addresses (/proc/net/raw), for each network namespace and to
 * everybody in it; it removes them when the process that has them ends, however it ends. No file is
 * involved, so an emptied /run changes nothing, and a process needs CAP_NET_RAW in the namespace to
 * place one, so an unprivileged user can neither forge nor occupy a claim.
 *
 *   virtual address, 32 bits  ->  protocol 224 + the upper 4 bits (224 to 239 are unassigned)
 *                                 address 224.0.0.0 + the lower 28 bits
 *
 * It is a multicast address, because kernels before 5.17 bind a raw socket to no other address
 * that does not exist yet. The socket receives nothing: nobody joins the group, and a filter
 * refuses what would come.
 *
 * The supervisor and the engine of a daemon both place claims, so that they last as long as either
 * runs. Sockets are not exclusive: whoever is about to own an address places its claim first, then
 * looks for others.
 */
import { readFileSync, readlinkSync } from "node:fs";
import type { Ipv4 } from "#units/address";
import type { Failure } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";
import { refuseEverything } from "./packet-socket.ts";
import { holdsSocket, numbersIn, rawSocketsIn, socketInode, textOf } from "./proc-files.ts";

const PROTOCOL = 224;
const PROTOCOLS = 16;
const MULTICAST = 0xe0000000;
const LOWER = 0x0fffffff;
const LIST = "/proc/self/net/raw";

/** What the kernel lists about a claim. */
export interface AddressClaim {
  readonly address: Ipv4;
  /** The socket's inode number. */
  readonly inode: number;
}

/** `/proc/net/raw`; lines that are not claims are skipped. */
export function claimsIn(text: string): readonly AddressClaim[] {
  return rawSocketsIn(text).flatMap(({ bound, protocol, inode }): AddressClaim[] => {
    // The kernel prints the bytes of the address as a number of the machine's own order, which is
    // little-endian.
    const address = reversed(bound);
    if (protocol < PROTOCOL || protocol >= PROTOCOL + PROTOCOLS) return [];
    if ((address & 0xf0000000) >>> 0 !== MULTICAST) return [];
    const upper = (protocol - PROTOCOL) * 0x10000000;
    return [{ address: (upper + (address & LOWER)) as Ipv4, inode }];
  });
}

const reversed = (value: number): number =>
  (((value & 0xff) << 24) |
    ((value & 0xff00) << 8) |
    ((value >>> 8) & 0xff00) |
    ((value >>> 24) & 0xff)) >>>
  0;

/** The claims of one process. */
export class AddressClaims {
  readonly #sockets = new Map<Ipv4, { readonly fd: number; readonly inode: number }>();

  /**
   * Places the new claims and takes back the others. Returns the first refusal, if any; the
   * rest is placed all the same.
   */
  set(addresses: Iterable<Ipv4>): Failure | undefined {
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
  keepOnly(addresses: ReadonlySet<Ipv4>): void {
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
export function claimedAddresses(): ReadonlySet<Ipv4> {
  return new Set(readClaims().map(({ address }) => address));
}

function readClaims(): readonly AddressClaim[] {
  try {
    return claimsIn(readFileSync(LIST, "utf8"));
  } catch {
    // Without /proc nothing is known, and only the locks in the runtime directories are left.
    return [];
  }
}

function place(address: Ipv4): number | Failure {
  const type = abi.SOCK_RAW | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC;
  const fd = libc.socket(abi.AF_INET, type, PROTOCOL + (address >>> 28));
  if (fd < 0) return libc.failure("socket(claim)");
  const name = new Uint8Array(abi.SOCKADDR_IN.size);
  const view = new DataView(name.buffer);
  view.setUint16(abi.SOCKADDR_IN.family, abi.AF_INET, true);
  view.setUint32(abi.SOCKADDR_IN.address, (MULTICAST + (address & LOWER)) >>> 0);
  const isBound = refuseEverything(fd).ok && libc.bind(fd, name, name.length) === 0;
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
