/**
 * VPCs, subnets and route tables. Here the older Describe actions carry `Offset` and `Limit` as strings, and two
 * switches are strings too ("true", "false"): JSON of another type is refused, as the SDK's models say.
 */
export const VPC_ACTIONS = {
  CreateVpc: {
    parameters: {
      VpcName: "text!",
      CidrBlock: "text!",
      EnableMulticast: "text",
      DnsServers: "text[]",
      DomainName: "text",
      Tags: "Tag[]",
      EnableRouteVpcPublish: "flag",
      EnableRouteVpcPublishIpv6: "flag",
    },
    answer: { Vpc: "Vpc" },
  },
  DescribeVpcs: {
    parameters: { VpcIds: "text[]", Filters: "Filter[]", Offset: "text", Limit: "text" },
    answer: { TotalCount: "whole", VpcSet: "Vpc[]" },
  },
  ModifyVpcAttribute: {
    parameters: {
      VpcId: "text!",
      VpcName: "text",
      EnableMulticast: "text",
      DnsServers: "text[]",
      DomainName: "text",
      EnableRouteVpcPublish: "flag",
      EnableCdcPublish: "flag",
      EnableRouteVpcPublishIpv6: "flag",
    },
    answer: {},
  },
  DeleteVpc: { parameters: { VpcId: "text!" }, answer: {} },
  CreateSubnet: {
    parameters: {
      VpcId: "text!",
      SubnetName: "text!",
      CidrBlock: "text!",
      Zone: "text!",
      Tags: "Tag[]",
      CdcId: "text",
    },
    answer: { Subnet: "Subnet" },
  },
  ModifySubnetAttribute: {
    parameters: { SubnetId: "text!", SubnetName: "text", EnableBroadcast: "text" },
    answer: {},
  },
  DescribeSubnets: {
    parameters: {
      SubnetIds: "text[]",
      Filters: "Filter[]",
      Offset: "text",
      Limit: "text",
      MaxResults: "whole",
      NextToken: "text",
    },
    answer: { TotalCount: "whole", SubnetSet: "Subnet[]", NextToken: "text" },
  },
  DeleteSubnet: { parameters: { SubnetId: "text!" }, answer: {} },
  DescribeRouteTables: {
    parameters: {
      Filters: "Filter[]",
      RouteTableIds: "text[]",
      Offset: "text",
      Limit: "text",
      NeedRouterInfo: "flag",
    },
    answer: { TotalCount: "whole", RouteTableSet: "RouteTable[]" },
  },
  DescribeVpcLimits: {
    parameters: { LimitTypes: "text[]!" },
    answer: { VpcLimitSet: "VpcLimit[]" },
  },
} as const;
