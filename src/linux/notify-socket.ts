/** The service manager's end of systemd's readiness protocol (sd_notify): a datagram a message. */
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";
import { LinuxError } from "./result.ts";

const AF_UNIX = 1;
const LENGTH_MAX = 4_096;

export class NotifySocket implements Disposable {
  readonly path: string;
  readonly #fd: number;
  readonly #buffer = new Uint8Array(LENGTH_MAX);
  readonly #decoder = new TextDecoder();

  constructor(path: string) {
    this.path = path;
    const type = abi.SOCK_DGRAM | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC;
    this.#fd = libc.socket(AF_UNIX, type, 0);
    if (this.#fd < 0) throw new LinuxError(libc.failure("socket(AF_UNIX)"));
    const name = new TextEncoder().encode(`${path}\0`);
    const address = new Uint8Array(2 + name.length);
    new DataView(address.buffer).setUint16(0, AF_UNIX, true);
    address.set(name, 2);
    if (libc.bind(this.#fd, address, address.length) !== 0) {
      const failure = libc.failure(`bind(${path})`);
      libc.close(this.#fd);
      throw new LinuxError(failure);
    }
  }

  /** All that has arrived. */
  read(): readonly string[] {
    const messages: string[] = [];
    for (;;) {
      const length = libc.recv(this.#fd, this.#buffer, this.#buffer.length, abi.MSG_DONTWAIT);
      if (length < 0) return messages;
      messages.push(this.#decoder.decode(this.#buffer.subarray(0, length)));
    }
  }

  close(): void {
    libc.close(this.#fd);
  }
  [Symbol.dispose](): void {
    this.close();
  }
}
