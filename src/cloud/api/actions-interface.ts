/** Elastic network interfaces, as far as a HAVIP needs them. */
import * as answer from "./answer-shapes.ts";
import {
  flag,
  list,
  optional,
  PAGE,
  PrivateIpAddressSpecification,
  structure,
  Tag,
  text,
  whole,
} from "./request-shapes.ts";

export const INTERFACE_ACTIONS = {
  CreateNetworkInterface: {
    parameters: structure({
      VpcId: text,
      NetworkInterfaceName: text,
      SubnetId: text,
      NetworkInterfaceDescription: optional(text),
      SecondaryPrivateIpAddressCount: optional(whole),
      QosLevel: optional(text),
      SecurityGroupIds: optional(list(text)),
      PrivateIpAddresses: optional(list(PrivateIpAddressSpecification)),
      Tags: optional(list(Tag)),
      TrunkingFlag: optional(text),
      IsRdma: optional(flag),
      ClientToken: optional(text),
    }),
    answer: answer.structure({ NetworkInterface: answer.NetworkInterface }),
  },
  DescribeNetworkInterfaces: {
    parameters: structure({
      NetworkInterfaceIds: optional(list(text)),
      ...PAGE,
    }),
    answer: answer.structure({
      NetworkInterfaceSet: answer.list(answer.NetworkInterface),
      TotalCount: answer.whole,
    }),
  },
  ModifyNetworkInterfaceAttribute: {
    parameters: structure({
      NetworkInterfaceId: text,
      NetworkInterfaceName: optional(text),
      NetworkInterfaceDescription: optional(text),
      SecurityGroupIds: optional(list(text)),
      TrunkingFlag: optional(text),
    }),
    answer: answer.structure({}),
  },
  AttachNetworkInterface: {
    parameters: structure({
      NetworkInterfaceId: text,
      InstanceId: text,
      AttachType: optional(whole),
      ClientToken: optional(text),
    }),
    answer: answer.structure({}),
  },
  DetachNetworkInterface: {
    parameters: structure({
      NetworkInterfaceId: text,
      InstanceId: text,
      ClientToken: optional(text),
    }),
    answer: answer.structure({}),
  },
  DeleteNetworkInterface: {
    parameters: structure({ NetworkInterfaceId: text }),
    answer: answer.structure({}),
  },
  AssignPrivateIpAddresses: {
    parameters: structure({
      NetworkInterfaceId: text,
      PrivateIpAddresses: optional(list(PrivateIpAddressSpecification)),
      SecondaryPrivateIpAddressCount: optional(whole),
      QosLevel: optional(text),
      ClientToken: optional(text),
    }),
    answer: answer.structure({
      PrivateIpAddressSet: answer.list(answer.PrivateIpAddressSpecification),
    }),
  },
  UnassignPrivateIpAddresses: {
    parameters: structure({
      NetworkInterfaceId: text,
      PrivateIpAddresses: list(PrivateIpAddressSpecification),
      InstanceId: optional(text),
    }),
    answer: answer.structure({}),
  },
  MigratePrivateIpAddress: {
    parameters: structure({
      SourceNetworkInterfaceId: text,
      DestinationNetworkInterfaceId: text,
      PrivateIpAddress: text,
    }),
    answer: answer.structure({}),
  },
};
