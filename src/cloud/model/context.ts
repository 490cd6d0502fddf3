/**
 * What every command is given: a draft to write into, the time, a source of randomness, and the
 * platform's profile.
 */

import type { Ipv4 } from "#units/address";
import type { Rng } from "#units/rng";
import type { Instant } from "#units/time";
import { after } from "#units/time";
import type { Draft } from "./cloud-state.ts";
import { idTail } from "./ids.ts";
import type { PlatformProfile } from "./platform-profile.ts";
import type { Refusal } from "./refusal.ts";
import { refuse } from "./refusal.ts";
import type { TableName, Tables, Work } from "./rows.ts";

export interface Context {
  readonly draft: Draft;
  readonly now: Instant;
  /** The call's RequestId, which identifies asynchronous work that has no number. */
  readonly requestId: string;
  readonly rng: Rng;
  readonly profile: PlatformProfile;
  /** Public addresses are unique across all regions, but a draft sees only its own region. */
  readonly isPublicAddressTaken: (address: Ipv4) => boolean;
}

/** The outcome of a command that was carried out, or accepted for later. */
export interface Done {
  readonly kind: "done";
  /** The ids of what was created. */
  readonly ids: readonly string[];
  /** The task to poll, if the work goes on. */
  readonly taskId: string | null;
}

export type Outcome = Done | Refusal;

export const done = (ids: readonly string[] = [], taskId: string | null = null): Done => ({
  kind: "done",
  ids,
  taskId,
});

/** The tables with rows that users name by id, with the id's prefix. */
const PREFIXES = {
  vpcs: "vpc",
  subnets: "subnet",
  routeTables: "rtb",
  havips: "havip",
  eips: "eip",
  interfaces: "eni",
} as const;
export type NamedTable = keyof typeof PREFIXES;

const ID_TAIL = /^[a-z0-9]{8}$/;

export const isIdOf = (prefix: string, id: string): boolean =>
  id.startsWith(`${prefix}-`) && ID_TAIL.test(id.slice(prefix.length + 1));

export const isInstanceId = (id: string): boolean => isIdOf("ins", id);

/** Undefined if the id is well-formed, otherwise the refusal that names the parameter. */
export function checkId(table: NamedTable, id: string, parameter: string): Refusal | undefined {
  if (isIdOf(PREFIXES[table], id)) return undefined;
  return refuse("InvalidParameterValue.Malformed", {
    parameter,
    value: id,
    limit: `${PREFIXES[table]}-xxxxxxxx`,
  });
}

export function checkInstanceId(id: string, parameter: string): Refusal | undefined {
  if (isInstanceId(id)) return undefined;
  return refuse("InvalidParameterValue.Malformed", { parameter, value: id, limit: "ins-xxxxxxxx" });
}

export function find<Table extends NamedTable>(
  context: Context,
  table: Table,
  id: string,
  parameter: string,
): Tables[Table] | Refusal {
  const malformed = checkId(table, id, parameter);
  if (malformed !== undefined) return malformed;
  return context.draft.get(table, id) ?? refuse("ResourceNotFound", { parameter, value: id });
}

export function newId(context: Context, table: NamedTable): string {
  for (;;) {
    const id = `${PREFIXES[table]}-${idTail(context.rng)}`;
    if (context.draft.get(table, id) === undefined) return id;
  }
}

/** How many finished tasks stay for polling; the oldest are forgotten. */
const TASKS_MAX = 10_000;

/**
 * Accepts work that ends by itself later. `numbered` tasks are asked for by number, others by the
 * call's RequestId.
 */
export function startWork(
  context: Context,
  kind: "request" | "numbered",
  work: (taskId: string) => Work,
  resourceIds: readonly string[],
): string {
  const { draft, now, profile } = context;
  const taskId = kind === "numbered" ? `${nextTaskNumber(context)}` : context.requestId;
  const oldest = draft.count("tasks") >= TASKS_MAX ? draft.oldest("tasks") : undefined;
  if (oldest !== undefined && draft.get("works", oldest) === undefined)
    draft.remove("tasks", oldest);
  draft.put("tasks", { id: taskId, kind, status: "RUNNING", resourceIds });
  draft.put("works", { id: taskId, dueAt: after(now, profile.taskTime), work: work(taskId) });
  return taskId;
}

/** Numbers look like the platform's and grow, so that a client may sort them. */
const FIRST_TASK_NUMBER = 100_000_001;

function nextTaskNumber({ draft }: Context): number {
  const value = (draft.get("counters", "task")?.value ?? FIRST_TASK_NUMBER - 1) + 1;
  draft.put("counters", { id: "task", value });
  return value;
}

export const isRowBusy = (row: Tables[TableName]): boolean => "busy" in row && row.busy !== null;
