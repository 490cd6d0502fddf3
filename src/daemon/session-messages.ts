/**
 * BFD sessions for people: what the log says of a change, and the line of `baton status`. "Entering
 * Up state" is keepalived's phrase, which tools look for, and the same in both languages.
 */
import type { Language } from "#diagnostics/diagnostic";
import { printIpv4 } from "#units/address";
import type { FromEngine, SessionSnapshot } from "#vrrp/engine/engine-link";
import type { SessionStatus } from "./control-protocol.ts";
import type { Log } from "./log.ts";

type Changed = Extract<FromEngine, { type: "session" }>;
type State = SessionSnapshot["state"];

/** RFC 5880 4.1, by number. */
const DIAGNOSTICS: Readonly<Record<Language, readonly string[]>> = {
  en: [
    "",
    "nothing was received within the detection time",
    "the echo function failed",
    "the neighbor signaled that its session is down",
    "the forwarding plane was reset",
    "the path is down",
    "a concatenated path is down",
    "taken down on purpose",
    "a concatenated path is down in the other direction",
  ],
  "zh-CN": [
    "",
    "检测时间内没有收到报文",
    "回声功能失败",
    "邻居通知其会话已断开",
    "转发平面被重置",
    "路径中断",
    "串联路径中断",
    "被人为关闭",
    "反方向的串联路径中断",
  ],
};

const NAMES: Readonly<Record<State, string>> = {
  "admin-down": "AdminDown",
  down: "Down",
  init: "Init",
  up: "Up",
};

export function logSession(
  message: Extract<FromEngine, { type: "session" | "sessionsClosed" | "sessionUnsent" }>,
  log: Log,
  language: Language,
): void {
  switch (message.type) {
    case "session":
      return log("info", sessionLine(message, language));
    case "sessionsClosed":
      return log("error", sessionsClosedLine(message.errno, message.call, language));
    case "sessionUnsent":
      return log("warning", sessionUnsentLine(message, language));
  }
}

function sessionLine(message: Changed, language: Language): string {
  const { name, neighbor, to, diagnostic } = message;
  const why = diagnosticText(diagnostic, language);
  const whom =
    language === "en" ? `neighbor ${printIpv4(neighbor)}` : `邻居 ${printIpv4(neighbor)}`;
  const [colon, comma] = language === "en" ? [": ", ", "] : ["：", "，"];
  const reason = to === "down" && why !== "" ? `${comma}${why}` : "";
  return `BFD_Instance(${name}) Entering ${NAMES[to]} state${colon}${whom}${reason}`;
}

const diagnosticText = (diagnostic: number, language: Language): string =>
  DIAGNOSTICS[language][diagnostic] ?? `diagnostic ${diagnostic}`;

/** @param errno EADDRINUSE: the port is taken */
function sessionsClosedLine(errno: string, call: string, language: Language): string {
  if (errno !== "EADDRINUSE")
    return language === "en"
      ? `BFD: ${call}: ${errno}; no session comes up until this works`
      : `BFD：${call}：${errno}；在此之前所有会话无法建立`;
  return language === "en"
    ? "BFD: another program of this machine has UDP port 3784 (FRR's bfdd, BIRD, keepalived?); no session comes up until it is free: stop it, or have it track the neighbor instead"
    : "BFD：本机另一程序占用了 UDP 端口 3784（FRR 的 bfdd、BIRD 或 keepalived？）；端口空闲前所有会话无法建立：请停止该程序，或改由它跟踪邻居";
}

const sessionUnsentLine = (
  { name, call, errno }: { readonly name: string; readonly call: string; readonly errno: string },
  language: Language,
): string =>
  language === "en"
    ? `BFD_Instance(${name}) cannot send: ${call}: ${errno}`
    : `BFD_Instance(${name}) 无法发送：${call}：${errno}`;

/** @param at of the snapshot, in microseconds */
export const sessionStatus = (one: SessionSnapshot, at: number): SessionStatus => ({
  name: one.name,
  neighbor: printIpv4(one.neighbor),
  state: one.state,
  remoteState: one.remoteState,
  forSeconds: Math.max(0, (at - one.since) / 1_000_000),
  diagnostic: one.diagnostic,
  sent: one.sent,
  received: one.received,
  refused: one.refused,
});

/** @param age as the status prints one */
export function sessionStatusLine(one: SessionStatus, age: string, language: Language): string {
  const why = one.state === "up" ? "" : diagnosticText(one.diagnostic, language);
  if (language === "en") {
    const reason = why === "" ? "" : `, ${why}`;
    return `BFD session ${one.name}: ${NAMES[one.state]} for ${age}, neighbor ${one.neighbor}${reason}`;
  }
  const reason = why === "" ? "" : `，${why}`;
  return `BFD 会话 ${one.name}：${NAMES[one.state]} 已 ${age}，邻居 ${one.neighbor}${reason}`;
}
