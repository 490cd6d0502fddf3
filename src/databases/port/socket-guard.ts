/**
 * What keeps a server, or whoever answers in its place, from more than its own connection: a client
 * library that gets what it does not understand may throw in the handler of the data, where nobody
 * waits for it, and that would end the process with all its databases; and an answer without an end
 * would fill its memory until somebody gives up waiting.
 */
import type { Duplex } from "node:stream";

/** A list of 100,000 sessions has a third of it. */
export const ANSWER_MAX: number = 64 * 1_048_576;

export class SocketGuard {
  #bytes = 0;

  /** The socket is destroyed with the error, which its users then get as any other. */
  constructor(socket: Duplex) {
    const emit = socket.emit.bind(socket);
    const guarded = (event: string | symbol, ...values: readonly unknown[]): boolean => {
      const [chunk] = values;
      if (event === "data" && chunk instanceof Uint8Array) this.#bytes += chunk.length;
      try {
        if (this.#bytes <= ANSWER_MAX) return emit(event, ...values);
        this.#bytes = 0;
        throw new Error(`an answer of more than ${ANSWER_MAX / 1_048_576} MB`);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
        return true;
      }
    };
    socket.emit = guarded as Duplex["emit"];
  }

  /** Another answer is awaited. */
  restart(): void {
    this.#bytes = 0;
  }
}
