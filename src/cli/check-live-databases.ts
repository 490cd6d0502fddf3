/**
 * `--live`: can the databases of gates be asked, here and at the peers, with the accounts that the
 * daemon would use, and are their settings and the accounts' rights what a gate needs? Nothing is
 * changed; whether a node may be promoted is what `status` says.
 */
import {
  type CheckOutcome,
  DatabaseProcess,
  type Remark,
  type SurveyAsk,
} from "#daemon/database-process";
import { type AnyFinding, finding } from "#diagnostics/diagnostic";
import type { Span } from "#diagnostics/source";
import { type Block, placeOf } from "#keepalived/blocks/block";
import { DATABASES } from "#keepalived/keywords/gate";
import { gateIn } from "#keepalived/model/effective";
import type { Model } from "#keepalived/model/model";
import { planGate } from "#keepalived/plan/gate";
import type { DatabaseAddress, DatabasePlan } from "#keepalived/plan/run-plan";
import { toMillis } from "#units/time";

/** Its start, and reading the accounts; a server that hangs takes a time-out more. */
const START_MS = 2_000;

interface Asked {
  readonly database: DatabasePlan;
  readonly at: DatabaseAddress;
  readonly isPeer: boolean;
  readonly place: Span;
}

type Target = Pick<DatabasePlan, "kind" | "credentialsFile"> & {
  readonly at: DatabaseAddress;
  readonly survey: SurveyAsk;
};
export type AskDatabase = (target: Target, milliseconds: number) => Promise<CheckOutcome>;

export async function checkDatabases(model: Model): Promise<readonly AnyFinding[]> {
  const asked = databasesIn(model);
  if (asked.length === 0) return [];
  const log = Object.assign(() => undefined, { dropped: () => 0 });
  const databases = new DatabaseProcess({ log });
  databases.setChecks(asked.map(targetOf));
  // What is set together is one configuration, a turn later.
  await Promise.resolve();
  try {
    return await assessDatabases(model, async (target, ms) => await databases.check(target, ms));
  } finally {
    databases.close();
  }
}

export async function assessDatabases(
  model: Model,
  ask: AskDatabase,
): Promise<readonly AnyFinding[]> {
  const found = await Promise.all(
    databasesIn(model).map(async (one) => {
      const { database, at, isPeer, place } = one;
      const outcome = await ask(targetOf(one), START_MS + toMillis(database.timeout));
      const about = { kind: database.kind, address: printAddress(at), isPeer };
      return outcome.ok === true
        ? (outcome.remarks ?? []).map((remark) => remarkFinding(remark, place, about))
        : [finding("VR5122", place, { ...about, why: outcome.why })];
    }),
  );
  return found.flat();
}

function remarkFinding(
  remark: Remark,
  place: Span,
  about: { readonly kind: string; readonly address: string; readonly isPeer: boolean },
): AnyFinding {
  switch (remark.kind) {
    case "no-append-only-file":
      return finding("VR5124", place, { ...about, saves: remark.saves });
    case "server":
      return finding("VR5125", place, { ...about, why: remark.why, fix: remark.fix });
  }
}

const printAddress = (at: DatabaseAddress): string =>
  "socket" in at ? at.socket : `${at.host}:${at.port}`;

const databasesIn = (model: Model): readonly Asked[] =>
  [...model.instances, ...model.groups].flatMap((unit) => databasesOf(unit, model));

/** Who may follow a peer's server is not known here. */
const targetOf = ({ database, at, isPeer }: Asked): Target => {
  const { kind, credentialsFile, sync, peers } = database;
  return {
    kind,
    at,
    survey: { sync, peers: isPeer ? [] : peers.map(({ host }) => host) },
    ...(credentialsFile !== undefined && { credentialsFile }),
  };
};

function databasesOf(unit: Block, model: Model): readonly Asked[] {
  const database = planGate(unit, model)?.database;
  const block = gateIn(unit)?.blocks.find(({ word }) => DATABASES.some((one) => one === word));
  if (database === undefined || block === undefined) return [];
  const place = placeOf(block);
  const own: Asked = { database, at: database.at, isPeer: false, place };
  return [own, ...database.peers.map((at) => ({ database, at, isPeer: true, place }))];
}
