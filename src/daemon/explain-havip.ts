/** What the cloud says about an instance's addresses, as lines of `baton explain`. */

import type { Language } from "#diagnostics/diagnostic";
import { passedSeconds as seconds, times } from "#diagnostics/numbers";
import type { HavipStatus } from "./control-protocol.ts";

/** True if it must not be said that two owners are impossible. */
export const isDisputed = (havips: readonly HavipStatus[]): boolean =>
  havips.some((one) => one.platform === "disputed");

export function explainHavips(havips: readonly HavipStatus[], language: Language): string[] {
  return havips.flatMap((one) => {
    const said = language === "en" ? english(one) : chinese(one);
    if (said === undefined) return [];
    return [language === "en" ? `  ${one.address}: ${said}` : `  ${one.address}：${said}`];
  });
}

function english(one: HavipStatus): string | undefined {
  switch (one.platform) {
    case "not-asked":
      return undefined;
    case "agrees":
      return one.answerSecondsAgo === undefined
        ? "the cloud still sends here"
        : `the cloud agreed ${seconds(one.answerSecondsAgo)} s ago that it is ours`;
    case "doubtful":
      return `whether the cloud still agrees is in doubt for ${seconds(one.forSeconds)} s: ${one.detail}`;
    case "disputed":
      return `TWO OWNERS for ${seconds(one.forSeconds)} s: ${one.rival ?? "another instance"} announces it too; it moved away ${times(one.moves)} (last seen ${seconds(one.rivalSecondsAgo)} s ago). In the cloud now: ${one.detail ?? "unknown"}. The two nodes do not hear each other: look at the security groups (IP protocol 112) and at the network between them.`;
    case "disagrees":
    case "unknown":
      return `the cloud has not agreed for ${seconds(one.forSeconds)} s: ${one.detail ?? "no answer yet"}; announced again ${times(one.announcements)}`;
  }
}

function chinese(one: HavipStatus): string | undefined {
  switch (one.platform) {
    case "not-asked":
      return undefined;
    case "agrees":
      return one.answerSecondsAgo === undefined
        ? "云平台仍把流量发往本机"
        : `云平台在 ${seconds(one.answerSecondsAgo)} 秒前确认它属于本机`;
    case "doubtful":
      return `云平台是否仍认可存疑，已持续 ${seconds(one.forSeconds)} 秒：${one.detail}`;
    case "disputed":
      return `双主已持续 ${seconds(one.forSeconds)} 秒：${one.rival ?? "另一实例"} 也在宣告该地址，已被取走 ${one.moves} 次（最近一次在 ${seconds(one.rivalSecondsAgo)} 秒前）。云平台当前：${one.detail ?? "未知"}。两个节点互相收不到通告，请检查安全组（IP 协议 112）以及它们之间的网络。`;
    case "disagrees":
    case "unknown":
      return `云平台已 ${seconds(one.forSeconds)} 秒未认可：${one.detail ?? "尚无应答"}；已再次宣告 ${one.announcements} 次`;
  }
}
