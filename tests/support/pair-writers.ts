/** Clients that write as fast as they are answered, and keep what was acknowledged. */
export interface WriterKind<Server, Client> {
  connect(server: Server): Promise<Client>;
  write(client: Client, writer: number, seq: number): Promise<unknown>;
  /** Also of a client that waits for a server that hangs. */
  close(client: Client): void;
}

export class PairWriters<Server, Client> {
  /** `WRITER:SEQ` */
  readonly acknowledged: string[] = [];
  readonly errors: string[] = [];
  readonly #kind: WriterKind<Server, Client>;
  readonly #server: Server;
  readonly #clients: Client[] = [];
  readonly #ends: Promise<void>[] = [];
  #isStopped = false;
  /** No two of one test write the same. */
  static #next = 1;

  constructor(server: Server, kind: WriterKind<Server, Client>) {
    this.#server = server;
    this.#kind = kind;
  }

  async start(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const client = await this.#kind.connect(this.#server);
      this.#clients.push(client);
      const writer = PairWriters.#next;
      PairWriters.#next += 1;
      this.#ends.push(this.#write(client, writer));
    }
  }

  async #write(client: Client, writer: number): Promise<void> {
    try {
      for (let seq = 1; !this.#isStopped; seq += 1) {
        await this.#kind.write(client, writer, seq);
        this.acknowledged.push(`${writer}:${seq}`);
      }
    } catch (error) {
      this.errors.push(String(error));
    } finally {
      this.#kind.close(client);
    }
  }

  /** Resolves when so many more have been acknowledged, or every writer has failed. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    while (this.acknowledged.length < wanted && this.errors.length < this.#ends.length)
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
  }

  /** Resolves when every writer has ended: with an error, or stopped here. */
  async ended(): Promise<void> {
    await Promise.all(this.#ends);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Whoever waits for a server that hangs waits no longer. */
  destroy(): void {
    for (const client of this.#clients) this.#kind.close(client);
  }
}
