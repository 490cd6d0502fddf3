/**
 * Secondary addresses of an interface: assigning, removing, and moving them to another
 * interface.
 */
import type { Ipv4 } from "#units/address";
import { readIpv4 } from "#units/address";
import type { Context, Outcome } from "./context.ts";
import { done, find, startWork } from "./context.ts";
import { findReady } from "./interface.ts";
import type { WantedAddress } from "./private-address.ts";
import { checkCount, readWanted, takeAddresses } from "./private-address.ts";
import type { Refusal } from "./refusal.ts";
import { isRefusal, refuse } from "./refusal.ts";
import type { InterfaceAddress, InterfaceRow } from "./rows.ts";

export interface AssignAddresses {
  readonly kind: "assignAddresses";
  readonly interfaceId: string;
  readonly addresses: readonly WantedAddress[];
  readonly count: number;
}

export interface UnassignAddresses {
  readonly kind: "unassignAddresses";
  readonly interfaceId: string;
  readonly addresses: readonly string[];
}

export interface MigrateAddress {
  readonly kind: "migrateAddress";
  readonly fromId: string;
  readonly toId: string;
  readonly address: string;
}

/** The ids of the outcome are the new addresses' numbers, as text. */
export function assignAddresses(context: Context, command: AssignAddresses): Outcome {
  const nic = findReady(context, command.interfaceId, "NetworkInterfaceId");
  if (isRefusal(nic)) return nic;
  const subnet = find(context, "subnets", nic.subnetId, "SubnetId");
  if (isRefusal(subnet)) return subnet;
  if (command.addresses.length === 0 && command.count === 0) {
    return refuse("MissingParameter", { parameter: "PrivateIpAddresses" });
  }
  const chosen = readWanted(context, subnet, command.addresses);
  if (isRefusal(chosen)) return chosen;
  const given = chosen
    .filter((one) => one !== undefined)
    .map((one) => ({ ...one, primary: false }));
  const missing = command.count + chosen.length - given.length;
  const total = nic.addresses.length + given.length + missing;
  const bad = checkCount(context, total, command.count);
  if (bad !== undefined) return bad;
  const more = takeAddresses(context, subnet, missing, given);
  if (isRefusal(more)) return more;
  const taskId = startWork(
    context,
    "request",
    () => ({ kind: "assignAddresses", interfaceId: nic.id }),
    [nic.id],
  );
  const added = [...given, ...more];
  context.draft.put("interfaces", {
    ...nic,
    addresses: [...nic.addresses, ...added],
    busy: taskId,
  });
  return done(
    added.map(({ address }) => `${address}`),
    taskId,
  );
}

export function unassignAddresses(context: Context, command: UnassignAddresses): Outcome {
  const nic = findReady(context, command.interfaceId, "NetworkInterfaceId");
  if (isRefusal(nic)) return nic;
  const gone = new Set<Ipv4>();
  for (const text of command.addresses) {
    const found = findOwnAddress(nic, text, "PrivateIpAddresses.PrivateIpAddress");
    if (isRefusal(found)) return found;
    if (found.primary) return refuse("UnauthorizedOperation.PrimaryIp", { value: text });
    gone.add(found.address);
  }
  const addresses = nic.addresses.filter(({ address }) => !gone.has(address));
  context.draft.put("interfaces", { ...nic, addresses });
  return done();
}

function findOwnAddress(
  nic: InterfaceRow,
  text: string,
  parameter: string,
): InterfaceAddress | Refusal {
  const address = readIpv4(text);
  if (address === undefined) {
    return refuse("InvalidParameterValue.Malformed", { parameter, value: text, limit: "10.0.0.2" });
  }
  return (
    nic.addresses.find((one) => one.address === address) ??
    refuse("ResourceNotFound", { parameter, value: `${text} (${nic.id})` })
  );
}

export function migrateAddress(context: Context, command: MigrateAddress): Outcome {
  const { draft } = context;
  const from = find(context, "interfaces", command.fromId, "SourceNetworkInterfaceId");
  if (isRefusal(from)) return from;
  const to = find(context, "interfaces", command.toId, "DestinationNetworkInterfaceId");
  if (isRefusal(to)) return to;
  const busy = [from, to].find((nic) => nic.busy !== null);
  if (busy !== undefined) {
    return refuse("UnsupportedOperation.MutexOperationTaskRunning", { value: busy.id });
  }
  const loose = [from, to].find((nic) => nic.attachment === null);
  if (loose !== undefined) {
    return refuse("UnauthorizedOperation.AttachmentNotFound", { value: loose.id });
  }
  const found = findOwnAddress(from, command.address, "PrivateIpAddress");
  if (isRefusal(found)) return found;
  if (found.primary) return refuse("UnauthorizedOperation.PrimaryIp", { value: command.address });
  if (from.subnetId !== to.subnetId || from.id === to.id) {
    const situation = "not-the-same-subnet";
    return refuse("UnsupportedOperation", { situation, value: to.id, limit: from.subnetId });
  }
  const taskId = startWork(
    context,
    "request",
    () => ({ kind: "migrateAddress", fromId: from.id, toId: to.id, address: found.address }),
    [from.id, to.id],
  );
  const addresses = from.addresses.map((one) =>
    one.address === found.address ? { ...one, state: "MIGRATING" as const } : one,
  );
  draft.put("interfaces", { ...from, addresses, busy: taskId });
  draft.put("interfaces", { ...to, busy: taskId });
  return done([], taskId);
}
