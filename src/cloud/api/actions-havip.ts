/** HAVIP actions of the `vpc` service. Parameters are exactly those of the SDK's models: any other is unknown. */
export const HAVIP_ACTIONS = {
  CreateHaVip: {
    parameters: {
      VpcId: "text!",
      HaVipName: "text!",
      SubnetId: "text",
      Vip: "text",
      NetworkInterfaceId: "text",
      CheckAssociate: "flag",
      Tags: "Tag[]",
      HaVipAssociationSet: "HaVipAssociation[]",
      ClientToken: "text",
    },
    answer: { HaVip: "HaVip" },
  },
  DescribeHaVips: {
    parameters: { HaVipIds: "text[]", Filters: "Filter[]", Offset: "whole", Limit: "whole" },
    answer: { TotalCount: "whole", HaVipSet: "HaVip[]" },
  },
  ModifyHaVipAttribute: { parameters: { HaVipId: "text!", HaVipName: "text" }, answer: {} },
  DeleteHaVip: { parameters: { HaVipId: "text!" }, answer: {} },
  HaVipAssociateAddressIp: { parameters: { HaVipId: "text!", AddressIp: "text!" }, answer: {} },
  HaVipDisassociateAddressIp: { parameters: { HaVipId: "text!" }, answer: {} },
  AssociateHaVipInstance: {
    parameters: { HaVipAssociationSet: "HaVipAssociation[]!" },
    answer: {},
  },
  DisassociateHaVipInstance: {
    parameters: { HaVipAssociationSet: "HaVipAssociation[]!" },
    answer: {},
  },
  DescribeVpcTaskResult: {
    parameters: { TaskId: "text!" },
    answer: { Status: "text", Output: "text", Result: "TaskDetail[]" },
  },
} as const;
