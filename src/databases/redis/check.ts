/** `check NAME { redis … }`: does it answer PING? */
import type { DatabaseAddress } from "#keepalived/plan/run-plan";
import type { Credentials } from "../port/credentials.ts";
import { type CheckOutcome, type DatabaseCheck, printAddress } from "../port/database.ts";
import { Link } from "../port/link.ts";
import { asProblem } from "../port/problem.ts";
import * as common from "../port/texts.ts";
import type { RedisDial, RedisLink } from "./connection.ts";
import * as texts from "./texts.ts";

export class RedisCheck implements DatabaseCheck {
  readonly #link: RedisLink;

  constructor(at: DatabaseAddress, credentials: Credentials, dial: RedisDial) {
    this.#link = new Link(at, credentials.client, dial);
  }

  /** Redis has no queries: there is nothing but the PING. */
  async run(_query: string | undefined, timeoutMs: number): Promise<CheckOutcome> {
    try {
      const answer = await this.#link.use(timeoutMs, async (connection, leftMs) => {
        return await connection.call(["PING"], leftMs);
      });
      if (answer === "PONG") return { ok: true };
      return { ok: false, why: common.failed("PING", String(answer)) };
    } catch (error) {
      return { ok: false, why: texts.unreachable(printAddress(this.#link.at), asProblem(error)) };
    }
  }

  close(): void {
    this.#link.close();
  }
}
