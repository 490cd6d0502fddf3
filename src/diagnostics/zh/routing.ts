/** Routes and policy rules in Chinese. */
import type { RoutingFacts, RoutingProblem } from "../facts-routing.ts";
import type { Messages } from "../messages.ts";

const LABEL: Readonly<Record<RoutingProblem, string>> = {
  "unknown-word": "看不懂",
  missing: "后面缺少参数",
  "not-a-number": "不是数字",
  "out-of-range": "超出范围",
  "not-an-address": "这里应为地址或网段",
  "not-a-choice": "不是允许的取值",
  "other-family": "同一行里混用了 IPv4 和 IPv6",
  "ipv6-only": "`from` 和 `expires` 只能用于 IPv6",
  "no-action": "既没有路由表，也没有动作",
  "no-priority": "`goto` 必须写明 `priority`",
  "priority-behind": "`goto` 只能跳到数值更大的优先级",
  "not-supported": "keepalived 支持，Baton 不支持",
};

export const ROUTING: Messages<keyof RoutingFacts> = {
  VR2140: ({ block, word, why, suggestion }) => ({
    message: `因为 \`${word}\`，\`${block}\` 中的这一行不会生效`,
    label: LABEL[why],
    notes: ["整行都会被忽略，流量可能走错出口"],
    ...(suggestion === undefined ? {} : { help: `是否想写 \`${suggestion}\`？` }),
  }),
};
