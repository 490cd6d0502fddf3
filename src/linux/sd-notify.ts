/**
 * systemd's readiness protocol (sd_notify): one datagram to the Unix socket that the environment
 * names.
 */
import { OK, type Outcome } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";

const AF_UNIX = 1;
const PATH_MAX = 107;

/** @param path `$NOTIFY_SOCKET`: a path, or `@name` for an abstract socket */
export function sdNotify(path: string, message: string): Outcome {
  const name = new TextEncoder().encode(path.startsWith("@") ? `\0${path.slice(1)}` : path);
  if (name.length > PATH_MAX) return { ok: false, errno: "ENAMETOOLONG", call: "sd_notify" };
  const address = new Uint8Array(2 + name.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  const fd = libc.socket(AF_UNIX, abi.SOCK_DGRAM | abi.SOCK_CLOEXEC, 0);
  if (fd < 0) return libc.failure("socket(AF_UNIX)");
  const bytes = new TextEncoder().encode(message);
  const sent = libc.sendto(fd, bytes, bytes.length, abi.MSG_DONTWAIT, address, address.length);
  const outcome = sent < 0 ? libc.failure("sendto(NOTIFY_SOCKET)") : OK;
  libc.close(fd);
  return outcome;
}
