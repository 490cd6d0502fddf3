/**
 * The clients that want to know every change. Each gets the newest status, and one that reads
 * slowly gets fewer.
 */

import { background } from "./contain.ts";
import type { Status } from "./control-protocol.ts";
import type { ControlClient } from "./control-server.ts";
import type { Log } from "./log.ts";

/** Several changes at the same moment (a group, a reload) make one answer. */
const GATHER_MS = 20;

export class Watchers {
  readonly #log: Log;
  readonly #read: () => Promise<Status>;
  readonly #clients = new Set<ControlClient>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log, read: () => Promise<Status>) {
    this.#log = log;
    this.#read = read;
  }

  add(client: ControlClient): void {
    // A client that asks twice still gets everything only once.
    if (this.#clients.has(client)) return;
    this.#clients.add(client);
    client.onClose(() => this.#clients.delete(client));
  }

  changed(): void {
    if (this.#clients.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => background(this.#log, "watch", async () => await this.#answer()),
      GATHER_MS,
    );
  }

  async #answer(): Promise<void> {
    // From here on a change needs another answer.
    this.#timer = undefined;
    const status = await this.#read();
    for (const client of this.#clients) if (!client.isBehind) client.send({ ok: true, status });
  }
}
