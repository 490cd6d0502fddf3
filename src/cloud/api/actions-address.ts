/** Elastic public addresses. Their tasks are numbered; the number travels as a string here and as a number when asked for. */
export const ADDRESS_ACTIONS = {
  AllocateAddresses: {
    parameters: {
      AddressCount: "whole",
      InternetServiceProvider: "text",
      InternetChargeType: "text",
      IPChargeType: "text",
      InternetMaxBandwidthOut: "whole",
      AddressChargePrepaid: "AddressChargePrepaid",
      AddressType: "text",
      AnycastZone: "text",
      VipCluster: "text[]",
      ApplicableForCLB: "flag",
      Tags: "Tag[]",
      BandwidthPackageId: "text",
      AddressName: "text",
      DedicatedClusterId: "text",
      IsDedicatedAddressPool: "flag",
      Egress: "text",
      AntiDDoSPackageId: "text",
      ClientToken: "text",
    },
    answer: { AddressSet: "text[]", TaskId: "text" },
  },
  DescribeAddresses: {
    parameters: { AddressIds: "text[]", Filters: "Filter[]", Offset: "whole", Limit: "whole" },
    answer: { TotalCount: "whole", AddressSet: "Address[]" },
  },
  ModifyAddressAttribute: {
    parameters: { AddressId: "text!", AddressName: "text", EipDirectConnection: "text" },
    answer: {},
  },
  ReleaseAddresses: { parameters: { AddressIds: "text[]!" }, answer: { TaskId: "text" } },
  AssociateAddress: {
    parameters: {
      AddressId: "text!",
      InstanceId: "text",
      NetworkInterfaceId: "text",
      PrivateIpAddress: "text",
      EipDirectConnection: "flag",
      InstanceRegion: "text",
    },
    answer: { TaskId: "text" },
  },
  DisassociateAddress: {
    parameters: { AddressId: "text!", ReallocateNormalPublicIp: "flag" },
    answer: { TaskId: "text" },
  },
  DescribeTaskResult: {
    parameters: { TaskId: "whole", DealName: "text" },
    answer: { TaskId: "whole", Result: "text" },
  },
  DescribeBandwidthPackages: {
    parameters: {
      BandwidthPackageIds: "text[]",
      Filters: "Filter[]",
      Offset: "whole",
      Limit: "whole",
    },
    answer: { TotalCount: "whole", BandwidthPackageSet: "BandwidthPackage[]" },
  },
} as const;
