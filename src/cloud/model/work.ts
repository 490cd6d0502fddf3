/**
 * Asynchronous work: what happens when it is due. Each kind frees its resources and sets its
 * task to SUCCESS in one step, so whoever sees that the task is done sees the effect too.
 */
import type { Instant } from "#units/time";
import { earliest } from "#units/time";
import type { Change, CloudState, Draft } from "./cloud-state.ts";
import { openDraft } from "./cloud-state.ts";
import { moveTo } from "./move.ts";
import type { EipRow, HavipRow, InterfaceRow, Work, WorkRow } from "./rows.ts";

/** When the next work is due; undefined if there is none. */
export function deadline(world: CloudState): Instant | undefined {
  let first: Instant | undefined;
  for (const { works, havips } of world.regions.values()) {
    for (const { dueAt } of works.values()) first = earliest(first, dueAt);
    for (const { claim } of havips.values()) first = earliest(first, claim?.dueAt);
  }
  return first;
}

/** Carries out everything that is due at `now`, in the order of the due times. */
export function finishDue(world: CloudState, now: Instant): readonly Change[] {
  const changes: Change[] = [];
  for (const region of world.regions.keys()) {
    const draft = openDraft(world, region);
    const due = draft.list("works").filter(({ dueAt }) => dueAt <= now);
    for (const row of due.toSorted((a, b) => a.dueAt - b.dueAt)) finish(draft, row);
    for (const havip of draft.list("havips")) {
      if (havip.claim !== null && havip.claim.dueAt <= now) {
        draft.put("havips", moveTo(havip, havip.claim.holder, havip.claim.dueAt));
      }
    }
    changes.push(...draft.changes());
  }
  return changes;
}

function finish(draft: Draft, row: WorkRow): void {
  carryOut(draft, row.work, row.dueAt);
  draft.remove("works", row.id);
  const task = draft.get("tasks", row.id);
  if (task !== undefined) draft.put("tasks", { ...task, status: "SUCCESS" });
}

function changeHavip(draft: Draft, id: string, change: Partial<HavipRow>): void {
  const row = draft.get("havips", id);
  if (row !== undefined) draft.put("havips", { ...row, busy: null, ...change });
}

function changeEip(draft: Draft, id: string, change: Partial<EipRow>): void {
  const row = draft.get("eips", id);
  if (row !== undefined) draft.put("eips", { ...row, busy: null, ...change });
}

function changeInterface(
  draft: Draft,
  id: string,
  change: (row: InterfaceRow) => Partial<InterfaceRow>,
): void {
  const row = draft.get("interfaces", id);
  if (row !== undefined) {
    draft.put("interfaces", { ...row, busy: null, state: "AVAILABLE", ...change(row) });
  }
}

const available = ({ addresses }: InterfaceRow): Partial<InterfaceRow> => ({
  addresses: addresses.map((one) => ({ ...one, state: "AVAILABLE" })),
});

function carryOut(draft: Draft, work: Work, at: Instant): void {
  switch (work.kind) {
    case "follow":
      return;
    case "deleteHavip":
      draft.remove("havips", work.havipId);
      draft.remove("buckets", `havip/${work.havipId}`);
      return;
    case "bindEip": {
      const havip = draft.get("havips", work.havipId);
      if (havip === undefined) return;
      const target = {
        instanceType: "HAVIP" as const,
        instanceId: havip.id,
        networkInterfaceId: null,
        privateAddress: havip.vip,
      };
      changeHavip(draft, work.havipId, { eipId: work.eipId });
      changeEip(draft, work.eipId, { status: "BIND", target });
      return;
    }
    case "unbindEip":
      changeHavip(draft, work.havipId, { eipId: null });
      changeEip(draft, work.eipId, { status: "UNBIND", target: null });
      return;
    case "allocateEips":
      for (const id of work.eipIds) changeEip(draft, id, { status: "UNBIND" });
      return;
    case "releaseEips":
      for (const id of work.eipIds) draft.remove("eips", id);
      return;
    case "associateEip": {
      const target = draft.get("eips", work.eipId)?.target;
      const nic = draft.get("interfaces", target?.networkInterfaceId ?? "");
      // BIND_ENI: it is bound to an interface that is not attached to an instance.
      const status =
        target?.instanceType === "ENI" && nic?.attachment == null ? "BIND_ENI" : "BIND";
      changeEip(draft, work.eipId, { status });
      return;
    }
    case "disassociateEip":
      changeEip(draft, work.eipId, { status: "UNBIND", target: null });
      return;
    case "createInterface":
    case "assignAddresses":
      changeInterface(draft, work.interfaceId, available);
      return;
    case "attachInterface": {
      const { instanceId } = work;
      const attachment = { instanceId, deviceIndex: freeIndex(draft, instanceId), attachedAt: at };
      changeInterface(draft, work.interfaceId, () => ({ attachment }));
      return;
    }
    case "detachInterface":
      changeInterface(draft, work.interfaceId, () => ({ attachment: null }));
      return;
    case "deleteInterface":
      deleteInterface(draft, work.interfaceId, at);
      return;
    case "migrateAddress":
      changeInterface(draft, work.fromId, ({ addresses }) => ({
        addresses: addresses.filter(({ address }) => address !== work.address),
      }));
      changeInterface(draft, work.toId, ({ addresses }) => ({
        addresses: [
          ...addresses,
          { address: work.address, primary: false, description: "", state: "AVAILABLE" },
        ],
      }));
  }
}

/** Index 0 is the primary interface. */
function freeIndex(draft: Draft, instanceId: string): number {
  const used = new Set(
    draft
      .list("interfaces")
      .filter(({ attachment }) => attachment?.instanceId === instanceId)
      .map(({ attachment }) => attachment?.deviceIndex),
  );
  let index = 1;
  while (used.has(index)) index += 1;
  return index;
}

/** A deleted interface holds nothing: its HAVIPs are unbound, as if by hand. */
function deleteInterface(draft: Draft, interfaceId: string, at: Instant): void {
  draft.remove("interfaces", interfaceId);
  draft.remove("buckets", `interface/${interfaceId}`);
  for (const havip of draft.list("havips")) {
    const claim = havip.claim?.holder.networkInterfaceId === interfaceId ? null : havip.claim;
    if (havip.holder?.networkInterfaceId === interfaceId) {
      draft.put("havips", { ...havip, holder: null, claim, flushedAt: at });
    } else if (claim !== havip.claim) {
      draft.put("havips", { ...havip, claim });
    }
  }
}
