/**
 * Elastic public addresses. Their tasks are numbered; the number is a string in these answers
 * and a number in the query for a task.
 */
import * as answer from "./answer-shapes.ts";
import {
  AddressChargePrepaid,
  flag,
  list,
  optional,
  PAGE,
  structure,
  Tag,
  text,
  whole,
} from "./request-shapes.ts";

export const ADDRESS_ACTIONS = {
  AllocateAddresses: {
    parameters: structure({
      AddressCount: optional(whole),
      InternetServiceProvider: optional(text),
      InternetChargeType: optional(text),
      IPChargeType: optional(text),
      InternetMaxBandwidthOut: optional(whole),
      AddressChargePrepaid: optional(AddressChargePrepaid),
      AddressType: optional(text),
      AnycastZone: optional(text),
      VipCluster: optional(list(text)),
      ApplicableForCLB: optional(flag),
      Tags: optional(list(Tag)),
      BandwidthPackageId: optional(text),
      AddressName: optional(text),
      DedicatedClusterId: optional(text),
      IsDedicatedAddressPool: optional(flag),
      Egress: optional(text),
      AntiDDoSPackageId: optional(text),
      ClientToken: optional(text),
    }),
    answer: answer.structure({ AddressSet: answer.list(answer.text), TaskId: answer.text }),
  },
  DescribeAddresses: {
    parameters: structure({
      AddressIds: optional(list(text)),
      ...PAGE,
    }),
    answer: answer.structure({ TotalCount: answer.whole, AddressSet: answer.list(answer.Address) }),
  },
  ModifyAddressAttribute: {
    parameters: structure({
      AddressId: text,
      AddressName: optional(text),
      EipDirectConnection: optional(text),
    }),
    answer: answer.structure({}),
  },
  ReleaseAddresses: {
    parameters: structure({ AddressIds: list(text) }),
    answer: answer.structure({ TaskId: answer.text }),
  },
  AssociateAddress: {
    parameters: structure({
      AddressId: text,
      InstanceId: optional(text),
      NetworkInterfaceId: optional(text),
      PrivateIpAddress: optional(text),
      EipDirectConnection: optional(flag),
      InstanceRegion: optional(text),
    }),
    answer: answer.structure({ TaskId: answer.text }),
  },
  DisassociateAddress: {
    parameters: structure({ AddressId: text, ReallocateNormalPublicIp: optional(flag) }),
    answer: answer.structure({ TaskId: answer.text }),
  },
  DescribeTaskResult: {
    parameters: structure({ TaskId: optional(whole), DealName: optional(text) }),
    answer: answer.structure({ TaskId: answer.whole, Result: answer.text }),
  },
  DescribeBandwidthPackages: {
    parameters: structure({
      BandwidthPackageIds: optional(list(text)),
      ...PAGE,
    }),
    answer: answer.structure({
      TotalCount: answer.whole,
      BandwidthPackageSet: answer.list(answer.BandwidthPackage),
    }),
  },
};
