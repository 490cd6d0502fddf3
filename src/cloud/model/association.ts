/**
 * The drift range: who may claim a HAVIP. One kind per HAVIP (instances or interfaces), at most
 * ten entries. With `CheckAssociate` off the list is kept but has no effect.
 */
import type { Context, Outcome } from "./context.ts";
import { checkId, checkInstanceId, done, find } from "./context.ts";
import type { Refusal } from "./refusal.ts";
import { isRefusal, refuse } from "./refusal.ts";
import type { AssociationRow, HavipRow } from "./rows.ts";

/** An entry as requested; a field is undefined if it was left out. */
export interface Association {
  readonly instanceId: string;
  readonly havipId: string | undefined;
  readonly instanceType: string | undefined;
}

export interface Associate {
  readonly kind: "associate";
  readonly entries: readonly Association[];
}

export interface Disassociate {
  readonly kind: "disassociate";
  readonly entries: readonly Association[];
}

const PARAMETER = "HaVipAssociationSet";

/**
 * The kind follows from the id's prefix, because Terraform leaves InstanceType out when it
 * removes an entry.
 */
function readEntry(context: Context, entry: Association): AssociationRow | Refusal {
  const { instanceId } = entry;
  const instanceType = entry.instanceType ?? (instanceId.startsWith("eni-") ? "ENI" : "CVM");
  if (instanceType !== "CVM" && instanceType !== "ENI") {
    const parameter = `${PARAMETER}.InstanceType`;
    return refuse("InvalidParameterValue", { parameter, value: instanceType, limit: "CVM, ENI" });
  }
  const parameter = `${PARAMETER}.InstanceId`;
  const isSwapped = instanceId.startsWith(instanceType === "CVM" ? "eni-" : "ins-");
  if (isSwapped) {
    const limit = `InstanceType ${instanceType}`;
    return refuse("InvalidParameterValue.ParameterMismatch", {
      parameter,
      value: instanceId,
      limit,
    });
  }
  if (instanceType === "CVM") {
    return checkInstanceId(instanceId, parameter) ?? { instanceId, instanceType };
  }
  const nic = find(context, "interfaces", instanceId, parameter);
  return isRefusal(nic) ? nic : { instanceId, instanceType };
}

/** The list with `entries` added to `present`. */
export function planAssociations(
  context: Context,
  entries: readonly Association[],
  present: readonly AssociationRow[],
): readonly AssociationRow[] | Refusal {
  const max = context.profile.quotas.associationsPerHavip;
  const planned = [...present];
  for (const entry of entries) {
    const row = readEntry(context, entry);
    if (isRefusal(row)) return row;
    const value = row.instanceId;
    if (planned.some(({ instanceId }) => instanceId === row.instanceId)) {
      return refuse("InvalidParameterValue.Duplicate", { parameter: PARAMETER, value });
    }
    if (planned.some(({ instanceType }) => instanceType !== row.instanceType)) {
      const limit = planned[0]?.instanceType ?? "";
      return refuse("InvalidParameterValue", { parameter: PARAMETER, value, limit });
    }
    planned.push(row);
  }
  if (planned.length <= max) return planned;
  return refuse("LimitExceeded", { parameter: PARAMETER, limit: `${max}` });
}

/** Entries by HAVIP, in the order in which the HAVIPs appear. */
function group(
  context: Context,
  entries: readonly Association[],
): ReadonlyMap<HavipRow, readonly Association[]> | Refusal {
  const max = context.profile.quotas.associationsPerHavip;
  if (entries.length === 0) return refuse("MissingParameter", { parameter: PARAMETER });
  if (entries.length > max) {
    return refuse("LimitExceeded", { parameter: PARAMETER, limit: `${max}` });
  }
  const groups = new Map<HavipRow, Association[]>();
  for (const [index, entry] of entries.entries()) {
    const parameter = `${PARAMETER}.${index}.HaVipId`;
    if (entry.havipId === undefined) return refuse("MissingParameter", { parameter });
    const havip = find(context, "havips", entry.havipId, parameter);
    if (isRefusal(havip)) return havip;
    const list = groups.get(havip) ?? [];
    if (list.some(({ instanceId }) => instanceId === entry.instanceId)) {
      const value = entry.instanceId;
      return refuse("InvalidParameterValue.DuplicatedHaVipAssociations", {
        parameter: PARAMETER,
        value,
      });
    }
    groups.set(havip, [...list, entry]);
  }
  return groups;
}

export function associate(context: Context, command: Associate): Outcome {
  const groups = group(context, command.entries);
  if (isRefusal(groups)) return groups;
  for (const [havip, entries] of groups) {
    if (havip.deleting) {
      return refuse("UnsupportedOperation.MutexOperationTaskRunning", { value: havip.id });
    }
    const associations = planAssociations(context, entries, havip.associations);
    if (isRefusal(associations)) return associations;
    context.draft.put("havips", { ...havip, associations });
  }
  return done();
}

export function disassociate(context: Context, command: Disassociate): Outcome {
  const groups = group(context, command.entries);
  if (isRefusal(groups)) return groups;
  for (const [havip, entries] of groups) {
    for (const { instanceId } of entries) {
      const parameter = `${PARAMETER}.InstanceId`;
      const malformed = instanceId.startsWith("eni-")
        ? checkId("interfaces", instanceId, parameter)
        : checkInstanceId(instanceId, parameter);
      if (malformed !== undefined) return malformed;
      if (!havip.associations.some((one) => one.instanceId === instanceId)) {
        return refuse("ResourceNotFound", { parameter, value: `${instanceId} (${havip.id})` });
      }
    }
    const gone = new Set(entries.map(({ instanceId }) => instanceId));
    const associations = havip.associations.filter(({ instanceId }) => !gone.has(instanceId));
    context.draft.put("havips", { ...havip, associations });
  }
  return done();
}
