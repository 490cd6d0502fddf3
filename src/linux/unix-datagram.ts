/**
 * Datagrams to a Unix socket by its name: what systemd and the readers of /dev/log take. Nothing
 * here waits, and the name is looked up each time, so a reader that was started again is found.
 */
import type { Outcome } from "#vrrp/engine/world";
import { OK } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";
import type { Result } from "./result.ts";

const AF_UNIX = 1;
/** sockaddr_un: 108 bytes with the zero behind the path. */
const PATH_MAX = 107;

export class UnixDatagrams {
  readonly #address: Uint8Array;
  readonly #fd: number;

  private constructor(fd: number, address: Uint8Array) {
    this.#fd = fd;
    this.#address = address;
  }

  /** @param path a path, or `@name` for an abstract socket; nobody needs to listen there yet */
  static open(path: string): Result<UnixDatagrams> {
    const name = new TextEncoder().encode(path.startsWith("@") ? `\0${path.slice(1)}` : path);
    if (name.length > PATH_MAX) return { ok: false, errno: "ENAMETOOLONG", call: "sockaddr_un" };
    const address = new Uint8Array(2 + name.length);
    new DataView(address.buffer).setUint16(0, AF_UNIX, true);
    address.set(name, 2);
    const fd = libc.socket(AF_UNIX, abi.SOCK_DGRAM | abi.SOCK_CLOEXEC, 0);
    if (fd < 0) return libc.failure("socket(AF_UNIX)");
    return { ok: true, value: new UnixDatagrams(fd, address) };
  }

  /** EAGAIN: the reader has not kept up. ENOENT, ECONNREFUSED: there is none. */
  send(bytes: Uint8Array): Outcome {
    const flags = abi.MSG_DONTWAIT | abi.MSG_NOSIGNAL;
    const { length } = this.#address;
    const sent = libc.sendto(this.#fd, bytes, bytes.length, flags, this.#address, length);
    return sent < 0 ? libc.failure("sendto(AF_UNIX)") : OK;
  }

  [Symbol.dispose](): void {
    libc.close(this.#fd);
  }
}
