/** What of a server's settings a gate needs otherwise: asked by `baton check --live` alone. */
import type { Remark } from "../port/database.ts";
import type { Connection } from "./connection.ts";

export async function survey(
  connection: Connection,
  timeoutMs: number,
): Promise<readonly Remark[]> {
  const [appends, saves] = await Promise.all([
    connection.call(["CONFIG", "GET", "appendonly"], timeoutMs),
    connection.call(["CONFIG", "GET", "save"], timeoutMs),
  ]);
  return remarksOf(valueOf(appends), valueOf(saves));
}

/** @param answer a name and its value; undefined: the server does not know the name */
const valueOf = (answer: unknown): string | undefined =>
  Array.isArray(answer) && answer.length > 1 ? String(answer[1]) : undefined;

/**
 * @param appends `appendonly`: "no" leaves snapshots, or nothing
 * @param saves `save`: seconds and changes, in turn
 */
export const remarksOf = (
  appends: string | undefined,
  saves: string | undefined,
): readonly Remark[] =>
  appends === "no" ? [{ kind: "no-append-only-file", saves: saves ?? "" }] : [];
