import type { DatabaseModule } from "../port/database.ts";
import { Link } from "../port/link.ts";
import { QueryCheck } from "../port/query-check.ts";
import { dialCommands, dialQueries } from "./pg-client.ts";
import { PostgreSqlDatabase } from "./postgresql.ts";
import { survey } from "./survey.ts";
import * as texts from "./texts.ts";

export const postgresql: DatabaseModule = {
  open: (settings, credentials) => new PostgreSqlDatabase(settings, credentials, dialCommands),
  openCheck: (at, credentials) => new QueryCheck(at, credentials, dialQueries, texts.unreachable),
  survey: async (at, { client }, ask, timeoutMs) => {
    const link = new Link(at, client, dialQueries);
    try {
      return await link.use(timeoutMs, async (one, leftMs) => await survey(one, ask, leftMs));
    } finally {
      link.close();
    }
  },
};
