/**
 * What `baton explain` shows of a sync group: its members are in one state, so what matters is
 * which of them decides.
 */

import type { Language } from "#diagnostics/diagnostic";
import { passedSeconds as seconds } from "#diagnostics/numbers";
import { reasonSentence } from "#diagnostics/render/reasons";
import type { GroupMemberStatus, GroupStatus } from "./control-protocol.ts";

export function explainGroup(group: GroupStatus, language: Language): string {
  const messages = language === "en" ? ENGLISH : CHINESE;
  const { reason, member } = group.why;
  return [
    messages.head(group),
    messages.why(member, reasonSentence(reason, language)),
    ...group.members.map((one) => `  ${messages.member(one)}`),
    messages.next[group.state],
  ].join("\n");
}

interface GroupMessages {
  readonly head: (group: GroupStatus) => string;
  readonly why: (member: string, sentence: string) => string;
  readonly member: (member: GroupMemberStatus) => string;
  readonly next: Readonly<Record<GroupStatus["state"], string>>;
}

const ENGLISH: GroupMessages = {
  head: ({ name, state, forSeconds }) =>
    state === "MIXED"
      ? `Sync group ${name}: its members are in different states.`
      : `Sync group ${name} is ${state} for ${seconds(forSeconds)} s.`,
  why: (member, sentence) => `Why: ${member}: ${sentence}.`,
  member: ({ name, state, isReady, holdsBack }) => {
    const head = `${name} is ${state}`;
    if (isReady) return `${head}: its time to become MASTER has come, and it waits for the others`;
    switch (holdsBack) {
      case "fault":
        return `${head} by a cause of its own, and keeps the others there`;
      case "init":
        return `${head}: it waits for the first result of a check, and the others wait for it`;
      case "not-ready":
        return `${head} and holds the group back: it hears a master, or has not waited long enough`;
      case undefined:
        return head;
    }
  },
  next: {
    MASTER: "It stays MASTER until one member has to give up; then all do.",
    BACKUP: "It becomes MASTER when the time of every member has come, all at once.",
    FAULT: "It leaves FAULT when no member has a cause of its own any more.",
    INIT: "Its members wait for the first results of their checks.",
    STOP: "It is being stopped.",
    MIXED: "It becomes MASTER when every member can.",
  },
};

const CHINESE: GroupMessages = {
  head: ({ name, state, forSeconds }) =>
    state === "MIXED"
      ? `同步组 ${name}：各成员的状态不一致。`
      : `同步组 ${name} 处于 ${state} 状态，已持续 ${seconds(forSeconds)} 秒。`,
  why: (member, sentence) => `原因：${member}：${sentence}。`,
  member: ({ name, state, isReady, holdsBack }) => {
    const head = `${name} 处于 ${state}`;
    if (isReady) return `${head}：自身已可成为 MASTER，正在等待其他成员`;
    switch (holdsBack) {
      case "fault":
        return `${head}：自身有故障，使其他成员也处于 FAULT`;
      case "init":
        return `${head}：正在等待检查的首个结果，其他成员等待它`;
      case "not-ready":
        return `${head}：使整个组等待，它仍收到主节点的通告，或等待时间未到`;
      case undefined:
        return head;
    }
  },
  next: {
    MASTER: "它会一直是 MASTER，直到某个成员必须放弃；届时所有成员一起放弃。",
    BACKUP: "所有成员都可成为 MASTER 时，它们同时成为 MASTER。",
    FAULT: "所有成员自身的故障都消除后，它才会离开 FAULT。",
    INIT: "成员正在等待检查的首个结果。",
    STOP: "正在停止。",
    MIXED: "所有成员都可以时，它才会成为 MASTER。",
  },
};
