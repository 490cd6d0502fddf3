/**
 * HAVIPs: creation, name, elastic address, deletion. Moving one is not here: no call of the API
 * does that, only a gratuitous ARP (claim.ts).
 */
import type { Ipv4 } from "#units/address";
import { isInNetwork, readIpv4 } from "#units/address";
import type { Association } from "./association.ts";
import { planAssociations } from "./association.ts";
import { findFreeAddress, readFreeAddress, takenAddresses } from "./cidr.ts";
import type { Context, Outcome } from "./context.ts";
import { checkId, done, find, newId, startWork } from "./context.ts";
import { checkNameCharacters, checkTags } from "./names.ts";
import type { Refusal } from "./refusal.ts";
import { isRefusal, refuse } from "./refusal.ts";
import type { HavipRow, Holder, SubnetRow, TagRow, VpcRow } from "./rows.ts";

export interface CreateHavip {
  readonly kind: "createHavip";
  readonly vpcId: string;
  readonly name: string;
  /** Undefined for the subnet that contains `vip`, or the first with a free address. */
  readonly subnetId: string | undefined;
  /** Undefined for the lowest free address. */
  readonly vip: string | undefined;
  /** Bound from the start. What the platform does here is not documented. */
  readonly interfaceId: string | undefined;
  readonly checkAssociate: boolean;
  readonly associations: readonly Association[];
  readonly tags: readonly TagRow[];
}

export interface RenameHavip {
  readonly kind: "renameHavip";
  readonly havipId: string;
  readonly name: string | undefined;
}

export interface DeleteHavip {
  readonly kind: "deleteHavip";
  readonly havipId: string;
}

export interface BindEip {
  readonly kind: "bindEip";
  readonly havipId: string;
  /** The public address, not the id. */
  readonly address: string;
}

export interface UnbindEip {
  readonly kind: "unbindEip";
  readonly havipId: string;
}

export function createHavip(context: Context, command: CreateHavip): Outcome {
  const { draft, now, profile } = context;
  const bad =
    checkNameCharacters(command.name, "HaVipName") ??
    checkTags(command.tags, "Tags") ??
    (command.subnetId !== undefined ? checkId("subnets", command.subnetId, "SubnetId") : undefined);
  if (bad !== undefined) return bad;
  const vpc = find(context, "vpcs", command.vpcId, "VpcId");
  if (isRefusal(vpc)) return vpc;
  const subnet = chooseSubnet(context, vpc, command);
  if (isRefusal(subnet)) return subnet;
  const vip = chooseAddress(context, subnet, command.vip);
  if (isRefusal(vip)) return vip;
  const holder = chooseHolder(context, subnet, command.interfaceId);
  if (isRefusal(holder)) return holder;
  const associations = planAssociations(context, command.associations, []);
  if (isRefusal(associations)) return associations;
  const quota = profile.quotas.havipsPerVpc;
  if (draft.list("havips").filter(({ vpcId }) => vpcId === vpc.id).length >= quota) {
    return refuse("LimitExceeded", { parameter: `HAVIP, ${vpc.id}`, limit: `${quota}` });
  }
  const id = newId(context, "havips");
  draft.put("havips", {
    id,
    vpcId: vpc.id,
    subnetId: subnet.id,
    name: command.name,
    vip,
    holder,
    claim: null,
    flushedAt: holder === null ? null : now,
    checkAssociate: command.checkAssociate,
    associations,
    eipId: null,
    busy: null,
    deleting: false,
    tags: command.tags,
    createdAt: now,
  });
  return done([id]);
}

function chooseSubnet(
  context: Context,
  vpc: VpcRow,
  { subnetId, vip }: CreateHavip,
): SubnetRow | Refusal {
  const { draft } = context;
  if (subnetId !== undefined) {
    const subnet = find(context, "subnets", subnetId, "SubnetId");
    if (isRefusal(subnet) || subnet.vpcId === vpc.id) return subnet;
    return refuse("ResourceNotFound", { parameter: "SubnetId", value: `${subnetId} (${vpc.id})` });
  }
  const subnets = draft.list("subnets").filter(({ vpcId }) => vpcId === vpc.id);
  if (subnets.length === 0)
    return refuse("ResourceNotFound", { parameter: "SubnetId", value: vpc.id });
  if (vip === undefined) {
    return (
      subnets.find((one) => findFreeAddress(one, takenAddresses(draft, one.id)) !== undefined) ??
      refuse("ResourceInsufficient", { value: vpc.id })
    );
  }
  const address = readIpv4(vip);
  if (address === undefined) {
    return refuse("InvalidParameterValue.Malformed", {
      parameter: "Vip",
      value: vip,
      limit: "10.0.0.2",
    });
  }
  return (
    subnets.find(({ network, prefix }) => isInNetwork(address, network, prefix)) ??
    refuse("InvalidParameterValue.Range", { parameter: "Vip", value: vip, limit: vpc.id })
  );
}

function chooseAddress(
  context: Context,
  subnet: SubnetRow,
  vip: string | undefined,
): Ipv4 | Refusal {
  if (vip !== undefined) {
    return readFreeAddress(context, subnet, vip, "Vip", "InvalidParameterValue.Duplicate");
  }
  return (
    findFreeAddress(subnet, takenAddresses(context.draft, subnet.id)) ??
    refuse("ResourceInsufficient", { value: subnet.id })
  );
}

function chooseHolder(
  context: Context,
  subnet: SubnetRow,
  interfaceId: string | undefined,
): Holder | null | Refusal {
  if (interfaceId === undefined) return null;
  const nic = find(context, "interfaces", interfaceId, "NetworkInterfaceId");
  if (isRefusal(nic)) return nic;
  if (nic.subnetId !== subnet.id) {
    const limit = subnet.id;
    return refuse("InvalidParameterValue", {
      parameter: "NetworkInterfaceId",
      value: nic.id,
      limit,
    });
  }
  return { networkInterfaceId: nic.id, instanceId: nic.attachment?.instanceId ?? "" };
}

export function renameHavip(context: Context, command: RenameHavip): Outcome {
  const havip = find(context, "havips", command.havipId, "HaVipId");
  if (isRefusal(havip)) return havip;
  if (command.name === undefined) return done();
  const bad = checkNameCharacters(command.name, "HaVipName");
  if (bad !== undefined) return bad;
  context.draft.put("havips", { ...havip, name: command.name });
  return done();
}

/** One task at a time works on a HAVIP. */
export function findIdle(context: Context, havipId: string): HavipRow | Refusal {
  const havip = find(context, "havips", havipId, "HaVipId");
  if (isRefusal(havip) || havip.busy === null) return havip;
  return refuse("UnsupportedOperation.MutexOperationTaskRunning", { value: havip.id });
}

export function deleteHavip(context: Context, command: DeleteHavip): Outcome {
  const { draft } = context;
  const havip = findIdle(context, command.havipId);
  if (isRefusal(havip)) return havip;
  if (havip.eipId !== null) {
    const { id: value, eipId: limit } = havip;
    return refuse("UnsupportedOperation", { situation: "havip-has-eip", value, limit });
  }
  const taskId = startWork(context, "request", () => ({ kind: "deleteHavip", havipId: havip.id }), [
    havip.id,
  ]);
  draft.put("havips", { ...havip, busy: taskId, deleting: true, claim: null });
  return done([], taskId);
}

export function bindEip(context: Context, command: BindEip): Outcome {
  const { draft } = context;
  const havip = findIdle(context, command.havipId);
  if (isRefusal(havip)) return havip;
  const address = readIpv4(command.address);
  const parameter = "AddressIp";
  if (address === undefined) {
    const { address: value } = command;
    return refuse("InvalidParameterValue.Malformed", { parameter, value, limit: "203.0.113.1" });
  }
  if (havip.eipId !== null) {
    const limit = havip.eipId;
    return refuse("UnsupportedOperation.BindEIP", { parameter, value: havip.id, limit });
  }
  const eip = draft.list("eips").find((one) => one.address === address);
  if (eip === undefined) {
    return refuse("ResourceNotFound", { parameter, value: command.address });
  }
  if (eip.busy !== null) {
    return refuse("UnsupportedOperation.MutexOperationTaskRunning", { value: eip.id });
  }
  if (eip.status !== "UNBIND") {
    const limit = eip.target?.instanceId ?? eip.status;
    const situation = "eip-bound-elsewhere";
    return refuse("UnsupportedOperation", { situation, parameter, value: eip.id, limit });
  }
  const taskId = startWork(
    context,
    "request",
    () => ({ kind: "bindEip", havipId: havip.id, eipId: eip.id }),
    [havip.id],
  );
  draft.put("havips", { ...havip, busy: taskId });
  draft.put("eips", { ...eip, status: "BINDING", busy: taskId });
  return done([], taskId);
}

export function unbindEip(context: Context, command: UnbindEip): Outcome {
  const havip = findIdle(context, command.havipId);
  return isRefusal(havip) ? havip : releaseEipOf(context, havip, "request");
}

/** DisassociateAddress uses this too, with a numbered task. */
export function releaseEipOf(
  context: Context,
  havip: HavipRow,
  kind: "request" | "numbered",
): Outcome {
  const { draft } = context;
  const eip = havip.eipId === null ? undefined : draft.get("eips", havip.eipId);
  if (eip === undefined) return refuse("UnsupportedOperation.UnbindEIP", { value: havip.id });
  if (eip.busy !== null) {
    return refuse("UnsupportedOperation.MutexOperationTaskRunning", { value: eip.id });
  }
  const taskId = startWork(
    context,
    kind,
    () => ({ kind: "unbindEip", havipId: havip.id, eipId: eip.id }),
    [havip.id],
  );
  draft.put("havips", { ...havip, busy: taskId });
  draft.put("eips", { ...eip, status: "UNBINDING", busy: taskId });
  return done([], taskId);
}
