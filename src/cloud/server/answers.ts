/** Rows as the API shows them: every field of the SDK's models, unset ones as "", never missing. */

import { printIpv4, printMac } from "#units/address";
import type * as answer from "../api/answer-shapes.ts";
import { availableCount, printNetwork, sizeOf } from "../model/cidr.ts";
import type { Draft } from "../model/cloud-state.ts";
import type {
  EipRow,
  HavipRow,
  InterfaceAddress,
  InterfaceRow,
  RouteTableRow,
  SubnetRow,
  TagRow,
  VpcRow,
} from "../model/rows.ts";
import { NEVER, printIsoTime, printTime } from "./clock.ts";

const showTags = (tags: readonly TagRow[]): readonly answer.Tag[] =>
  tags.map(({ key, value }) => ({ Key: key, Value: value }));

export function showHavip(draft: Draft, row: HavipRow): answer.HaVip {
  const eip = row.eipId === null ? undefined : draft.get("eips", row.eipId);
  return {
    HaVipId: row.id,
    HaVipName: row.name,
    Vip: printIpv4(row.vip),
    VpcId: row.vpcId,
    SubnetId: row.subnetId,
    NetworkInterfaceId: row.holder?.networkInterfaceId ?? "",
    InstanceId: row.holder?.instanceId ?? "",
    AddressIp: eip === undefined ? "" : printIpv4(eip.address),
    State: row.holder === null ? "UNBIND" : "AVAILABLE",
    CreatedTime: printTime(row.createdAt),
    Business: "",
    HaVipAssociationSet: row.associations.map(({ instanceId, instanceType }) => ({
      InstanceId: instanceId,
      HaVipId: row.id,
      InstanceType: instanceType,
    })),
    CheckAssociate: row.checkAssociate,
    CdcId: "",
    FlushedTime: row.flushedAt === null ? NEVER : printTime(row.flushedAt),
    TagSet: showTags(row.tags),
  };
}

export const showVpc = (row: VpcRow): answer.Vpc => ({
  VpcName: row.name,
  VpcId: row.id,
  CidrBlock: printNetwork(row),
  IsDefault: false,
  EnableMulticast: row.multicast,
  CreatedTime: printTime(row.createdAt),
  DnsServerSet: row.dnsServers,
  DomainName: row.domainName,
  DhcpOptionsId: "",
  EnableDhcp: true,
  Ipv6CidrBlock: "",
  TagSet: showTags(row.tags),
  AssistantCidrSet: [],
  EnableRouteVpcPublish: row.publishRoutes,
  Ipv6CidrBlockSet: [],
  EnableRouteVpcPublishIpv6: row.publishRoutesIpv6,
});

/** The network, gateway and broadcast addresses are not available. */
const RESERVED_COUNT = 3;

export const showSubnet = (draft: Draft, row: SubnetRow): answer.Subnet => ({
  VpcId: row.vpcId,
  SubnetId: row.id,
  SubnetName: row.name,
  CidrBlock: printNetwork(row),
  IsDefault: false,
  EnableBroadcast: row.broadcast,
  Zone: row.zone,
  RouteTableId: row.routeTableId,
  CreatedTime: printTime(row.createdAt),
  AvailableIpAddressCount: availableCount(draft, row),
  Ipv6CidrBlock: "",
  NetworkAclId: "",
  IsRemoteVpcSnat: false,
  TotalIpAddressCount: sizeOf(row) - RESERVED_COUNT,
  TagSet: showTags(row.tags),
  CdcId: row.cdcId,
  IsCdcSubnet: row.cdcId === "" ? 0 : 1,
});

export const showRouteTable = (draft: Draft, row: RouteTableRow): answer.RouteTable => ({
  VpcId: row.vpcId,
  RouteTableId: row.id,
  RouteTableName: row.name,
  AssociationSet: draft
    .list("subnets")
    .filter(({ routeTableId }) => routeTableId === row.id)
    .map(({ id }) => ({ SubnetId: id, RouteTableId: row.id })),
  RouteSet: [],
  Main: row.main,
  CreatedTime: printTime(row.createdAt),
  TagSet: showTags(row.tags),
  LocalCidrForCcn: [],
});

export function showAddress(row: EipRow): answer.Address {
  const { target } = row;
  const privateAddress = target?.privateAddress ?? null;
  return {
    AddressId: row.id,
    AddressName: row.name,
    AddressStatus: row.status,
    AddressIp: printIpv4(row.address),
    InstanceId: target?.instanceId ?? null,
    CreatedTime: printIsoTime(row.createdAt),
    NetworkInterfaceId: target?.networkInterfaceId ?? null,
    PrivateAddressIp: privateAddress === null ? null : printIpv4(privateAddress),
    IsArrears: false,
    IsBlocked: false,
    IsEipDirectConnection: false,
    AddressType: row.addressType,
    CascadeRelease: false,
    EipAlgType: { Ftp: true, Sip: true },
    InternetServiceProvider: row.isp,
    LocalBgp: false,
    Bandwidth: row.bandwidth,
    InternetChargeType: row.chargeType,
    TagSet: showTags(row.tags),
    DeadlineDate: null,
    InstanceType: target?.instanceType ?? null,
    Egress: null,
    AntiDDoSPackageId: "",
    RenewFlag: "",
    BandwidthPackageId: null,
    UnVpcId: "",
    DedicatedClusterId: "",
  };
}

export function showPrivateAddress(
  draft: Draft,
  nic: InterfaceRow,
  row: InterfaceAddress,
): answer.PrivateIpAddressSpecification {
  const eip = draft
    .list("eips")
    .find(
      ({ target }) =>
        target?.networkInterfaceId === nic.id && target.privateAddress === row.address,
    );
  return {
    PrivateIpAddress: printIpv4(row.address),
    Primary: row.primary,
    PublicIpAddress: eip === undefined ? "" : printIpv4(eip.address),
    AddressId: eip?.id ?? "",
    Description: row.description,
    IsWanIpBlocked: false,
    State: row.state,
    QosLevel: nic.qosLevel,
  };
}

export function showInterface(draft: Draft, row: InterfaceRow): answer.NetworkInterface {
  const { attachment } = row;
  const isInUse = attachment !== null && row.state === "AVAILABLE";
  return {
    NetworkInterfaceId: row.id,
    NetworkInterfaceName: row.name,
    NetworkInterfaceDescription: row.description,
    SubnetId: row.subnetId,
    VpcId: row.vpcId,
    GroupSet: row.groups,
    Primary: row.primary,
    MacAddress: printMac(row.mac),
    State: row.state,
    NetworkInterfaceState: isInUse ? "INUSE" : row.state,
    PrivateIpAddressSet: row.addresses.map((address) => showPrivateAddress(draft, row, address)),
    Attachment:
      attachment === null
        ? null
        : {
            DeviceIndex: attachment.deviceIndex,
            InstanceAccountId: "",
            AttachTime: printTime(attachment.attachedAt),
            InstanceId: attachment.instanceId,
          },
    Zone: draft.get("subnets", row.subnetId)?.zone ?? "",
    CreatedTime: printTime(row.createdAt),
    Ipv6AddressSet: [],
    TagSet: showTags(row.tags),
    EniType: row.primary ? 1 : 0,
    Business: "",
    CdcId: "",
    AttachType: row.attachType,
    ResourceId: "",
    QosLevel: row.qosLevel,
  };
}
