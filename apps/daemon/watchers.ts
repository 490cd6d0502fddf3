/** Those who want to hear of every change: each gets the newest status, and one that reads slowly gets fewer. */
import type { Status } from "#contract/status";
import type { ControlClient } from "./control-server.ts";

/** Several changes of one moment (a group, a reload) are one answer. */
const GATHER_MS = 20;

export class Watchers {
  readonly #read: () => Promise<Status>;
  readonly #clients = new Set<ControlClient>();
  #timer: NodeJS.Timeout | undefined;

  constructor(read: () => Promise<Status>) {
    this.#read = read;
  }

  add(client: ControlClient): void {
    this.#clients.add(client);
    client.onClose(() => this.#clients.delete(client));
  }

  changed(): void {
    if (this.#clients.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#answer(), GATHER_MS);
  }

  async #answer(): Promise<void> {
    // From here on a change is news again.
    this.#timer = undefined;
    const status = await this.#read();
    for (const client of this.#clients) if (!client.isBehind) client.send({ ok: true, status });
  }
}
