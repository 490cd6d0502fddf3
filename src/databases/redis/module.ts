import type { DatabaseModule } from "../port/database.ts";
import { Link } from "../port/link.ts";
import { RedisCheck } from "./check.ts";
import { RedisDatabase } from "./redis.ts";
import { dialRedis } from "./redis-client.ts";
import { survey } from "./survey.ts";

export const redis: DatabaseModule = {
  open: (settings, credentials) => new RedisDatabase(settings, credentials, dialRedis),
  openCheck: (at, credentials) => new RedisCheck(at, credentials, dialRedis),
  survey: async (at, { client }, _ask, timeoutMs) => {
    const link = new Link(at, client, dialRedis);
    try {
      return await link.use(timeoutMs, survey);
    } finally {
      link.close();
    }
  },
};
