/** Elastic address actions. Their tasks are numbered. */

import { printIpv4 } from "#units/address";
import type { ADDRESS_ACTIONS } from "../api/actions-address.ts";
import { showAddress } from "./answers.ts";
import { fail, isFailure } from "./api-failure.ts";
import type { Handlers } from "./call.ts";
import { carryOut, readTags } from "./call.ts";
import type { ListingRules } from "./listing.ts";
import { flag, list, never, whole } from "./listing.ts";

const LISTING: ListingRules<"eips"> = {
  table: "eips",
  idsParameter: "AddressIds",
  valuesMax: 100,
  badFilter: "InvalidParameter.InvalidFilter",
  tooManyFilters: "LimitExceeded.NumberOfFilters",
  unknownId: "leave-out",
  idsAndFilters: "combine",
  filters: {
    "address-id": whole(({ id }) => id),
    "address-name": whole(({ name }) => name),
    "address-ip": whole(({ address }) => printIpv4(address)),
    "address-status": whole(({ status }) => status),
    "instance-id": whole(({ target }) => target?.instanceId ?? null),
    "private-ip-address": whole(({ target }) =>
      target?.privateAddress == null ? null : printIpv4(target.privateAddress),
    ),
    "network-interface-id": whole(({ target }) => target?.networkInterfaceId ?? null),
    "is-arrears": flag(() => false),
    "instance-type": whole(({ target }) => target?.instanceType ?? null),
    "address-type": whole(({ addressType }) => addressType),
    "address-isp": whole(({ isp }) => isp),
    "dedicated-cluster-id": never(),
    // This filter is not documented; Terraform uses it to ask for CDC addresses.
    "business-type": whole(() => "NORMAL"),
  },
};

/** For these two the platform considers the first value only. */
const FIRST_VALUE_ONLY = new Set(["address-name", "private-ip-address"]);

export const ADDRESS_HANDLERS: Handlers<keyof typeof ADDRESS_ACTIONS> = {
  AllocateAddresses: (call, p) => {
    const outcome = call.perform({
      kind: "allocateEips",
      count: p.AddressCount ?? 1,
      name: p.AddressName ?? "",
      bandwidth: p.InternetMaxBandwidthOut ?? 1,
      addressType: p.AddressType ?? "EIP",
      isp: p.InternetServiceProvider ?? "BGP",
      chargeType: p.InternetChargeType ?? "TRAFFIC_POSTPAID_BY_HOUR",
      tags: readTags(p.Tags),
    });
    if (isFailure(outcome)) return outcome;
    return { AddressSet: outcome.ids, TaskId: outcome.taskId ?? "" };
  },

  DescribeAddresses: (call, p) => {
    const filters = p.Filters?.map((filter) =>
      FIRST_VALUE_ONLY.has(filter.Name) ? { ...filter, Values: filter.Values.slice(0, 1) } : filter,
    );
    const { AddressIds: ids, Offset: offset, Limit: limit } = p;
    const found = list(call, LISTING, { ids, filters, offset, limit });
    if (isFailure(found)) return found;
    return { TotalCount: found.total, AddressSet: found.rows.map(showAddress) };
  },

  ModifyAddressAttribute: (call, p) => {
    return carryOut(call, { kind: "renameEip", eipId: p.AddressId, name: p.AddressName });
  },

  ReleaseAddresses: (call, p) => {
    const outcome = call.perform({ kind: "releaseEips", eipIds: p.AddressIds });
    return isFailure(outcome) ? outcome : { TaskId: outcome.taskId ?? "" };
  },

  AssociateAddress: (call, p) => {
    const outcome = call.perform({
      kind: "associateEip",
      eipId: p.AddressId,
      instanceId: p.InstanceId,
      interfaceId: p.NetworkInterfaceId,
      privateAddress: p.PrivateIpAddress,
    });
    return isFailure(outcome) ? outcome : { TaskId: outcome.taskId ?? "" };
  },

  DisassociateAddress: (call, p) => {
    const outcome = call.perform({ kind: "disassociateEip", eipId: p.AddressId });
    return isFailure(outcome) ? outcome : { TaskId: outcome.taskId ?? "" };
  },

  DescribeTaskResult: (call, p) => {
    if (p.TaskId === undefined) {
      if (p.DealName === undefined) return fail("MissingParameter", { parameter: "TaskId" });
      const facts = { parameter: "DealName", value: p.DealName, limit: "TaskId" };
      return fail("InvalidParameterValue", facts);
    }
    const task = call.draft.get("tasks", `${p.TaskId}`);
    if (task?.kind !== "numbered") {
      return fail("ResourceNotFound", { parameter: "TaskId", value: `${p.TaskId}` });
    }
    return { TaskId: p.TaskId, Result: task.status };
  },

  DescribeBandwidthPackages: () => ({ TotalCount: 0, BandwidthPackageSet: [] }),
};
