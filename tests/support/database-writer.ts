/** Clients of a database: each writes as fast as it is answered, and keeps what it was given. */
import { type Connection, createConnection } from "mysql2/promise";
import { APP_ACCOUNT, type MariaDb } from "#lab/database/mariadb";

export class Writers {
  readonly #server: MariaDb;
  readonly #connections: Connection[] = [];
  readonly #ends: Promise<void>[] = [];
  /** Numbers of rows that were acknowledged. */
  readonly acknowledged: number[] = [];
  readonly errors: string[] = [];
  #isStopped = false;

  constructor(server: MariaDb) {
    this.#server = server;
  }

  async start(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const connection = await createConnection({
        host: this.#server.address,
        port: this.#server.port,
        ...APP_ACCOUNT,
      });
      connection.on("error", () => undefined);
      this.#connections.push(connection);
      this.#ends.push(this.#write(connection));
    }
  }

  async #write(connection: Connection): Promise<void> {
    try {
      while (!this.#isStopped) {
        const [done] = await connection.query("INSERT INTO app.t VALUES ()");
        this.acknowledged.push((done as { readonly insertId: number }).insertId);
      }
    } catch (error) {
      this.errors.push(String(error));
    }
  }

  async until(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count;
    while (this.acknowledged.length < wanted) {
      if (this.errors.length === this.#connections.length) throw new Error(this.errors.join("; "));
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
  }

  /** Nobody waits for an answer any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#ends);
    for (const connection of this.#connections) connection.destroy();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.ended();
  }

  /** Breaks the connections: an answer may never come. */
  destroy(): void {
    this.#isStopped = true;
    for (const connection of this.#connections) connection.destroy();
  }

  /** Acknowledged, and not there. */
  async lostAt(server: MariaDb): Promise<readonly number[]> {
    const rows = await server.query<{ readonly id: number }>("SELECT id FROM app.t");
    const kept = new Set(rows.map(({ id }) => id));
    return this.acknowledged.filter((id) => !kept.has(id));
  }
}
