/** Socket options that more than one kind of socket needs. */
import { SO_RCVBUF, SO_RCVBUFFORCE, SOL_SOCKET } from "./abi.ts";
import * as libc from "./ffi.ts";

/**
 * Sets the size as requested with CAP_NET_ADMIN, and at most net.core.rmem_max without. The
 * kernel doubles the number.
 */
export function setReceiveBuffer(fd: number, bytes: number): void {
  const value = Int32Array.of(bytes);
  if (libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, value, 4) === 0) return;
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, 4);
}
