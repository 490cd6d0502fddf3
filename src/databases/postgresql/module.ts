import type { DatabaseModule } from "../port/database.ts";
import { QueryCheck } from "../port/query-check.ts";
import { dialCommands, dialQueries } from "./pg-client.ts";
import { PostgreSqlDatabase } from "./postgresql.ts";
import * as texts from "./texts.ts";

export const postgresql: DatabaseModule = {
  open: (settings, credentials) => new PostgreSqlDatabase(settings, credentials, dialCommands),
  openCheck: (at, credentials) => new QueryCheck(at, credentials, dialQueries, texts.unreachable),
};
