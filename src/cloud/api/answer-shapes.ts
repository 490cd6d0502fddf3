/**
 * What an answer is made of. The server sends every field, because Terraform fails if one is
 * missing. A client reads a field that a real service leaves out or sends as null as "", 0,
 * false or an empty list, or as null where the field may be null. Unknown fields are dropped.
 */
import * as v from "valibot";
import { isObject } from "#json/shape";

export const text: v.NullishSchema<v.StringSchema<undefined>, ""> = v.nullish(v.string(), "");
export const whole: v.NullishSchema<v.NumberSchema<undefined>, 0> = v.nullish(v.number(), 0);
export const flag: v.NullishSchema<v.BooleanSchema<undefined>, false> = v.nullish(
  v.boolean(),
  false,
);

export type List<Element extends v.GenericSchema> = v.GenericSchema<
  unknown,
  readonly v.InferOutput<Element>[]
> & {
  readonly type: "nullish";
  readonly wrapped: { readonly type: "array"; readonly item: Element };
};

export const list = <Element extends v.GenericSchema>(element: Element): List<Element> =>
  v.nullish(v.array(element), []);

/** For a field that is null in the platform's own answers. */
export const orNull = <Kind extends v.GenericSchema>(kind: {
  readonly wrapped: Kind;
}): v.NullishSchema<Kind, null> => v.nullish(kind.wrapped, null);

export type Values<Entries extends v.ObjectEntries> = v.InferOutput<
  v.ObjectSchema<Entries, undefined>
>;

/** `entries`: its fields by name, for comparison with the SDK. */
export type Structure<Entries extends v.ObjectEntries> = v.GenericSchema<
  unknown,
  Values<Entries>
> & {
  readonly type: "nullish";
  readonly wrapped: v.GenericSchema<unknown, Values<Entries>> & { readonly entries: Entries };
};

export function structure<Entries extends v.ObjectEntries>(entries: Entries): Structure<Entries> {
  const object = v.pipe(v.custom<Readonly<Record<string, unknown>>>(isObject), v.object(entries));
  return v.nullish(Object.assign(object, { entries }), {});
}

// Structures inside answers: every field of the SDK's models.
export const Tag = structure({ Key: text, Value: text });
export type Tag = v.InferOutput<typeof Tag>;
export const HaVipAssociation = structure({ InstanceId: text, HaVipId: text, InstanceType: text });
export const HaVip = structure({
  HaVipId: text,
  HaVipName: text,
  Vip: text,
  VpcId: text,
  SubnetId: text,
  NetworkInterfaceId: text,
  InstanceId: text,
  AddressIp: text,
  State: text,
  CreatedTime: text,
  Business: text,
  HaVipAssociationSet: list(HaVipAssociation),
  CheckAssociate: flag,
  CdcId: text,
  FlushedTime: text,
  TagSet: list(Tag),
});
export type HaVip = v.InferOutput<typeof HaVip>;
export const AssistantCidr = structure({ VpcId: text, CidrBlock: text, AssistantType: whole });
export const Ipv6Cidr = structure({ IPv6CidrBlock: text, ISPType: text, AddressType: text });
export const Vpc = structure({
  VpcName: text,
  VpcId: text,
  CidrBlock: text,
  IsDefault: flag,
  EnableMulticast: flag,
  CreatedTime: text,
  DnsServerSet: list(text),
  DomainName: text,
  DhcpOptionsId: text,
  EnableDhcp: flag,
  Ipv6CidrBlock: text,
  TagSet: list(Tag),
  AssistantCidrSet: list(AssistantCidr),
  EnableRouteVpcPublish: flag,
  Ipv6CidrBlockSet: list(Ipv6Cidr),
  EnableRouteVpcPublishIpv6: flag,
});
export type Vpc = v.InferOutput<typeof Vpc>;
export const Subnet = structure({
  VpcId: text,
  SubnetId: text,
  SubnetName: text,
  CidrBlock: text,
  IsDefault: flag,
  EnableBroadcast: flag,
  Zone: text,
  RouteTableId: text,
  CreatedTime: text,
  AvailableIpAddressCount: whole,
  Ipv6CidrBlock: text,
  NetworkAclId: text,
  IsRemoteVpcSnat: flag,
  TotalIpAddressCount: whole,
  TagSet: list(Tag),
  CdcId: text,
  IsCdcSubnet: whole,
});
export type Subnet = v.InferOutput<typeof Subnet>;
export const RouteTableAssociation = structure({ SubnetId: text, RouteTableId: text });
export const Route = structure({
  DestinationCidrBlock: text,
  GatewayType: text,
  GatewayId: text,
  RouteId: whole,
  RouteDescription: text,
  Enabled: flag,
  RouteType: text,
  RouteTableId: text,
  DestinationIpv6CidrBlock: text,
  RouteItemId: text,
  PublishedToVbc: flag,
  CreatedTime: text,
  CdcId: text,
});
export const CcnCidr = structure({ Cidr: text, PublishedToVbc: flag });
export const RouteTable = structure({
  VpcId: text,
  RouteTableId: text,
  RouteTableName: text,
  AssociationSet: list(RouteTableAssociation),
  RouteSet: list(Route),
  Main: flag,
  CreatedTime: text,
  TagSet: list(Tag),
  LocalCidrForCcn: list(CcnCidr),
});
export type RouteTable = v.InferOutput<typeof RouteTable>;
export const VpcLimit = structure({ LimitType: text, LimitValue: whole });
export const TaskDetail = structure({ ResourceId: text, Status: text });
export const AlgType = structure({ Ftp: flag, Sip: flag });
export const Address = structure({
  AddressId: text,
  AddressName: text,
  AddressStatus: text,
  AddressIp: text,
  InstanceId: orNull(text),
  CreatedTime: text,
  NetworkInterfaceId: orNull(text),
  PrivateAddressIp: orNull(text),
  IsArrears: flag,
  IsBlocked: flag,
  IsEipDirectConnection: flag,
  AddressType: text,
  CascadeRelease: flag,
  EipAlgType: AlgType,
  InternetServiceProvider: text,
  LocalBgp: flag,
  Bandwidth: orNull(whole),
  InternetChargeType: orNull(text),
  TagSet: list(Tag),
  DeadlineDate: orNull(text),
  InstanceType: orNull(text),
  Egress: orNull(text),
  AntiDDoSPackageId: text,
  RenewFlag: text,
  BandwidthPackageId: orNull(text),
  UnVpcId: text,
  DedicatedClusterId: text,
});
export type Address = v.InferOutput<typeof Address>;
export const BandwidthPackage = structure({ BandwidthPackageId: text });
export const PrivateIpAddressSpecification = structure({
  PrivateIpAddress: text,
  Primary: flag,
  PublicIpAddress: text,
  AddressId: text,
  Description: text,
  IsWanIpBlocked: flag,
  State: text,
  QosLevel: text,
});
export type PrivateIpAddressSpecification = v.InferOutput<typeof PrivateIpAddressSpecification>;
export const Ipv6Address = structure({ Address: text });
export const NetworkInterfaceAttachment = structure({
  DeviceIndex: whole,
  InstanceAccountId: text,
  AttachTime: text,
  InstanceId: text,
});
export const NetworkInterface = structure({
  NetworkInterfaceId: text,
  NetworkInterfaceName: text,
  NetworkInterfaceDescription: text,
  SubnetId: text,
  VpcId: text,
  GroupSet: list(text),
  Primary: flag,
  MacAddress: text,
  State: text,
  NetworkInterfaceState: text,
  PrivateIpAddressSet: list(PrivateIpAddressSpecification),
  Attachment: orNull(NetworkInterfaceAttachment),
  Zone: text,
  CreatedTime: text,
  Ipv6AddressSet: list(Ipv6Address),
  TagSet: list(Tag),
  EniType: whole,
  Business: text,
  CdcId: text,
  AttachType: whole,
  ResourceId: text,
  QosLevel: text,
});
export type NetworkInterface = v.InferOutput<typeof NetworkInterface>;
export const TagResource = structure({
  TagKey: text,
  TagValue: text,
  ResourceId: text,
  TagKeyMd5: text,
  TagValueMd5: text,
  ServiceType: text,
  Category: text,
});
