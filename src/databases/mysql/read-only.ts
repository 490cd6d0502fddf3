/**
 * Makes a server read-only. `SET GLOBAL read_only` waits for every commit that is under way, and
 * one may wait for an acknowledgement that never comes: so sessions of applications are killed
 * first, and again for as long as the statement waits.
 */
import type { Answer } from "../port/database.ts";
import { asProblem } from "../port/problem.ts";
import type { Steps } from "../port/steps.ts";
import { readSessions } from "./facts.ts";
import type { Sql, SqlLink } from "./sql.ts";
import { applications, kill, type Statements } from "./statements.ts";

/** Between two rounds of kills. */
const AGAIN_MS = 10;
/** A statement that never waits. */
const SHORT_MS = 2_000;

export const OK: Answer = { ok: true };

/** Undefined: it is read-only, verified by `isReadOnly`. Otherwise the reason why not. */
export async function makeReadOnly(
  link: SqlLink,
  statements: Statements,
  self: string,
  steps: Steps,
): Promise<string | undefined> {
  let killer: Sql | undefined;
  try {
    const main = await link.open(steps.left);
    // A connection of its own: the other one is busy while its statement waits.
    killer = await link.another(steps.left);
    await killApplications(killer, self, steps);
    for (const statement of statements.readOnly) {
      const problem = await whileKilling(main, killer, statement, self, steps);
      if (problem !== undefined) return problem;
    }
    return undefined;
  } catch (error) {
    const { code, message } = asProblem(error, "answer");
    return `${code}: ${message}`;
  } finally {
    killer?.destroy();
  }
}

async function whileKilling(
  main: Sql,
  killer: Sql,
  statement: string,
  self: string,
  steps: Steps,
): Promise<string | undefined> {
  let isDone = false;
  const setting = main
    .query(statement, steps.left)
    .then(() => undefined)
    .catch((error: unknown) => asProblem(error, "answer").message)
    .finally(() => {
      isDone = true;
    });
  for (;;) {
    const first = await Promise.race([setting.then(() => "done"), pause()]);
    if (first === "done" || isDone) break;
    await killApplications(killer, self, steps).catch(() => undefined);
  }
  const problem = await setting;
  // It must not take effect later, when somebody has been let in again.
  if (problem !== undefined)
    await killer.query(`KILL ${main.threadId}`, SHORT_MS).catch(() => undefined);
  return problem;
}

const pause = (): Promise<string> =>
  new Promise((resolve) => {
    setTimeout(() => resolve("pause"), AGAIN_MS);
  });

async function killApplications(killer: Sql, self: string, steps: Steps): Promise<void> {
  const sessions = readSessions(await killer.query("SHOW PROCESSLIST", steps.left));
  for (const session of applications(sessions, self)) {
    try {
      await killer.query(kill(session), steps.left);
    } catch (error) {
      // It has ended by itself.
      if (asProblem(error, "answer").kind !== "answer") throw error;
    }
  }
}
