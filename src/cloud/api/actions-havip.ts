/**
 * HAVIP actions of the `vpc` service. Parameters are exactly those of the SDK's models: any other
 * is unknown.
 */
import * as answer from "./answer-shapes.ts";
import {
  flag,
  HaVipAssociation,
  list,
  optional,
  PAGE,
  structure,
  Tag,
  text,
} from "./request-shapes.ts";

export const HAVIP_ACTIONS = {
  CreateHaVip: {
    parameters: structure({
      VpcId: text,
      HaVipName: text,
      SubnetId: optional(text),
      Vip: optional(text),
      NetworkInterfaceId: optional(text),
      CheckAssociate: optional(flag),
      Tags: optional(list(Tag)),
      HaVipAssociationSet: optional(list(HaVipAssociation)),
      ClientToken: optional(text),
    }),
    answer: answer.structure({ HaVip: answer.HaVip }),
  },
  DescribeHaVips: {
    parameters: structure({
      HaVipIds: optional(list(text)),
      ...PAGE,
    }),
    answer: answer.structure({ TotalCount: answer.whole, HaVipSet: answer.list(answer.HaVip) }),
  },
  ModifyHaVipAttribute: {
    parameters: structure({ HaVipId: text, HaVipName: optional(text) }),
    answer: answer.structure({}),
  },
  DeleteHaVip: { parameters: structure({ HaVipId: text }), answer: answer.structure({}) },
  HaVipAssociateAddressIp: {
    parameters: structure({ HaVipId: text, AddressIp: text }),
    answer: answer.structure({}),
  },
  HaVipDisassociateAddressIp: {
    parameters: structure({ HaVipId: text }),
    answer: answer.structure({}),
  },
  AssociateHaVipInstance: {
    parameters: structure({ HaVipAssociationSet: list(HaVipAssociation) }),
    answer: answer.structure({}),
  },
  DisassociateHaVipInstance: {
    parameters: structure({ HaVipAssociationSet: list(HaVipAssociation) }),
    answer: answer.structure({}),
  },
  DescribeVpcTaskResult: {
    parameters: structure({ TaskId: text }),
    answer: answer.structure({
      Status: answer.text,
      Output: answer.text,
      Result: answer.list(answer.TaskDetail),
    }),
  },
};
