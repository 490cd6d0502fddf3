import type { DatabaseModule } from "../port/database.ts";
import { RedisCheck } from "./check.ts";
import { RedisDatabase } from "./redis.ts";
import { dialRedis } from "./redis-client.ts";

export const redis: DatabaseModule = {
  open: (settings, credentials) => new RedisDatabase(settings, credentials, dialRedis),
  openCheck: (at, credentials) => new RedisCheck(at, credentials, dialRedis),
};
