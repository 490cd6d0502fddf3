/** The two calls of the `tag` service that Terraform makes beside every resource. */
export const TAG_ACTIONS = {
  DescribeResourceTagsByResourceIds: {
    parameters: {
      ServiceType: "text!",
      ResourcePrefix: "text!",
      ResourceIds: "text[]!",
      ResourceRegion: "text!",
      Offset: "whole",
      Limit: "whole",
      Category: "text",
    },
    answer: { TotalCount: "whole", Offset: "whole", Limit: "whole", Tags: "TagResource[]" },
  },
  ModifyResourceTags: {
    parameters: { Resource: "text!", ReplaceTags: "ServiceTag[]", DeleteTags: "ServiceTagKey[]" },
    answer: {},
  },
} as const;
