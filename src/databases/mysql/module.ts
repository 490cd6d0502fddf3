import type { DatabaseModule } from "../port/database.ts";
import { QueryCheck } from "../port/query-check.ts";
import { MySqlDatabase } from "./mysql.ts";
import { dialMySql } from "./mysql-client.ts";
import * as texts from "./texts.ts";

export const mysql: DatabaseModule = {
  open: (settings, credentials) => new MySqlDatabase(settings, credentials, dialMySql),
  openCheck: (at, credentials) => new QueryCheck(at, credentials, dialMySql, texts.noAnswer),
};
