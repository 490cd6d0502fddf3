/** A kind's client library is loaded when the first database of that kind is configured. */
import type { DatabaseKind } from "#keepalived/plan/run-plan";
import type { DatabaseModule } from "./port/database.ts";

export async function loadModule(kind: DatabaseKind): Promise<DatabaseModule> {
  switch (kind) {
    case "mysql":
      return (await import("./mysql/module.ts")).mysql;
    case "redis":
      return (await import("./redis/module.ts")).redis;
    case "postgresql":
      return (await import("./postgresql/module.ts")).postgresql;
  }
}
