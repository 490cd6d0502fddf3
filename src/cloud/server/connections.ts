/**
 * How many connections may be open at once. When one more comes, the oldest without a complete
 * request (idle, or slow on purpose) is closed: clients that hold connections open cannot lock
 * the others out.
 */
import type { Socket } from "node:net";

export class Connections {
  readonly #max: number;
  /** In the order in which they came. */
  readonly #open = new Set<Socket>();
  readonly #busy = new Set<Socket>();

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#open.size;
  }

  add(socket: Socket): void {
    this.#open.add(socket);
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#busy.delete(socket);
    });
    if (this.#open.size <= this.#max) return;
    for (const oldest of this.#open) {
      // The new connection is the last in order: if all others are busy, it is the one to be
      // closed.
      if (this.#busy.has(oldest)) continue;
      this.#open.delete(oldest);
      oldest.destroy();
      return;
    }
  }

  /** A connection is not closed while its request is being carried out. */
  async during<T>(socket: Socket | null, work: () => Promise<T>): Promise<T> {
    if (socket !== null) this.#busy.add(socket);
    try {
      return await work();
    } finally {
      if (socket !== null) this.#busy.delete(socket);
    }
  }
}
