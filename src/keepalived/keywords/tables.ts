/** Which table belongs to which block. */

import { ALERT } from "./alert.ts";
import { API, TLS } from "./api.ts";
import { AUTHENTICATION, HMAC } from "./authentication.ts";
import { CHECK } from "./checks.ts";
import { EVENTS } from "./events.ts";
import { DATABASE_TABLES, GATE } from "./gate.ts";
import { GLOBALS } from "./globals.ts";
import { GARP_GROUP, STATIC_TRACK_GROUP, SYNC_GROUP } from "./groups.ts";
import { HAVIP } from "./havip.ts";
import { INSTANCE } from "./instance.ts";
import type { BlockWord, Keyword, KeywordTable } from "./keyword.ts";
import { ROOT } from "./root.ts";
import { BFD, FILE, PROCESS, SCRIPT } from "./trackers.ts";

export const TABLES: { readonly [B in BlockWord]: KeywordTable } = {
  api: API,
  alert: ALERT,
  events: EVENTS,
  authentication: AUTHENTICATION,
  auth_hmac: HMAC,
  bfd_instance: BFD,
  check: CHECK,
  garp_group: GARP_GROUP,
  gate: GATE,
  global_defs: GLOBALS,
  havip: HAVIP,
  ...DATABASE_TABLES,
  static_track_group: STATIC_TRACK_GROUP,
  tls: TLS,
  track_file: FILE,
  vrrp_instance: INSTANCE,
  vrrp_script: SCRIPT,
  vrrp_sync_group: SYNC_GROUP,
  vrrp_track_process: PROCESS,
};

/** Block word (undefined: root) → table. */
export const tableOf = (block: BlockWord | undefined): KeywordTable =>
  block === undefined ? ROOT : TABLES[block];

const BLOCK_TABLES: readonly (readonly [string, KeywordTable])[] = Object.entries(TABLES);

/** Blocks in which the word is known; "" is the root. */
export function homesOf(word: string): readonly string[] {
  const homes: string[] = ROOT.has(word) ? [""] : [];
  for (const [block, rows] of BLOCK_TABLES) if (rows.has(word)) homes.push(block);
  return homes;
}

/** Keywords that begin a `{ … }`. */
export const opensBlock = (keyword: Keyword): boolean =>
  keyword.takes.kind === "block" ||
  keyword.takes.kind === "list" ||
  keyword.takes.kind === "foreign";
