/** The two calls of the `tag` service that Terraform makes beside every resource. */
import * as answer from "./answer-shapes.ts";
import {
  list,
  optional,
  ServiceTag,
  ServiceTagKey,
  structure,
  text,
  whole,
} from "./request-shapes.ts";

export const TAG_ACTIONS = {
  DescribeResourceTagsByResourceIds: {
    parameters: structure({
      ServiceType: text,
      ResourcePrefix: text,
      ResourceIds: list(text),
      ResourceRegion: text,
      Offset: optional(whole),
      Limit: optional(whole),
      Category: optional(text),
    }),
    answer: answer.structure({
      TotalCount: answer.whole,
      Offset: answer.whole,
      Limit: answer.whole,
      Tags: answer.list(answer.TagResource),
    }),
  },
  ModifyResourceTags: {
    parameters: structure({
      Resource: text,
      ReplaceTags: optional(list(ServiceTag)),
      DeleteTags: optional(list(ServiceTagKey)),
    }),
    answer: answer.structure({}),
  },
};
