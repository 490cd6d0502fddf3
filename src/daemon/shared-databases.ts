/** The process that talks to databases, for gates and checks alike; loaded when one needs it. */
import type { DatabaseProcess } from "./database-process.ts";
import type { Log } from "./log.ts";

export class SharedDatabases {
  readonly #log: Log;
  #process: Promise<DatabaseProcess> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Rejects if this installation's files cannot be read. */
  async load(): Promise<DatabaseProcess> {
    this.#process ??= this.#load();
    return await this.#process;
  }

  async #load(): Promise<DatabaseProcess> {
    const { DatabaseProcess: Loaded } = await import("./database-process.ts");
    return new Loaded({ log: this.#log });
  }

  /** Whoever still asks gets no answer. */
  async close(): Promise<void> {
    const databases = await this.#process?.catch(() => undefined);
    databases?.close();
  }
}
