/** The engine's BFD packets: a daemon without a session has no such socket. */
import type { Ipv4 } from "#units/address";
import { type BfdPort, type Failure, OK, type Outcome } from "#vrrp/engine/world";
import { type BfdSocket, openBfdSocket } from "./bfd-socket.ts";
import { BATCH, IncomingPackets } from "./packet-batch.ts";
import type { Reactor } from "./reactor.ts";

const CLOSED: Failure = { ok: false, errno: "ENOTCONN", call: "sendto(BFD)" };

export class BfdReceiver implements BfdPort {
  readonly #reactor: Reactor;
  readonly #receive: (packet: Uint8Array) => void;
  #incoming: IncomingPackets | undefined;
  #socket: BfdSocket | undefined;

  /** @param receive is given whole IPv4 packets; bytes are only valid during the call */
  constructor(reactor: Reactor, receive: (packet: Uint8Array) => void) {
    this.#reactor = reactor;
    this.#receive = receive;
  }

  open(): Outcome {
    if (this.#socket !== undefined) return OK;
    const opened = openBfdSocket();
    if (!opened.ok) return opened;
    this.#socket = opened.value;
    const { fd } = opened.value;
    this.#reactor.addPackets(fd, () => this.#drain(fd));
    return OK;
  }

  /** True: there may be more. */
  #drain(fd: number): boolean {
    this.#incoming ??= new IncomingPackets();
    const incoming = this.#incoming;
    const count = incoming.receive(fd);
    for (let place = 0; place < count; place++) {
      this.#receive(incoming.packet(place));
      // What was received may have ended the last session.
      if (this.#socket?.fd !== fd) return false;
    }
    return count === BATCH;
  }

  send(packet: Uint8Array, to: Ipv4): Outcome {
    return this.#socket?.send(packet, to) ?? CLOSED;
  }

  close(): void {
    if (this.#socket === undefined) return;
    this.#reactor.remove(this.#socket.fd);
    this.#socket.close();
    this.#socket = undefined;
  }
}
