/** Elastic network interfaces, as far as a HAVIP needs them. */
export const INTERFACE_ACTIONS = {
  CreateNetworkInterface: {
    parameters: {
      VpcId: "text!",
      NetworkInterfaceName: "text!",
      SubnetId: "text!",
      NetworkInterfaceDescription: "text",
      SecondaryPrivateIpAddressCount: "whole",
      QosLevel: "text",
      SecurityGroupIds: "text[]",
      PrivateIpAddresses: "PrivateIpAddressSpecification[]",
      Tags: "Tag[]",
      TrunkingFlag: "text",
      IsRdma: "flag",
      ClientToken: "text",
    },
    answer: { NetworkInterface: "NetworkInterface" },
  },
  DescribeNetworkInterfaces: {
    parameters: {
      NetworkInterfaceIds: "text[]",
      Filters: "Filter[]",
      Offset: "whole",
      Limit: "whole",
    },
    answer: { NetworkInterfaceSet: "NetworkInterface[]", TotalCount: "whole" },
  },
  ModifyNetworkInterfaceAttribute: {
    parameters: {
      NetworkInterfaceId: "text!",
      NetworkInterfaceName: "text",
      NetworkInterfaceDescription: "text",
      SecurityGroupIds: "text[]",
      TrunkingFlag: "text",
    },
    answer: {},
  },
  AttachNetworkInterface: {
    parameters: {
      NetworkInterfaceId: "text!",
      InstanceId: "text!",
      AttachType: "whole",
      ClientToken: "text",
    },
    answer: {},
  },
  DetachNetworkInterface: {
    parameters: { NetworkInterfaceId: "text!", InstanceId: "text!", ClientToken: "text" },
    answer: {},
  },
  DeleteNetworkInterface: { parameters: { NetworkInterfaceId: "text!" }, answer: {} },
  AssignPrivateIpAddresses: {
    parameters: {
      NetworkInterfaceId: "text!",
      PrivateIpAddresses: "PrivateIpAddressSpecification[]",
      SecondaryPrivateIpAddressCount: "whole",
      QosLevel: "text",
      ClientToken: "text",
    },
    answer: { PrivateIpAddressSet: "PrivateIpAddressSpecification[]" },
  },
  UnassignPrivateIpAddresses: {
    parameters: {
      NetworkInterfaceId: "text!",
      PrivateIpAddresses: "PrivateIpAddressSpecification[]!",
      InstanceId: "text",
    },
    answer: {},
  },
  MigratePrivateIpAddress: {
    parameters: {
      SourceNetworkInterfaceId: "text!",
      DestinationNetworkInterfaceId: "text!",
      PrivateIpAddress: "text!",
    },
    answer: {},
  },
} as const;
