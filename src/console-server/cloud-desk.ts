/**
 * HAVIPs and elastic addresses for the page: the calls that a person's change needs, in order,
 * until the platform has finished. Keys stay in the client's options.
 */
import type { ActionName, AnswerOf, ParametersOf } from "#cloud/api/actions";
import type { HaVip } from "#cloud/api/answer-shapes";
import type { CallFailure } from "#cloud/client/call-failure";
import type { CallAnswer, CloudClient } from "#cloud/client/client";
import { type Waited, waitForRequest, waitForTask } from "#cloud/client/wait";
import type {
  Application,
  CloudChoices,
  CloudHavip,
  ElasticAddress,
  HavipChange,
} from "#console/base/cloud-shape";

/** The platform's pages, and how many rows a person can still look through. */
const PAGE = 100;
const ROWS_MAX = 1_000;
const TASK_MS = 25_000;
const HAVIP_LIMIT = "vpc-max-havips";

/** Thrown when the cloud refuses or cannot be reached; caught once, by the routes. */
export class DeskFailure extends Error {
  readonly failure: CallFailure | Waited;

  constructor(failure: CallFailure | Waited) {
    super(failure.kind);
    this.name = "DeskFailure";
    this.failure = failure;
  }
}

async function ask<Name extends ActionName>(
  client: CloudClient,
  action: Name,
  parameters: ParametersOf<Name>,
): Promise<CallAnswer<Name>> {
  const result = await client.call(action, parameters);
  if (result.kind === "answer") return result;
  throw new DeskFailure(result);
}

/** All rows of a list. Two of the platform's actions count in texts. */
async function listAll<Row>(
  read: (offset: number) => Promise<{ readonly total: number; readonly rows: readonly Row[] }>,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (;;) {
    const { total, rows } = await read(found.length);
    found.push(...rows);
    if (rows.length === 0 || found.length >= Math.min(total, ROWS_MAX)) return found;
  }
}

export async function listHavips(client: CloudClient): Promise<readonly CloudHavip[]> {
  const rows = await listAll(async (Offset) => {
    const { answer } = await ask(client, "DescribeHaVips", { Offset, Limit: PAGE });
    return { total: answer.TotalCount, rows: answer.HaVipSet };
  });
  return rows.map(rowOf);
}

const rowOf = (row: HaVip): CloudHavip => ({
  id: row.HaVipId,
  name: row.HaVipName,
  address: row.Vip,
  // The platform's older pages have another name for the same state.
  state: row.State === "UNBOUND" ? "UNBIND" : row.State,
  vpcId: row.VpcId,
  subnetId: row.SubnetId,
  instanceId: row.InstanceId,
  interfaceId: row.NetworkInterfaceId,
  publicAddress: row.AddressIp,
  checksRange: row.CheckAssociate,
  range: row.HaVipAssociationSet.map(({ InstanceId }) => InstanceId),
  createdAt: row.CreatedTime,
  ...(!row.FlushedTime.startsWith("0000") &&
    row.FlushedTime !== "" && { movedAt: row.FlushedTime }),
});

export async function listChoices(client: CloudClient): Promise<CloudChoices> {
  const [vpcs, subnets, addresses, interfaces, havipsPerVpc] = await Promise.all([
    listAll(async (offset) => {
      const page = { Offset: `${offset}`, Limit: `${PAGE}` };
      const { answer } = await ask(client, "DescribeVpcs", page);
      return { total: answer.TotalCount, rows: answer.VpcSet };
    }),
    listAll(async (offset) => {
      const page = { Offset: `${offset}`, Limit: `${PAGE}` };
      const { answer } = await ask(client, "DescribeSubnets", page);
      return { total: answer.TotalCount, rows: answer.SubnetSet };
    }),
    listAddresses(client),
    listAll(async (Offset) => {
      const { answer } = await ask(client, "DescribeNetworkInterfaces", { Offset, Limit: PAGE });
      return { total: answer.TotalCount, rows: answer.NetworkInterfaceSet };
    }),
    readLimit(client),
  ]);
  return {
    vpcs: vpcs.map((row) => ({ id: row.VpcId, name: row.VpcName, cidr: row.CidrBlock })),
    subnets: subnets.map((row) => ({
      id: row.SubnetId,
      vpcId: row.VpcId,
      name: row.SubnetName,
      cidr: row.CidrBlock,
      zone: row.Zone,
      free: row.AvailableIpAddressCount,
    })),
    addresses,
    interfaces: interfaces.map((row) => ({
      id: row.NetworkInterfaceId,
      name: row.NetworkInterfaceName,
      address:
        (row.PrivateIpAddressSet.find(({ Primary }) => Primary) ?? row.PrivateIpAddressSet[0])
          ?.PrivateIpAddress ?? "",
      subnetId: row.SubnetId,
      isPrimary: row.Primary,
      instanceId: row.Attachment?.InstanceId ?? "",
    })),
    ...(havipsPerVpc !== undefined && { havipsPerVpc }),
  };
}

/** The quota is a help, and may need a right of its own: without it nothing is said. */
async function readLimit(client: CloudClient): Promise<number | undefined> {
  const result = await client.call("DescribeVpcLimits", { LimitTypes: [HAVIP_LIMIT] });
  if (result.kind !== "answer") return undefined;
  return result.answer.VpcLimitSet.find(({ LimitType }) => LimitType === HAVIP_LIMIT)?.LimitValue;
}

async function listAddresses(client: CloudClient): Promise<readonly ElasticAddress[]> {
  const rows = await listAll(async (Offset) => {
    const { answer } = await ask(client, "DescribeAddresses", { Offset, Limit: PAGE });
    return { total: answer.TotalCount, rows: answer.AddressSet };
  });
  return rows.map(addressOf);
}

const addressOf = (row: AnswerOf<"DescribeAddresses">["AddressSet"][number]): ElasticAddress => ({
  id: row.AddressId,
  name: row.AddressName,
  address: row.AddressIp,
  status: row.AddressStatus,
});

const memberOf = (id: string): { readonly InstanceId: string; readonly InstanceType: string } => ({
  InstanceId: id,
  InstanceType: id.startsWith("eni-") ? "ENI" : "CVM",
});

export async function applyForHavip(
  client: CloudClient,
  { vpcId, subnetId, name, address, checksRange, range }: Application,
): Promise<CloudHavip> {
  const { answer } = await ask(client, "CreateHaVip", {
    VpcId: vpcId,
    SubnetId: subnetId,
    HaVipName: name,
    CheckAssociate: checksRange,
    ...(address !== undefined && { Vip: address }),
    ...(range.length > 0 && { HaVipAssociationSet: range.map(memberOf) }),
  });
  return rowOf(answer.HaVip);
}

/** @returns the HAVIP as it is then; undefined if it is no more */
export async function changeHavip(
  client: CloudClient,
  id: string,
  change: HavipChange,
): Promise<CloudHavip | undefined> {
  switch (change.change) {
    case "rename":
      await ask(client, "ModifyHaVipAttribute", { HaVipId: id, HaVipName: change.name });
      break;
    case "release":
      await finish(client, await ask(client, "DeleteHaVip", { HaVipId: id }));
      return undefined;
    case "bind": {
      const parameters = { HaVipId: id, AddressIp: change.address };
      await finish(client, await ask(client, "HaVipAssociateAddressIp", parameters));
      break;
    }
    case "unbind":
      await finish(client, await ask(client, "HaVipDisassociateAddressIp", { HaVipId: id }));
      break;
    case "add-to-range":
    case "take-from-range": {
      const members = change.ids.map((one) => ({ HaVipId: id, ...memberOf(one) }));
      const isAdded = change.change === "add-to-range";
      const action = isAdded ? "AssociateHaVipInstance" : "DisassociateHaVipInstance";
      await ask(client, action, { HaVipAssociationSet: members });
      break;
    }
  }
  const { answer } = await ask(client, "DescribeHaVips", { HaVipIds: [id] });
  const [row] = answer.HaVipSet;
  return row === undefined ? undefined : rowOf(row);
}

async function finish(
  client: CloudClient,
  { requestId }: { readonly requestId: string },
): Promise<void> {
  const waited = await waitForRequest(client, requestId, TASK_MS);
  if (waited.kind !== "done") throw new DeskFailure(waited);
}

/** Applies for an elastic address, for those who have none to bind. */
export async function allocateAddress(
  client: CloudClient,
  name: string,
): Promise<ElasticAddress | undefined> {
  const { answer } = await ask(client, "AllocateAddresses", { AddressCount: 1, AddressName: name });
  const waited = await waitForTask(client, answer.TaskId, TASK_MS);
  if (waited.kind !== "done") throw new DeskFailure(waited);
  const found = await ask(client, "DescribeAddresses", { AddressIds: [...answer.AddressSet] });
  const [row] = found.answer.AddressSet;
  return row === undefined ? undefined : addressOf(row);
}
