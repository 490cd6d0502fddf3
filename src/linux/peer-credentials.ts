/** Who is at the other end of a Unix socket, as the kernel noted it at the connection (unix(7)). */
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";

/** `struct ucred`: pid, uid, gid. */
const UCRED_NUMBERS = 3;

/** Undefined: the descriptor is no such socket. */
export function peerUid(fd: number): number | undefined {
  const value = new Uint32Array(UCRED_NUMBERS);
  const length = Int32Array.of(value.byteLength);
  const bytes = new Uint8Array(value.buffer);
  if (libc.getsockopt(fd, abi.SOL_SOCKET, abi.SO_PEERCRED, bytes, length) < 0) return undefined;
  return value[1];
}
