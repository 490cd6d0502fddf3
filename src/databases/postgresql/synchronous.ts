/**
 * Whether commits wait for a standby: on at a primary as soon as one has caught up, off at a
 * promotion. `required` never lets go; `preferred` does when no standby has received for a while.
 */
import type { DatabaseSettings } from "../port/database.ts";
import type { PgLink } from "./connection.ts";
import type { Facts } from "./facts.ts";
import { changeSetting } from "./settings.ts";

const NAMES = "synchronous_standby_names";
/** Whoever receives, if the configuration file names nobody. */
const ANYBODY = "*";
/** Without a standby for so long `preferred` goes on alone. */
export const LET_GO_MS = 10_000;

/** @param aloneSince when no standby was seen first; a clock of milliseconds */
export async function tendSynchronous(
  link: PgLink,
  { waitsFor, streaming }: Pick<Facts, "waitsFor" | "streaming">,
  { sync }: Pick<DatabaseSettings, "sync">,
  aloneSince: number | undefined,
  timeoutMs: number,
): Promise<void> {
  if (sync === "off") return;
  if (waitsFor === "" && streaming > 0) await wait(link, timeoutMs);
  const isAlone = aloneSince !== undefined && performance.now() - aloneSince >= LET_GO_MS;
  if (waitsFor !== "" && isAlone && sync === "preferred") await waitForNobody(link, timeoutMs);
}

async function wait(link: PgLink, timeoutMs: number): Promise<void> {
  await link.use(timeoutMs, async (connection, leftMs) => {
    const end = performance.now() + leftMs;
    // What the operator's file says.
    const shown = await changeSetting(connection, NAMES, undefined, leftMs);
    if (shown.value !== "") return;
    await changeSetting(connection, NAMES, ANYBODY, Math.max(1, end - performance.now()));
  });
}

export async function waitForNobody(link: PgLink, timeoutMs: number): Promise<void> {
  await link.use(timeoutMs, async (connection, leftMs) => {
    await changeSetting(connection, NAMES, "", leftMs);
  });
}
