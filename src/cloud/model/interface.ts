/**
 * Elastic network interfaces: creating, attaching to an instance, detaching, deleting. For
 * their addresses see interface-addresses.ts.
 */

import type { Context, Outcome } from "./context.ts";
import { checkInstanceId, done, find, newId, startWork } from "./context.ts";
import { guestMac, idTail } from "./ids.ts";
import { checkNameBytes, checkNameCharacters, checkTags } from "./names.ts";
import type { WantedAddress } from "./private-address.ts";
import { planNewAddresses } from "./private-address.ts";
import type { Refusal } from "./refusal.ts";
import { isRefusal, refuse } from "./refusal.ts";
import type { InterfaceRow, SubnetRow, TagRow } from "./rows.ts";

export interface CreateInterface {
  readonly kind: "createInterface";
  readonly vpcId: string;
  readonly subnetId: string;
  readonly name: string;
  readonly description: string;
  readonly groups: readonly string[];
  readonly addresses: readonly WantedAddress[];
  /** Further addresses, chosen by the cloud. */
  readonly secondaryCount: number;
  readonly qosLevel: string;
  readonly tags: readonly TagRow[];
}

export interface ModifyInterface {
  readonly kind: "modifyInterface";
  readonly interfaceId: string;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly groups: readonly string[] | undefined;
}

export interface AttachInterface {
  readonly kind: "attachInterface";
  readonly interfaceId: string;
  readonly instanceId: string;
  readonly attachType: number;
}

export interface DetachInterface {
  readonly kind: "detachInterface";
  readonly interfaceId: string;
  readonly instanceId: string;
}

export interface DeleteInterface {
  readonly kind: "deleteInterface";
  readonly interfaceId: string;
}

/**
 * An instance with its primary interface, ready at once. The laboratory needs this, and the API
 * leaves it to CVM.
 */
export interface LaunchInstance {
  readonly kind: "launchInstance";
  readonly subnetId: string;
  /** Undefined for a new id. */
  readonly instanceId: string | undefined;
  readonly address: string | undefined;
  readonly name: string;
}

export function createInterface(context: Context, command: CreateInterface): Outcome {
  const { draft } = context;
  const bad =
    checkNameBytes(command.name, "NetworkInterfaceName") ??
    (command.description === ""
      ? undefined
      : checkNameCharacters(command.description, "NetworkInterfaceDescription")) ??
    checkTags(command.tags, "Tags");
  if (bad !== undefined) return bad;
  const vpc = find(context, "vpcs", command.vpcId, "VpcId");
  if (isRefusal(vpc)) return vpc;
  const subnet = find(context, "subnets", command.subnetId, "SubnetId");
  if (isRefusal(subnet)) return subnet;
  if (subnet.vpcId !== vpc.id) {
    return refuse("ResourceNotFound", { parameter: "SubnetId", value: `${subnet.id} (${vpc.id})` });
  }
  const addresses = planNewAddresses(context, subnet, command);
  if (isRefusal(addresses)) return addresses;
  const quota = context.profile.quotas.interfacesPerVpc;
  if (draft.list("interfaces").filter(({ vpcId }) => vpcId === vpc.id).length >= quota) {
    return refuse("LimitExceeded.NetworkInterfaceLimitExceeded", { limit: `${quota}` });
  }
  const id = newId(context, "interfaces");
  const taskId = startWork(
    context,
    "request",
    () => ({ kind: "createInterface", interfaceId: id }),
    [id],
  );
  const { name, description, groups, qosLevel, tags } = command;
  put(context, subnet, {
    id,
    name,
    description,
    groups,
    qosLevel,
    tags,
    addresses,
    state: "PENDING",
    busy: taskId,
    primary: false,
    attachment: null,
    attachType: 0,
  });
  return done([id], taskId);
}

function put(
  { draft, rng, now }: Context,
  subnet: SubnetRow,
  row: Omit<InterfaceRow, "vpcId" | "subnetId" | "mac" | "createdAt">,
): void {
  const used = new Set(draft.list("interfaces").map(({ mac }) => mac));
  let mac = guestMac(rng);
  while (used.has(mac)) mac = guestMac(rng);
  draft.put("interfaces", {
    ...row,
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    mac,
    createdAt: now,
  });
}

export function modifyInterface(context: Context, command: ModifyInterface): Outcome {
  const nic = find(context, "interfaces", command.interfaceId, "NetworkInterfaceId");
  if (isRefusal(nic)) return nic;
  const { name, description, groups } = command;
  const bad =
    (name === undefined ? undefined : checkNameBytes(name, "NetworkInterfaceName")) ??
    (description === undefined || description === ""
      ? undefined
      : checkNameCharacters(description, "NetworkInterfaceDescription"));
  if (bad !== undefined) return bad;
  context.draft.put("interfaces", {
    ...nic,
    name: name ?? nic.name,
    description: description ?? nic.description,
    groups: groups ?? nic.groups,
  });
  return done();
}

/** Whether it is in state AVAILABLE and no task works on it. */
export function findReady(context: Context, id: string, parameter: string): InterfaceRow | Refusal {
  const nic = find(context, "interfaces", id, parameter);
  if (isRefusal(nic)) return nic;
  if (nic.busy === null && nic.state === "AVAILABLE") return nic;
  return refuse("UnsupportedOperation.InvalidState", { value: nic.id, limit: nic.state });
}

export function attachInterface(context: Context, command: AttachInterface): Outcome {
  const { draft } = context;
  const bad = checkInstanceId(command.instanceId, "InstanceId");
  if (bad !== undefined) return bad;
  if (command.attachType !== 0 && command.attachType !== 1) {
    const value = `${command.attachType}`;
    return refuse("InvalidParameterValue", { parameter: "AttachType", value, limit: "0, 1" });
  }
  const nic = findReady(context, command.interfaceId, "NetworkInterfaceId");
  if (isRefusal(nic)) return nic;
  if (nic.attachment !== null) {
    const limit = nic.attachment.instanceId;
    return refuse("UnsupportedOperation.AttachmentAlreadyExists", { value: nic.id, limit });
  }
  const { instanceId, attachType } = command;
  const taskId = startWork(
    context,
    "request",
    () => ({ kind: "attachInterface", interfaceId: nic.id, instanceId }),
    [nic.id],
  );
  draft.put("interfaces", { ...nic, state: "ATTACHING", attachType, busy: taskId });
  return done([], taskId);
}

export function detachInterface(context: Context, command: DetachInterface): Outcome {
  const { draft } = context;
  const bad = checkInstanceId(command.instanceId, "InstanceId");
  if (bad !== undefined) return bad;
  const nic = findReady(context, command.interfaceId, "NetworkInterfaceId");
  if (isRefusal(nic)) return nic;
  if (nic.primary || nic.attachment?.instanceId !== command.instanceId) {
    const limit = nic.attachment?.instanceId ?? "not attached";
    return refuse("UnsupportedOperation.InvalidState", { value: nic.id, limit });
  }
  const listed = listedIn(context, nic.id);
  if (listed !== undefined) {
    const limit = listed;
    return refuse("UnsupportedOperation.InstanceAssociateHavip", { value: nic.id, limit });
  }
  const taskId = startWork(
    context,
    "request",
    () => ({ kind: "detachInterface", interfaceId: nic.id }),
    [nic.id],
  );
  draft.put("interfaces", { ...nic, state: "DETACHING", busy: taskId });
  return done([], taskId);
}

/**
 * A HAVIP that has this interface in its drift range; whether it checks the range does not matter.
 */
const listedIn = ({ draft }: Context, interfaceId: string): string | undefined =>
  draft
    .list("havips")
    .find(({ associations }) => associations.some((one) => one.instanceId === interfaceId))?.id;

export function deleteInterface(context: Context, command: DeleteInterface): Outcome {
  const nic = findReady(context, command.interfaceId, "NetworkInterfaceId");
  if (isRefusal(nic)) return nic;
  const user =
    nic.attachment?.instanceId ??
    listedIn(context, nic.id) ??
    context.draft.list("eips").find(({ target }) => target?.networkInterfaceId === nic.id)?.id;
  if (user !== undefined) {
    return refuse("ResourceInUse", { parameter: "NetworkInterfaceId", value: nic.id, limit: user });
  }
  const taskId = startWork(
    context,
    "request",
    () => ({ kind: "deleteInterface", interfaceId: nic.id }),
    [nic.id],
  );
  context.draft.put("interfaces", { ...nic, state: "DELETING", busy: taskId });
  return done([], taskId);
}

export function launchInstance(context: Context, command: LaunchInstance): Outcome {
  const { draft, now, rng } = context;
  const subnet = find(context, "subnets", command.subnetId, "SubnetId");
  if (isRefusal(subnet)) return subnet;
  const instanceId = command.instanceId ?? `ins-${idTail(rng)}`;
  const bad = checkInstanceId(instanceId, "InstanceId") ?? checkNameBytes(command.name, "Name");
  if (bad !== undefined) return bad;
  const attached = draft
    .list("interfaces")
    .filter((one) => one.attachment?.instanceId === instanceId);
  if (attached.some(({ primary }) => primary)) {
    return refuse("InvalidParameterValue.Duplicate", {
      parameter: "InstanceId",
      value: instanceId,
    });
  }
  const addresses = planNewAddresses(context, subnet, {
    addresses: [{ address: command.address, primary: true, description: "" }],
    secondaryCount: 0,
  });
  if (isRefusal(addresses)) return addresses;
  const [first] = addresses;
  const id = newId(context, "interfaces");
  put(context, subnet, {
    id,
    name: command.name,
    description: "",
    groups: [],
    qosLevel: "DEFAULT",
    tags: [],
    addresses: first === undefined ? [] : [{ ...first, primary: true, state: "AVAILABLE" }],
    state: "AVAILABLE",
    busy: null,
    primary: true,
    attachment: { instanceId, deviceIndex: 0, attachedAt: now },
    attachType: 0,
  });
  return done([id, instanceId]);
}
