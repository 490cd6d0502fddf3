/**
 * Settings that Baton changes at a running server: by ALTER SYSTEM, so that they outlast a restart,
 * and a reload. A session sees a new value when the server's main process has it, and so has every
 * session that begins later.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ServerProblem } from "../port/problem.ts";
import { type Connection, quoted } from "./connection.ts";

const POLL_MS = 2;

export type Setting = "default_transaction_read_only" | "synchronous_standby_names";

/**
 * @param value undefined: what the configuration file says
 * @returns what the server shows then, and when it had it, as it writes time
 */
export async function changeSetting(
  connection: Connection,
  setting: Setting,
  value: string | undefined,
  timeoutMs: number,
): Promise<Shown> {
  const end = performance.now() + timeoutMs;
  const left = (): number => Math.max(1, end - performance.now());
  const before = await showSetting(connection, setting, left());
  const change = value === undefined ? `RESET ${setting}` : `SET ${setting} = ${quoted(value)}`;
  await connection.query(`ALTER SYSTEM ${change}`, left());
  await connection.query("SELECT pg_reload_conf()", left());
  for (;;) {
    const shown = await showSetting(connection, setting, left());
    const isLoaded = shown.loaded !== before.loaded || shown.value === value;
    if (isLoaded && (value === undefined || shown.value === value)) return shown;
    if (performance.now() >= end)
      throw new ServerProblem("answer", `${setting} stays at '${shown.value}' after a reload`);
    await sleep(POLL_MS);
  }
}

interface Shown {
  readonly value: string;
  readonly at: string;
  /** When this session has read the configuration. */
  readonly loaded: string;
}

async function showSetting(
  connection: Connection,
  setting: Setting,
  timeoutMs: number,
): Promise<Shown> {
  const [row] = await connection.query(
    `SELECT current_setting('${setting}') AS value, clock_timestamp() AS at, ` +
      "pg_conf_load_time() AS loaded",
    timeoutMs,
  );
  return { value: row?.["value"] ?? "", at: row?.["at"] ?? "", loaded: row?.["loaded"] ?? "" };
}
