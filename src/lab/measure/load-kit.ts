/** The kit of a database; its client library is loaded with it. */
import type { EngineName } from "./database-fault-names.ts";
import type { DatabaseKit } from "./database-kit.ts";

export async function loadKit(name: EngineName): Promise<DatabaseKit> {
  switch (name) {
    case "mariadb":
      return (await import("./kit-mariadb.ts")).mariadbKit;
    case "redis":
      return (await import("./kit-redis.ts")).redisKit;
    case "postgresql":
      return (await import("./kit-postgresql.ts")).postgresqlKit;
  }
}
