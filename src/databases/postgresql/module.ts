import type { DatabaseModule } from "../port/database.ts";
import { PostgreSqlCheck } from "./check.ts";
import { dialCommands, dialQueries } from "./pg-client.ts";
import { PostgreSqlDatabase } from "./postgresql.ts";

export const postgresql: DatabaseModule = {
  open: (settings, credentials) => new PostgreSqlDatabase(settings, credentials, dialCommands),
  openCheck: (at, credentials) => new PostgreSqlCheck(at, credentials, dialQueries),
};
