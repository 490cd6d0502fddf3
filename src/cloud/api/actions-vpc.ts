/**
 * VPCs, subnets and route tables. Here the older Describe actions carry `Offset` and `Limit` as
 * strings, and two switches are strings too ("true", "false"): JSON of another type is refused, as
 * the SDK's models say.
 */
import * as answer from "./answer-shapes.ts";
import { Filter, flag, list, optional, structure, Tag, text, whole } from "./request-shapes.ts";

export const VPC_ACTIONS = {
  CreateVpc: {
    parameters: structure({
      VpcName: text,
      CidrBlock: text,
      EnableMulticast: optional(text),
      DnsServers: optional(list(text)),
      DomainName: optional(text),
      Tags: optional(list(Tag)),
      EnableRouteVpcPublish: optional(flag),
      EnableRouteVpcPublishIpv6: optional(flag),
    }),
    answer: answer.structure({ Vpc: answer.Vpc }),
  },
  DescribeVpcs: {
    parameters: structure({
      VpcIds: optional(list(text)),
      Filters: optional(list(Filter)),
      Offset: optional(text),
      Limit: optional(text),
    }),
    answer: answer.structure({ TotalCount: answer.whole, VpcSet: answer.list(answer.Vpc) }),
  },
  ModifyVpcAttribute: {
    parameters: structure({
      VpcId: text,
      VpcName: optional(text),
      EnableMulticast: optional(text),
      DnsServers: optional(list(text)),
      DomainName: optional(text),
      EnableRouteVpcPublish: optional(flag),
      EnableCdcPublish: optional(flag),
      EnableRouteVpcPublishIpv6: optional(flag),
    }),
    answer: answer.structure({}),
  },
  DeleteVpc: { parameters: structure({ VpcId: text }), answer: answer.structure({}) },
  CreateSubnet: {
    parameters: structure({
      VpcId: text,
      SubnetName: text,
      CidrBlock: text,
      Zone: text,
      Tags: optional(list(Tag)),
      CdcId: optional(text),
    }),
    answer: answer.structure({ Subnet: answer.Subnet }),
  },
  ModifySubnetAttribute: {
    parameters: structure({
      SubnetId: text,
      SubnetName: optional(text),
      EnableBroadcast: optional(text),
    }),
    answer: answer.structure({}),
  },
  DescribeSubnets: {
    parameters: structure({
      SubnetIds: optional(list(text)),
      Filters: optional(list(Filter)),
      Offset: optional(text),
      Limit: optional(text),
      MaxResults: optional(whole),
      NextToken: optional(text),
    }),
    answer: answer.structure({
      TotalCount: answer.whole,
      SubnetSet: answer.list(answer.Subnet),
      NextToken: answer.text,
    }),
  },
  DeleteSubnet: { parameters: structure({ SubnetId: text }), answer: answer.structure({}) },
  DescribeRouteTables: {
    parameters: structure({
      Filters: optional(list(Filter)),
      RouteTableIds: optional(list(text)),
      Offset: optional(text),
      Limit: optional(text),
      NeedRouterInfo: optional(flag),
    }),
    answer: answer.structure({
      TotalCount: answer.whole,
      RouteTableSet: answer.list(answer.RouteTable),
    }),
  },
  DescribeVpcLimits: {
    parameters: structure({ LimitTypes: list(text) }),
    answer: answer.structure({ VpcLimitSet: answer.list(answer.VpcLimit) }),
  },
};
