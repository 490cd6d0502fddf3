/** What a server says of itself, by INFO and CONFIG GET. Pure but for `readFacts`. */
import { ServerProblem } from "../port/problem.ts";
import type { Connection } from "./connection.ts";
import type { History } from "./history.ts";

/**
 * A master with `min-replicas-to-write` of so many or more takes no writes: nobody has a million
 * replicas. What is above is the operator's own value, so that it is known after any restart.
 */
export const CLOSED = 1_000_000;

export interface Source {
  readonly host: string;
  readonly port: number;
  readonly isUp: boolean;
  /** A whole copy is being transferred: what was there before is given up. */
  readonly isCopying: boolean;
}

export interface Facts {
  readonly history: History;
  /** Of this run of the server. */
  readonly runId?: string;
  /** Whom it follows, or tries to; undefined: a master. */
  readonly source?: Source;
  /** `replica-read-only no`: clients write to a replica, and nothing shows it. */
  readonly isReplicaWritable: boolean;
  /** As set: `CLOSED` and more while it is closed. */
  readonly minReplicas: number;
  /** Seconds; 0 switches `min-replicas-to-write` off. */
  readonly minReplicasMaxLag: number;
  readonly isLoading: boolean;
}

/** Takes writes; how many replicas the operator wants for them is the operator's affair. */
export const isWritable = (facts: Facts): boolean =>
  facts.source === undefined ? !isClosed(facts) : facts.isReplicaWritable;

export const isClosed = ({ minReplicas, minReplicasMaxLag }: Facts): boolean =>
  minReplicas >= CLOSED && minReplicasMaxLag > 0;

export async function readFacts(connection: Connection, timeoutMs: number): Promise<Facts> {
  // On one connection the server answers in this order, and nothing comes between.
  const [info, config] = await Promise.all([
    connection.call(["INFO"], timeoutMs),
    connection.call(["CONFIG", "GET", "min-replicas-*"], timeoutMs),
  ]);
  return parseFacts(String(info), Array.isArray(config) ? config.map(String) : []);
}

/** @param config names and values in turn */
export function parseFacts(info: string, config: readonly string[]): Facts {
  const fields = fieldsOf(info);
  const set = new Map<string, string>();
  for (let n = 0; n + 1 < config.length; n += 2) set.set(config[n] ?? "", config[n + 1] ?? "");
  const role = fields.get("role");
  const isReplica = role === "slave";
  const runId = fields.get("run_id");
  if (!isReplica && role !== "master")
    throw new ServerProblem("answer", `INFO says role:${role ?? "nothing"}`);
  const host = fields.get("master_host") ?? "";
  return {
    history: {
      id: fields.get("master_replid") ?? "",
      offset: integer(fields.get("master_repl_offset")),
      earlierId: fields.get("master_replid2") ?? "",
      // The first byte that is no longer common with the earlier history.
      earlierEnd: integer(fields.get("second_repl_offset")) - 1,
      isEmpty: ![...fields.keys()].some((name) => /^db\d+$/.test(name)),
    },
    ...(runId === undefined ? {} : { runId }),
    ...(isReplica
      ? {
          source: {
            host,
            port: integer(fields.get("master_port")),
            isUp: fields.get("master_link_status") === "up",
            isCopying: fields.get("master_sync_in_progress") === "1",
          },
        }
      : {}),
    isReplicaWritable: isReplica && fields.get("slave_read_only") === "0",
    minReplicas: integer(set.get("min-replicas-to-write")),
    minReplicasMaxLag: integer(set.get("min-replicas-max-lag")),
    isLoading: fields.get("loading") === "1",
  };
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  return new Map(
    info.split("\r\n").flatMap((line): readonly [string, string][] => {
      const at = line.indexOf(":");
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

function integer(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || text === "" || !Number.isSafeInteger(value))
    throw new ServerProblem("answer", "INFO or CONFIG GET lacks a number that replication needs");
  return value;
}
