/**
 * A small language for the shapes of the API, in which action tables are plain literals and still give exact types.
 *
 * A field is one word: `text`, `whole` (integer), `flag` (boolean), the name of a structure, or a list of those with
 * `[]`. In requests a closing `!` means required; everything else may be left out. In answers every field is present
 * and a closing `?` means that it may be null.
 */

export type Scalar = "text" | "whole" | "flag";

/** Structures inside requests. Names and required marks are those of the official SDK, 4.1.313. */
export const REQUEST_STRUCTURES = {
  Filter: { Name: "text!", Values: "text[]!" },
  Tag: { Key: "text!", Value: "text" },
  HaVipAssociation: { InstanceId: "text!", HaVipId: "text", InstanceType: "text" },
  PrivateIpAddressSpecification: {
    PrivateIpAddress: "text",
    Primary: "flag",
    PublicIpAddress: "text",
    AddressId: "text",
    Description: "text",
    IsWanIpBlocked: "flag",
    State: "text",
    QosLevel: "text",
  },
  AddressChargePrepaid: { Period: "whole!", AutoRenewFlag: "whole" },
  ServiceTag: { TagKey: "text!", TagValue: "text!", Category: "text" },
  ServiceTagKey: { TagKey: "text!" },
} as const;

export type RequestStructure = keyof typeof REQUEST_STRUCTURES;
type RequestKind = Scalar | RequestStructure;
export type RequestField = `${RequestKind | `${RequestKind}[]`}${"!" | ""}`;
export type RequestFields = Readonly<Record<string, RequestField>>;

type Bare<F> = F extends `${infer Kind}!` ? Kind : F;
type RequestValue<Kind> = Kind extends `${infer Element}[]`
  ? readonly RequestValue<Element>[]
  : Kind extends "text"
    ? string
    : Kind extends "whole"
      ? number
      : Kind extends "flag"
        ? boolean
        : Kind extends RequestStructure
          ? Parameters<(typeof REQUEST_STRUCTURES)[Kind]>
          : never;

/** The values of a request that was read against `Fields`. */
export type Parameters<Fields> = {
  readonly [Name in keyof Fields as Fields[Name] extends `${string}!` ? Name : never]: RequestValue<
    Bare<Fields[Name]>
  >;
} & {
  readonly [Name in keyof Fields as Fields[Name] extends `${string}!`
    ? never
    : Name]?: RequestValue<Fields[Name]>;
};

/** Structures inside answers: every field of the SDK's models, because Terraform falls over those that are missing. */
export const ANSWER_STRUCTURES = {
  Tag: { Key: "text", Value: "text" },
  HaVipAssociation: { InstanceId: "text", HaVipId: "text", InstanceType: "text" },
  HaVip: {
    HaVipId: "text",
    HaVipName: "text",
    Vip: "text",
    VpcId: "text",
    SubnetId: "text",
    NetworkInterfaceId: "text",
    InstanceId: "text",
    AddressIp: "text",
    State: "text",
    CreatedTime: "text",
    Business: "text",
    HaVipAssociationSet: "HaVipAssociation[]",
    CheckAssociate: "flag",
    CdcId: "text",
    FlushedTime: "text",
    TagSet: "Tag[]",
  },
  AssistantCidr: { VpcId: "text", CidrBlock: "text", AssistantType: "whole" },
  Ipv6Cidr: { IPv6CidrBlock: "text", ISPType: "text", AddressType: "text" },
  Vpc: {
    VpcName: "text",
    VpcId: "text",
    CidrBlock: "text",
    IsDefault: "flag",
    EnableMulticast: "flag",
    CreatedTime: "text",
    DnsServerSet: "text[]",
    DomainName: "text",
    DhcpOptionsId: "text",
    EnableDhcp: "flag",
    Ipv6CidrBlock: "text",
    TagSet: "Tag[]",
    AssistantCidrSet: "AssistantCidr[]",
    EnableRouteVpcPublish: "flag",
    Ipv6CidrBlockSet: "Ipv6Cidr[]",
    EnableRouteVpcPublishIpv6: "flag",
  },
  Subnet: {
    VpcId: "text",
    SubnetId: "text",
    SubnetName: "text",
    CidrBlock: "text",
    IsDefault: "flag",
    EnableBroadcast: "flag",
    Zone: "text",
    RouteTableId: "text",
    CreatedTime: "text",
    AvailableIpAddressCount: "whole",
    Ipv6CidrBlock: "text",
    NetworkAclId: "text",
    IsRemoteVpcSnat: "flag",
    TotalIpAddressCount: "whole",
    TagSet: "Tag[]",
    CdcId: "text",
    IsCdcSubnet: "whole",
  },
  RouteTableAssociation: { SubnetId: "text", RouteTableId: "text" },
  Route: {
    DestinationCidrBlock: "text",
    GatewayType: "text",
    GatewayId: "text",
    RouteId: "whole",
    RouteDescription: "text",
    Enabled: "flag",
    RouteType: "text",
    RouteTableId: "text",
    DestinationIpv6CidrBlock: "text",
    RouteItemId: "text",
    PublishedToVbc: "flag",
    CreatedTime: "text",
    CdcId: "text",
  },
  CcnCidr: { Cidr: "text", PublishedToVbc: "flag" },
  RouteTable: {
    VpcId: "text",
    RouteTableId: "text",
    RouteTableName: "text",
    AssociationSet: "RouteTableAssociation[]",
    RouteSet: "Route[]",
    Main: "flag",
    CreatedTime: "text",
    TagSet: "Tag[]",
    LocalCidrForCcn: "CcnCidr[]",
  },
  VpcLimit: { LimitType: "text", LimitValue: "whole" },
  TaskDetail: { ResourceId: "text", Status: "text" },
  AlgType: { Ftp: "flag", Sip: "flag" },
  Address: {
    AddressId: "text",
    AddressName: "text",
    AddressStatus: "text",
    AddressIp: "text",
    InstanceId: "text?",
    CreatedTime: "text",
    NetworkInterfaceId: "text?",
    PrivateAddressIp: "text?",
    IsArrears: "flag",
    IsBlocked: "flag",
    IsEipDirectConnection: "flag",
    AddressType: "text",
    CascadeRelease: "flag",
    EipAlgType: "AlgType",
    InternetServiceProvider: "text",
    LocalBgp: "flag",
    Bandwidth: "whole?",
    InternetChargeType: "text?",
    TagSet: "Tag[]",
    DeadlineDate: "text?",
    InstanceType: "text?",
    Egress: "text?",
    AntiDDoSPackageId: "text",
    RenewFlag: "text",
    BandwidthPackageId: "text?",
    UnVpcId: "text",
    DedicatedClusterId: "text",
  },
  BandwidthPackage: { BandwidthPackageId: "text" },
  PrivateIpAddressSpecification: {
    PrivateIpAddress: "text",
    Primary: "flag",
    PublicIpAddress: "text",
    AddressId: "text",
    Description: "text",
    IsWanIpBlocked: "flag",
    State: "text",
    QosLevel: "text",
  },
  Ipv6Address: { Address: "text" },
  NetworkInterfaceAttachment: {
    DeviceIndex: "whole",
    InstanceAccountId: "text",
    AttachTime: "text",
    InstanceId: "text",
  },
  NetworkInterface: {
    NetworkInterfaceId: "text",
    NetworkInterfaceName: "text",
    NetworkInterfaceDescription: "text",
    SubnetId: "text",
    VpcId: "text",
    GroupSet: "text[]",
    Primary: "flag",
    MacAddress: "text",
    State: "text",
    NetworkInterfaceState: "text",
    PrivateIpAddressSet: "PrivateIpAddressSpecification[]",
    Attachment: "NetworkInterfaceAttachment?",
    Zone: "text",
    CreatedTime: "text",
    Ipv6AddressSet: "Ipv6Address[]",
    TagSet: "Tag[]",
    EniType: "whole",
    Business: "text",
    CdcId: "text",
    AttachType: "whole",
    ResourceId: "text",
    QosLevel: "text",
  },
  TagResource: {
    TagKey: "text",
    TagValue: "text",
    ResourceId: "text",
    TagKeyMd5: "text",
    TagValueMd5: "text",
    ServiceType: "text",
    Category: "text",
  },
} as const;

export type AnswerStructure = keyof typeof ANSWER_STRUCTURES;
type AnswerKind = Scalar | AnswerStructure;
export type AnswerField = `${AnswerKind}${"" | "[]" | "?"}`;
export type AnswerFields = Readonly<Record<string, AnswerField>>;

type AnswerValue<F> = F extends `${infer Kind}?`
  ? AnswerValue<Kind> | null
  : F extends `${infer Element}[]`
    ? readonly AnswerValue<Element>[]
    : F extends "text"
      ? string
      : F extends "whole"
        ? number
        : F extends "flag"
          ? boolean
          : F extends AnswerStructure
            ? Structure<F>
            : never;

/** What the server must give and a client may count upon. `RequestId` is added by the envelope. */
export type Answer<Fields> = { readonly [Name in keyof Fields]: AnswerValue<Fields[Name]> };
/** One structure of an answer, such as `Structure<"HaVip">`. */
export type Structure<Name extends AnswerStructure> = Answer<(typeof ANSWER_STRUCTURES)[Name]>;
