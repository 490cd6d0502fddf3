/** The reading end of a Unix datagram socket, as a syslog daemon has it. */
import * as abi from "#linux/abi";
import * as libc from "#linux/ffi";

const AF_UNIX = 1;
const DATAGRAM_MAX = 65_536;

export class UnixReader {
  readonly #fd: number;
  #isOpen = true;

  constructor(path: string) {
    const name = new TextEncoder().encode(path);
    const address = new Uint8Array(2 + name.length);
    new DataView(address.buffer).setUint16(0, AF_UNIX, true);
    address.set(name, 2);
    this.#fd = libc.socket(AF_UNIX, abi.SOCK_DGRAM | abi.SOCK_CLOEXEC, 0);
    if (this.#fd < 0 || libc.bind(this.#fd, address, address.length) !== 0)
      throw new Error(`${path} cannot be bound`);
  }

  /** What is there now. */
  read(): readonly string[] {
    const lines: string[] = [];
    const bytes = new Uint8Array(DATAGRAM_MAX);
    for (;;) {
      const length = libc.recv(this.#fd, bytes, bytes.length, abi.MSG_DONTWAIT);
      if (length < 0) return lines;
      lines.push(Buffer.from(bytes.subarray(0, length)).toString("utf8"));
    }
  }

  close(): void {
    if (this.#isOpen) libc.close(this.#fd);
    this.#isOpen = false;
  }
}
