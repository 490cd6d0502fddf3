/**
 * `--live`: can the databases of gates be asked, here and at the peers, with the accounts that the
 * daemon would use? Only a question is put; whether a node may be promoted is what `status` says.
 */
import { DatabaseProcess } from "#daemon/database-process";
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

export async function checkDatabases(model: Model): Promise<readonly AnyFinding[]> {
  const asked = [...model.instances, ...model.groups].flatMap((unit) => databasesOf(unit, model));
  if (asked.length === 0) return [];
  const log = Object.assign(() => undefined, { dropped: () => 0 });
  const databases = new DatabaseProcess({ log });
  databases.setChecks(asked.map(targetOf));
  // What is set together is one configuration, a turn later.
  await Promise.resolve();
  try {
    const found = await Promise.all(
      asked.map(async (one) => {
        const ms = START_MS + toMillis(one.database.timeout);
        const outcome = await databases.check(targetOf(one), ms);
        if (outcome.ok === true) return [];
        const { database, at, isPeer, place } = one;
        const address = "socket" in at ? at.socket : `${at.host}:${at.port}`;
        return [
          finding("VR5122", place, { kind: database.kind, address, isPeer, why: outcome.why }),
        ];
      }),
    );
    return found.flat();
  } finally {
    databases.close();
  }
}

const targetOf = ({ database: { kind, credentialsFile }, at }: Asked) => ({
  kind,
  at,
  ...(credentialsFile !== undefined && { credentialsFile }),
});

function databasesOf(unit: Block, model: Model): readonly Asked[] {
  const database = planGate(unit, model)?.database;
  const block = gateIn(unit)?.blocks.find(({ word }) => DATABASES.some((one) => one === word));
  if (database === undefined || block === undefined) return [];
  const place = placeOf(block);
  const own: Asked = { database, at: database.at, isPeer: false, place };
  return [own, ...database.peers.map((at) => ({ database, at, isPeer: true, place }))];
}
