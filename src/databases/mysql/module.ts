import type { DatabaseModule } from "../port/database.ts";
import { MySqlCheck } from "./check.ts";
import { MySqlDatabase } from "./mysql.ts";
import { dialMySql } from "./mysql-client.ts";

export const mysql: DatabaseModule = {
  open: (settings, credentials) => new MySqlDatabase(settings, credentials, dialMySql),
  openCheck: (at, credentials) => new MySqlCheck(at, credentials, dialMySql),
};
