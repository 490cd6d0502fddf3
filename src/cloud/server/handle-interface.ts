/** Network interface actions. Their tasks are polled by the RequestId of the call. */

import { printIpv4 } from "#units/address";
import { assert } from "#units/assert";
import type { INTERFACE_ACTIONS } from "../api/actions-interface.ts";
import type { WantedAddress } from "../model/private-address.ts";
import { showInterface, showPrivateAddress } from "./answers.ts";
import { fail, isFailure } from "./api-failure.ts";
import type { Handlers } from "./call.ts";
import { carryOut, createdRow, readTags } from "./call.ts";
import type { ListingRules } from "./listing.ts";
import { flag, list, never, whole } from "./listing.ts";

const LISTING: ListingRules<"interfaces"> = {
  table: "interfaces",
  idsParameter: "NetworkInterfaceIds",
  valuesMax: 100,
  badFilter: "InvalidParameter.FilterInvalidKey",
  tooManyFilters: "InvalidParameterValue.LimitExceeded",
  unknownId: "leave-out",
  idsAndFilters: "refuse",
  filters: {
    "vpc-id": whole(({ vpcId }) => vpcId),
    "subnet-id": whole(({ subnetId }) => subnetId),
    "network-interface-id": whole(({ id }) => id),
    "attachment.instance-id": whole(({ attachment }) => attachment?.instanceId ?? null),
    "groups.security-group-id": { match: "whole", values: ({ groups }) => groups },
    "network-interface-name": whole(({ name }) => name),
    "network-interface-description": whole(({ description }) => description),
    "address-ip": {
      match: "whole",
      values: ({ addresses }) => addresses.map(({ address }) => printIpv4(address)),
    },
    "ip-exact-match": flag(() => true),
    "is-primary": flag(({ primary }) => primary),
    "eni-type": { match: "whole", values: ({ primary }) => [primary ? "1" : "0"] },
    "eni-qos": whole(({ qosLevel }) => qosLevel),
    "address-ipv6": never(),
    "address-type": never(),
    "termination-protection": flag(() => false),
    "traffic-protection": flag(() => false),
  },
};

const readAddresses = (
  wanted:
    | readonly {
        readonly PrivateIpAddress?: string;
        readonly Primary?: boolean;
        readonly Description?: string;
      }[]
    | undefined,
): readonly WantedAddress[] =>
  (wanted ?? []).map(({ PrivateIpAddress, Primary, Description }) => ({
    address: PrivateIpAddress,
    primary: Primary ?? false,
    description: Description ?? "",
  }));

const CHOSEN_MAX = 10;

export const INTERFACE_HANDLERS: Handlers<keyof typeof INTERFACE_ACTIONS> = {
  CreateNetworkInterface: (call, p) => {
    const addresses = readAddresses(p.PrivateIpAddresses);
    if (addresses.length > CHOSEN_MAX) {
      const facts = {
        parameter: "PrivateIpAddresses",
        value: `${addresses.length}`,
        limit: `${CHOSEN_MAX}`,
      };
      return fail("InvalidParameterValue.LimitExceeded", facts);
    }
    const outcome = call.perform({
      kind: "createInterface",
      vpcId: p.VpcId,
      subnetId: p.SubnetId,
      name: p.NetworkInterfaceName,
      description: p.NetworkInterfaceDescription ?? "",
      groups: p.SecurityGroupIds ?? [],
      addresses,
      secondaryCount: p.SecondaryPrivateIpAddressCount ?? 0,
      qosLevel: p.QosLevel ?? "DEFAULT",
      tags: readTags(p.Tags),
    });
    if (isFailure(outcome)) return outcome;
    const row = createdRow(call, "interfaces", outcome);
    return { NetworkInterface: showInterface(call.draft, row) };
  },

  DescribeNetworkInterfaces: (call, p) => {
    const { NetworkInterfaceIds: ids, Filters: filters, Offset: offset, Limit: limit } = p;
    const { draft } = call;
    const publicAddress = whole(({ id }: { readonly id: string }) => {
      const eip = draft.list("eips").find(({ target }) => target?.networkInterfaceId === id);
      return eip === undefined ? null : printIpv4(eip.address);
    });
    const rules = {
      ...LISTING,
      filters: { ...LISTING.filters, "public-address-ip": publicAddress },
    };
    const found = list(call, rules, { ids, filters, offset, limit });
    if (isFailure(found)) return found;
    return {
      NetworkInterfaceSet: found.rows.map((row) => showInterface(draft, row)),
      TotalCount: found.total,
    };
  },

  ModifyNetworkInterfaceAttribute: (call, p) => {
    return carryOut(call, {
      kind: "modifyInterface",
      interfaceId: p.NetworkInterfaceId,
      name: p.NetworkInterfaceName,
      description: p.NetworkInterfaceDescription,
      groups: p.SecurityGroupIds,
    });
  },

  AttachNetworkInterface: (call, p) => {
    return carryOut(call, {
      kind: "attachInterface",
      interfaceId: p.NetworkInterfaceId,
      instanceId: p.InstanceId,
      attachType: p.AttachType ?? 0,
    });
  },

  DetachNetworkInterface: (call, p) => {
    const { NetworkInterfaceId: interfaceId, InstanceId: instanceId } = p;
    return carryOut(call, { kind: "detachInterface", interfaceId, instanceId });
  },

  DeleteNetworkInterface: (call, p) => {
    return carryOut(call, { kind: "deleteInterface", interfaceId: p.NetworkInterfaceId });
  },

  AssignPrivateIpAddresses: (call, p) => {
    const outcome = call.perform({
      kind: "assignAddresses",
      interfaceId: p.NetworkInterfaceId,
      addresses: readAddresses(p.PrivateIpAddresses),
      count: p.SecondaryPrivateIpAddressCount ?? 0,
    });
    if (isFailure(outcome)) return outcome;
    const nic = call.draft.get("interfaces", p.NetworkInterfaceId);
    assert(nic !== undefined, "an interface that was changed is in the draft");
    const added = new Set(outcome.ids);
    return {
      PrivateIpAddressSet: nic.addresses
        .filter(({ address }) => added.has(`${address}`))
        .map((address) => showPrivateAddress(call.draft, nic, address)),
    };
  },

  UnassignPrivateIpAddresses: (call, p) => {
    return carryOut(call, {
      kind: "unassignAddresses",
      interfaceId: p.NetworkInterfaceId,
      addresses: p.PrivateIpAddresses.map(({ PrivateIpAddress }) => PrivateIpAddress ?? ""),
    });
  },

  MigratePrivateIpAddress: (call, p) => {
    return carryOut(call, {
      kind: "migrateAddress",
      fromId: p.SourceNetworkInterfaceId,
      toId: p.DestinationNetworkInterfaceId,
      address: p.PrivateIpAddress,
    });
  },
};
