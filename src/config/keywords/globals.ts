/** `global_defs`, put together. */
import { type KeywordTable, table } from "../keyword.ts";
import { IDENTITY, MAIL, NOTIFY } from "./globals-people.ts";
import { ANNOUNCE, OWN, PROTOCOL } from "./globals-protocol.ts";
import { BUFFERS, FILTER, HOUSEKEEPING, OTHER_SERVICES, SCHEDULING } from "./globals-system.ts";

export const GLOBALS: KeywordTable = table([
  ...IDENTITY,
  ...MAIL,
  ...PROTOCOL,
  ...ANNOUNCE,
  ...NOTIFY,
  ...FILTER,
  ...SCHEDULING,
  ...BUFFERS,
  ...HOUSEKEEPING,
  ...OTHER_SERVICES,
  ...OWN,
]);
