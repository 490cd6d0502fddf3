/** HAVIP actions: parameters to commands, rows to answers. */

import { printIpv4 } from "#units/address";
import type { HAVIP_ACTIONS } from "../api/actions-havip.ts";
import type { Association } from "../model/association.ts";
import { showHavip } from "./answers.ts";
import { fail, isFailure } from "./api-failure.ts";
import type { Call, Handlers } from "./call.ts";
import { carryOut, createdRow, readTags } from "./call.ts";
import type { ListingRules } from "./listing.ts";
import { flag, list, never, part, whole } from "./listing.ts";

const readAssociations = (
  entries: readonly {
    readonly InstanceId: string;
    readonly HaVipId?: string;
    readonly InstanceType?: string;
  }[],
): readonly Association[] =>
  entries.map(({ InstanceId, HaVipId, InstanceType }) => ({
    instanceId: InstanceId,
    havipId: HaVipId,
    instanceType: InstanceType,
  }));

const LISTING: ListingRules<"havips"> = {
  table: "havips",
  idsParameter: "HaVipIds",
  valuesMax: 5,
  badFilter: "InvalidParameter.FilterInvalidKey",
  tooManyFilters: "InvalidParameterValue.LimitExceeded",
  unknownId: "leave-out",
  idsAndFilters: "refuse",
  filters: {
    "havip-id": whole(({ id }) => id),
    "havip-name": part(({ name }) => name),
    "vpc-id": whole(({ vpcId }) => vpcId),
    "subnet-id": whole(({ subnetId }) => subnetId),
    vip: whole(({ vip }) => printIpv4(vip)),
    "havip-association.instance-id": {
      match: "whole",
      values: ({ associations }) => associations.map(({ instanceId }) => instanceId),
    },
    "havip-association.instance-type": {
      match: "whole",
      values: ({ associations }) => associations.map(({ instanceType }) => instanceType),
    },
    "check-associate": flag(({ checkAssociate }) => checkAssociate),
    "cdc-id": never(),
    type: whole(() => "NORMAL"),
    "termination-protection": flag(() => false),
    "traffic-protection": flag(() => false),
  },
};

/** The elastic address is in another table, so the rule needs the draft. */
const listingIn = ({ draft }: Call): ListingRules<"havips"> => ({
  ...LISTING,
  filters: {
    ...LISTING.filters,
    "address-ip": whole(({ eipId }) => {
      const eip = eipId === null ? undefined : draft.get("eips", eipId);
      return eip === undefined ? null : printIpv4(eip.address);
    }),
  },
});

export const HAVIP_HANDLERS: Handlers<keyof typeof HAVIP_ACTIONS> = {
  CreateHaVip: (call, p) => {
    const outcome = call.perform({
      kind: "createHavip",
      vpcId: p.VpcId,
      name: p.HaVipName,
      subnetId: p.SubnetId,
      vip: p.Vip,
      interfaceId: p.NetworkInterfaceId,
      checkAssociate: p.CheckAssociate ?? false,
      associations: readAssociations(p.HaVipAssociationSet ?? []),
      tags: readTags(p.Tags),
    });
    if (isFailure(outcome)) return outcome;
    const row = createdRow(call, "havips", outcome);
    return { HaVip: showHavip(call.draft, row) };
  },

  DescribeHaVips: (call, p) => {
    const found = list(call, listingIn(call), {
      ids: p.HaVipIds,
      filters: p.Filters,
      offset: p.Offset,
      limit: p.Limit,
    });
    if (isFailure(found)) return found;
    return {
      TotalCount: found.total,
      HaVipSet: found.rows.map((row) => showHavip(call.draft, row)),
    };
  },

  ModifyHaVipAttribute: (call, p) =>
    carryOut(call, { kind: "renameHavip", havipId: p.HaVipId, name: p.HaVipName }),

  DeleteHaVip: (call, p) => carryOut(call, { kind: "deleteHavip", havipId: p.HaVipId }),

  HaVipAssociateAddressIp: (call, p) =>
    carryOut(call, { kind: "bindEip", havipId: p.HaVipId, address: p.AddressIp }),

  HaVipDisassociateAddressIp: (call, p) =>
    carryOut(call, { kind: "unbindEip", havipId: p.HaVipId }),

  AssociateHaVipInstance: (call, p) =>
    carryOut(call, { kind: "associate", entries: readAssociations(p.HaVipAssociationSet) }),

  DisassociateHaVipInstance: (call, p) =>
    carryOut(call, { kind: "disassociate", entries: readAssociations(p.HaVipAssociationSet) }),

  DescribeVpcTaskResult: (call, p) => {
    const task = call.draft.get("tasks", p.TaskId);
    if (task?.kind !== "request") {
      return fail("ResourceNotFound", { parameter: "TaskId", value: p.TaskId });
    }
    const { status } = task;
    const details = task.resourceIds.map((id) => ({ ResourceId: id, Status: status }));
    return { Status: status, Output: "", Result: details };
  },
};
