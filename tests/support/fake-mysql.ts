/**
 * A server of MySQL 8 as far as Baton's statements go: it keeps what they set, and a list of them.
 * (Debian has no MySQL; what is sent is held here, and a real server may still say otherwise.)
 */

import type { Row, Sql, SqlDial } from "#databases/mysql/sql";
import { ServerProblem } from "#databases/port/problem";
import type { DatabaseAddress } from "#keepalived/plan/run-plan";

export const UUID_A = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
export const UUID_B = "5c2f9b1e-0000-11ee-8000-0242ac120002";

type Values = Record<string, string>;

export class FakeMySql {
  readonly port: number;
  readonly statements: string[] = [];
  readonly killed: string[] = [];
  version = "8.4.2";
  variables: Values = { read_only: "ON", super_read_only: "ON", log_bin: "ON", gtid_mode: "ON" };
  status: Values = {};
  executed = "";
  /** What is executed once somebody has waited for it. */
  waitedFor: string | undefined;
  /** Of a replica; undefined: it follows nobody. */
  replica: Values | undefined;
  sessions: Row[] = [];
  /** It accepts connections, and answers nothing. */
  isHung = false;
  isDown = false;
  /** The next question waits for it; those behind it do not. */
  next: Promise<void> | undefined;
  /** A statement that it answers with an error. */
  refuses: { readonly statement: RegExp; readonly message: string } | undefined;
  #threads = 100;

  constructor(port: number) {
    this.port = port;
  }

  /** `8.0.22` and later have new names. */
  get #isNew(): boolean {
    return !this.version.startsWith("8.0.1");
  }

  connect(): Sql {
    let isOpen = true;
    return {
      get isOpen() {
        return isOpen;
      },
      threadId: this.#threads++,
      query: async (sql) => await this.#query(sql),
      destroy: () => {
        isOpen = false;
      },
    };
  }

  async #query(sql: string): Promise<readonly Row[]> {
    const { next } = this;
    this.next = undefined;
    await next;
    if (this.isDown) throw new ServerProblem("unreachable", "gone", "ECONNRESET");
    if (this.isHung) throw new ServerProblem("hung", "no answer in time", "ETIMEDOUT");
    const looks = /^(?:SHOW|SELECT @@)/.test(sql);
    if (!looks) this.statements.push(sql.replaceAll(/'[^']*:[^']*'/g, "'GTID'"));
    if (this.refuses?.statement.test(sql) === true)
      throw new ServerProblem("answer", this.refuses.message, "ER_REFUSED");
    return await Promise.resolve(this.#answer(sql));
  }

  #answer(sql: string): readonly Row[] {
    if (sql.startsWith("SHOW GLOBAL VARIABLES"))
      return rows({ ...this.variables, version: this.version, log_replica_updates: "ON" });
    if (sql.startsWith("SHOW GLOBAL STATUS")) return rows(this.status);
    if (sql === "SHOW PROCESSLIST") return this.sessions;
    if (sql === (this.#isNew ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS"))
      return this.replica === undefined ? [] : [this.replica];
    if (sql.startsWith("SELECT @@GLOBAL.gtid_executed"))
      return [{ executed: this.executed, user: "baton" }];
    if (sql.startsWith("SELECT @@version")) return [{ version: this.version }];
    if (sql.startsWith("SELECT WAIT_FOR_EXECUTED_GTID_SET")) {
      this.executed = this.waitedFor ?? this.executed;
      return [{ late: "0" }];
    }
    return this.#change(sql);
  }

  #change(sql: string): readonly Row[] {
    const [, name = "", value = ""] = /^SET GLOBAL (\w+)=(\d)$/.exec(sql) ?? [];
    const id = /^KILL (\d+)$/.exec(sql)?.[1];
    if (name !== "") this.#set(name, value === "1" ? "ON" : "OFF");
    else if (id !== undefined) this.#kill(id);
    else if (/^STOP \w+ SQL_THREAD$/.test(sql)) this.#runs("SQL", "No");
    else if (/^STOP \w+ IO_THREAD$/.test(sql)) this.#runs("IO", "No");
    else if (/^RESET \w+ ALL$/.test(sql)) this.replica = undefined;
    else if (sql.startsWith("CHANGE "))
      this.replica = {
        [this.#name("Source_Host")]: "10.0.0.2",
        [this.#name("Source_Port")]: "3306",
      };
    else if (/^START \w+$/.test(sql)) {
      this.#runs("IO", "Yes");
      this.#runs("SQL", "Yes");
    } else throw new ServerProblem("answer", `not known to this server: ${sql}`, "ER_PARSE_ERROR");
    return [];
  }

  #set(name: string, value: string): void {
    if (!(name in this.variables))
      throw new ServerProblem("answer", name, "ER_UNKNOWN_SYSTEM_VARIABLE");
    this.variables[name] = value;
    // As MySQL does: `super_` includes the other, and only that way round.
    if (name === "super_read_only" && value === "ON") this.variables["read_only"] = "ON";
    if (name === "read_only" && value === "OFF") this.variables["super_read_only"] = "OFF";
  }

  #kill(id: string): void {
    if (!this.sessions.some((one) => one["Id"] === id))
      throw new ServerProblem("answer", "no such thread", "ER_NO_SUCH_THREAD");
    this.killed.push(id);
    this.sessions = this.sessions.filter((one) => one["Id"] !== id);
  }

  #runs(thread: "IO" | "SQL", value: string): void {
    if (this.replica !== undefined) this.replica[this.#name(`Replica_${thread}_Running`)] = value;
  }

  #name(name: string): string {
    return this.#isNew ? name : name.replace("Replica", "Slave").replace("Source", "Master");
  }

  follow(received: string): void {
    this.replica = {
      [this.#name("Source_Host")]: "10.0.0.1",
      [this.#name("Source_Port")]: "3306",
      [this.#name("Replica_IO_Running")]: "Yes",
      [this.#name("Replica_SQL_Running")]: "Yes",
      [this.#name("Seconds_Behind_Source")]: "0",
      Retrieved_Gtid_Set: received,
    };
  }

  /** The variables of the plug-ins, under the names of 8.0.26 and later unless said otherwise. */
  semiSync(names: readonly [string, string] = ["source", "replica"]): void {
    const [source, replica] = names;
    Object.assign(this.variables, {
      [`rpl_semi_sync_${source}_enabled`]: "OFF",
      [`rpl_semi_sync_${source}_timeout`]: "10000",
      [`rpl_semi_sync_${source}_wait_no_${replica}`]: "ON",
      [`rpl_semi_sync_${replica}_enabled`]: "ON",
    });
  }
}

const rows = (values: Values): readonly Row[] =>
  Object.entries(values).map(([name, value]) => ({ Variable_name: name, Value: value }));

/** Reaches each by its port. */
export const dialFakes =
  (servers: readonly FakeMySql[]): SqlDial =>
  async (at: DatabaseAddress) => {
    const server = servers.find((one) => "port" in at && one.port === at.port);
    if (server === undefined || server.isDown)
      throw new ServerProblem("unreachable", "nobody accepts", "ECONNREFUSED");
    if (server.isHung) throw new ServerProblem("hung", "accepts and does not answer", "ETIMEDOUT");
    return await Promise.resolve(server.connect());
  };
