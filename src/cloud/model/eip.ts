/** Elastic public addresses: from the pool to a HAVIP (havip.ts) or an interface, and back. */
import type { Ipv4 } from "#units/address";
import { ipv4, readIpv4 } from "#units/address";
import type { Context, Outcome } from "./context.ts";
import { checkId, checkInstanceId, done, find, newId, startWork } from "./context.ts";
import { findIdle, releaseEipOf } from "./havip.ts";
import { checkNameCharacters, checkTags } from "./names.ts";
import type { Refusal } from "./refusal.ts";
import { isRefusal, refuse } from "./refusal.ts";
import type { EipRow, EipTarget, InterfaceRow, TagRow } from "./rows.ts";

export interface AllocateEips {
  readonly kind: "allocateEips";
  readonly count: number;
  readonly name: string;
  readonly bandwidth: number;
  readonly addressType: string;
  readonly isp: string;
  readonly chargeType: string;
  readonly tags: readonly TagRow[];
}

export interface RenameEip {
  readonly kind: "renameEip";
  readonly eipId: string;
  readonly name: string | undefined;
}

export interface ReleaseEips {
  readonly kind: "releaseEips";
  readonly eipIds: readonly string[];
}

/** To an instance's primary interface, or to one address of an interface. */
export interface AssociateEip {
  readonly kind: "associateEip";
  readonly eipId: string;
  readonly instanceId: string | undefined;
  readonly interfaceId: string | undefined;
  readonly privateAddress: string | undefined;
}

export interface DisassociateEip {
  readonly kind: "disassociateEip";
  readonly eipId: string;
}

/**
 * Documentation ranges first (RFC 5737), then the benchmarking range (RFC 2544): never a real
 * host's address.
 */
const POOL: readonly (readonly [first: number, count: number])[] = [
  [0xcb007101, 254],
  [0xc6336401, 254],
  [0xc6120001, 131_070],
];
const BANDWIDTH_MAX = 65_535;
const NAME_MAX = 128;

function takePublicAddress(context: Context, taken: ReadonlySet<Ipv4>): Ipv4 | undefined {
  for (const [first, count] of POOL) {
    for (let address = first; address < first + count; address++) {
      const candidate = ipv4(address);
      if (!taken.has(candidate) && !context.isPublicAddressTaken(candidate)) return candidate;
    }
  }
  return undefined;
}

export function allocateEips(context: Context, command: AllocateEips): Outcome {
  const { draft, now, profile } = context;
  const { count, name, bandwidth } = command;
  const bad =
    (name === "" ? undefined : checkNameCharacters(name, "AddressName", NAME_MAX)) ??
    checkTags(command.tags, "Tags") ??
    checkRange("AddressCount", count, 1, 100) ??
    checkRange("InternetMaxBandwidthOut", bandwidth, 1, BANDWIDTH_MAX);
  if (bad !== undefined) return bad;
  const quota = profile.quotas.eipsPerRegion;
  if (draft.count("eips") + count > quota) {
    return refuse("AddressQuotaLimitExceeded", { value: `${count}`, limit: `${quota}` });
  }
  const ids: string[] = [];
  const taken = new Set<Ipv4>();
  const rows: Omit<EipRow, "busy">[] = [];
  for (let index = 0; index < count; index++) {
    const address = takePublicAddress(context, taken);
    if (address === undefined) return refuse("ResourceInsufficient", { value: "EIP" });
    taken.add(address);
    let id = newId(context, "eips");
    while (ids.includes(id)) id = newId(context, "eips");
    ids.push(id);
    const { addressType, isp, chargeType, tags } = command;
    const kept = { name, bandwidth, addressType, isp, chargeType, tags, createdAt: now };
    rows.push({ id, address, status: "CREATING", target: null, ...kept });
  }
  const taskId = startWork(context, "numbered", () => ({ kind: "allocateEips", eipIds: ids }), ids);
  for (const row of rows) draft.put("eips", { ...row, busy: taskId });
  return done(ids, taskId);
}

function checkRange(
  parameter: string,
  value: number,
  min: number,
  max: number,
): Refusal | undefined {
  if (value >= min && value <= max) return undefined;
  const limit = `${min} - ${max}`;
  return refuse("InvalidParameterValue.Range", { parameter, value: `${value}`, limit });
}

/** The EIP actions have a code of their own for an unknown id. */
function findEip(context: Context, id: string, parameter: string): EipRow | Refusal {
  return (
    checkId("eips", id, parameter) ??
    context.draft.get("eips", id) ??
    refuse("InvalidAddressId.NotFound", { parameter, value: id })
  );
}

function refuseStatus(eip: EipRow): Refusal {
  const limit = eip.target === null ? eip.status : `${eip.status} (${eip.target.instanceId})`;
  return refuse("UnsupportedOperation.AddressStatusNotPermit", { value: eip.id, limit });
}

export function renameEip(context: Context, command: RenameEip): Outcome {
  const eip = findEip(context, command.eipId, "AddressId");
  if (isRefusal(eip)) return eip;
  if (command.name === undefined) return done();
  const bad = checkNameCharacters(command.name, "AddressName", NAME_MAX);
  if (bad !== undefined) return bad;
  context.draft.put("eips", { ...eip, name: command.name });
  return done();
}

export function releaseEips(context: Context, command: ReleaseEips): Outcome {
  const { draft } = context;
  const ids = [...new Set(command.eipIds)];
  if (ids.length === 0) return refuse("MissingParameter", { parameter: "AddressIds" });
  const rows: EipRow[] = [];
  for (const id of ids) {
    const eip = findEip(context, id, "AddressIds");
    if (isRefusal(eip)) return eip;
    if (eip.status !== "UNBIND") return refuseStatus(eip);
    rows.push(eip);
  }
  const taskId = startWork(context, "numbered", () => ({ kind: "releaseEips", eipIds: ids }), ids);
  for (const row of rows) draft.put("eips", { ...row, status: "OFFLINING", busy: taskId });
  return done([], taskId);
}

export function associateEip(context: Context, command: AssociateEip): Outcome {
  const eip = findEip(context, command.eipId, "AddressId");
  if (isRefusal(eip)) return eip;
  if (eip.status !== "UNBIND") return refuseStatus(eip);
  const target = chooseTarget(context, command);
  if (isRefusal(target)) return target;
  const other = context.draft
    .list("eips")
    .find(
      (one) =>
        one.target?.instanceId === target.instanceId &&
        one.target.privateAddress === target.privateAddress,
    );
  if (other !== undefined) {
    return refuse("InvalidInstanceId.AlreadyBindEip", { value: target.instanceId });
  }
  const taskId = startWork(context, "numbered", () => ({ kind: "associateEip", eipId: eip.id }), [
    eip.id,
  ]);
  context.draft.put("eips", { ...eip, status: "BINDING", target, busy: taskId });
  return done([], taskId);
}

function chooseTarget(context: Context, command: AssociateEip): EipTarget | Refusal {
  const { instanceId, interfaceId, privateAddress } = command;
  if (instanceId !== undefined && interfaceId !== undefined) {
    return refuse("InvalidParameterConflict", {
      parameter: "InstanceId",
      value: "NetworkInterfaceId",
    });
  }
  if (instanceId !== undefined) {
    const malformed = checkInstanceId(instanceId, "InstanceId");
    if (malformed !== undefined) return malformed;
    const nics = context.draft
      .list("interfaces")
      .filter(({ attachment }) => attachment?.instanceId === instanceId);
    const nic = nics.find(({ primary }) => primary) ?? nics[0];
    return {
      instanceType: "CVM",
      instanceId,
      networkInterfaceId: nic?.id ?? null,
      privateAddress: nic === undefined ? null : primaryAddress(nic),
    };
  }
  if (interfaceId === undefined) return refuse("MissingParameter", { parameter: "InstanceId" });
  const nic = find(context, "interfaces", interfaceId, "NetworkInterfaceId");
  if (isRefusal(nic)) return nic;
  if (privateAddress === undefined) {
    return refuse("MissingParameter", { parameter: "PrivateIpAddress" });
  }
  const address = readIpv4(privateAddress);
  const parameter = "PrivateIpAddress";
  if (address === undefined) {
    const value = privateAddress;
    return refuse("InvalidParameterValue.Malformed", { parameter, value, limit: "10.0.0.2" });
  }
  if (!nic.addresses.some((one) => one.address === address)) {
    return refuse("ResourceNotFound", { parameter, value: `${privateAddress} (${nic.id})` });
  }
  return {
    instanceType: "ENI",
    instanceId: nic.id,
    networkInterfaceId: nic.id,
    privateAddress: address,
  };
}

const primaryAddress = (nic: InterfaceRow): Ipv4 | null =>
  nic.addresses.find(({ primary }) => primary)?.address ?? null;

export function disassociateEip(context: Context, command: DisassociateEip): Outcome {
  const eip = findEip(context, command.eipId, "AddressId");
  if (isRefusal(eip)) return eip;
  if (eip.target === null || (eip.status !== "BIND" && eip.status !== "BIND_ENI")) {
    return refuse("InvalidAddressIdStatus.NotPermit", { value: eip.id, limit: eip.status });
  }
  if (eip.target.instanceType === "HAVIP") {
    const havip = findIdle(context, eip.target.instanceId);
    return isRefusal(havip) ? havip : releaseEipOf(context, havip, "numbered");
  }
  const taskId = startWork(
    context,
    "numbered",
    () => ({ kind: "disassociateEip", eipId: eip.id }),
    [eip.id],
  );
  context.draft.put("eips", { ...eip, status: "UNBINDING", busy: taskId });
  return done([], taskId);
}
