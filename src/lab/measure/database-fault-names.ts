/** What can go wrong with a database pair (database-faults.ts says what each is). */
export const DATABASE_FAULTS = [
  "stop",
  "restart",
  "move",
  "kill",
  "kill-engine",
  "server-kill",
  "server-hang",
  "link",
  "host",
  "vrrp-cut",
  "slow-promotion",
  "lagging",
  "stopped-replica",
  "failback",
  "double",
  "stall",
] as const;
export type DatabaseFaultName = (typeof DATABASE_FAULTS)[number];

export const ENGINES = ["mariadb", "redis", "postgresql"] as const;
export type EngineName = (typeof ENGINES)[number];

/** A replica that is held, and a failback, need more than every database can be asked for. */
const MARIADB_ONLY: ReadonlySet<DatabaseFaultName> = new Set([
  "lagging",
  "stopped-replica",
  "failback",
]);

/** Those that mean something to the database. */
export const faultsOf = (engine: EngineName): readonly DatabaseFaultName[] =>
  DATABASE_FAULTS.filter((name) => engine === "mariadb" || !MARIADB_ONLY.has(name));
