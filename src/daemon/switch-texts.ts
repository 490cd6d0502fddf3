/** What became of a planned move, and why, in both languages. */
import { duration } from "#diagnostics/numbers";
import { micros } from "#units/time";
import type { KnownPeer, SwitchReason, SwitchUnit, Text } from "./switch-protocol.ts";

const milliseconds = (ms: number): string => duration(micros(ms * 1_000));

export const both = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

export function movedText({ successor, bothAnsweredMs, tookMs, gate }: Partial<SwitchUnit>): Text {
  const to = successor ?? "?";
  const took = milliseconds(tookMs ?? 0);
  const shared = milliseconds(bothAnsweredMs ?? 0);
  // Behind a gate the address was here meanwhile, and its service was not.
  if (gate === true)
    return both(`${to} has taken over after ${took}`, `${to} 已接管，用时 ${took}`);
  return both(
    `${to} has taken over after ${took}; both answered for ${shared}`,
    `${to} 已接管，用时 ${took}；两个节点同时应答 ${shared}`,
  );
}

export function wouldMoveText(peers: readonly KnownPeer[]): Text {
  const [en, zh] = [peersText(peers, "en"), peersText(peers, "zh-CN")];
  return both(
    `nothing that this node knows speaks against a move${en === "" ? "" : ` (${en})`}; if nobody takes over, the address stays here`,
    `就本节点所知，没有妨碍切换的情况${zh === "" ? "" : `（${zh}）`}；如果没有节点接管，地址留在本机`,
  );
}

export const BACK: Text = both(
  "the move is over: this node takes the address again as its configuration says",
  "切换状态已解除：本节点按配置重新参与选举",
);
/** With a gate. */
export const BACK_GATED: Text = both(
  "the move is over; with a gate no node takes the address from its living owner: baton switch there brings it back",
  "切换状态已解除；配置 gate 后不会从正常的持有者处夺取地址：如需切回，请在持有者上执行 baton switch",
);
export const NOT_AWAY: Text = both(
  "it was not moved away; nothing to end",
  "它没有被切走，无需解除",
);

export function peersText(peers: readonly KnownPeer[], language: "en" | "zh-CN"): string {
  return peers.map((peer) => peerText(peer, language)).join(language === "en" ? "; " : "；");
}

function peerText(
  { address, unresolved, heardSecondsAgo, priority }: KnownPeer,
  language: "en" | "zh-CN",
): string {
  const en = language === "en";
  if (unresolved) return en ? `${address} does not answer ARP` : `${address} 不应答 ARP`;
  if (heardSecondsAgo === undefined)
    return en ? `${address} was never heard as master` : `从未收到 ${address} 作为主节点的通告`;
  const ago = Math.round(heardSecondsAgo);
  // The last that was heard of it as master.
  if (priority === 0)
    return en ? `${address} gave it up ${ago} s ago` : `${address} 在 ${ago} 秒前让出了地址`;
  return en
    ? `${address} was last heard as master ${ago} s ago, with priority ${priority ?? "?"}`
    : `${ago} 秒前收到过 ${address} 作为主节点的通告，优先级 ${priority ?? "?"}`;
}

const STAYS = both("the address stays here", "地址留在本机");
const stays = (en: string, zh: string): Text =>
  both(`${en}; ${STAYS.en}`, `${zh}；${STAYS["zh-CN"]}`);

function notTakenText(
  { waitedMs, peers }: Extract<SwitchReason, { waitedMs: number }>,
  en: string,
  zh: string,
): Text {
  const waited = milliseconds(waitedMs);
  const known = both(peersText(peers, "en"), peersText(peers, "zh-CN"));
  return stays(
    `${en} within ${waited}${known.en === "" ? "" : `: ${known.en}`}`,
    `${waited} 内${zh}${known["zh-CN"] === "" ? "" : `：${known["zh-CN"]}`}`,
  );
}

function notOwnerText({ state, master }: Extract<SwitchReason, { kind: "not-owner" }>): Text {
  const en = master === undefined ? "" : `, and the owner is ${master}`;
  const zh = master === undefined ? "" : `，持有者为 ${master}`;
  return both(
    `this node does not own it: it is ${state}${en}; ask there`,
    `本节点不是持有者：状态为 ${state}${zh}；请在持有者上执行`,
  );
}

type Refusal = Extract<
  SwitchReason,
  {
    kind:
      | "unknown"
      | "not-owner"
      | "under-way"
      | "promoting"
      | "fenced"
      | "rival"
      | "no-peers"
      | "not-a-peer"
      | "not-peers-of-all"
      | "unanswered"
      | "never-heard"
      | "would-not-win";
  }
>;

/** Of what is known before it is asked. */
function refusalText(reason: Refusal): Text {
  switch (reason.kind) {
    case "unknown":
      return both("the engine does not know it", "引擎没有这个实例");
    case "not-owner":
      return notOwnerText(reason);
    case "under-way":
      return both("a move of it is under way", "正在切换中");
    case "promoting":
      return both(
        "its gate is promoting it; ask again when it is MASTER",
        "gate 正在提升本节点；请在成为 MASTER 后再执行",
      );
    case "fenced":
      return both(
        "its gate is closed, for which of two masters has the better data is not decided; `baton promote` decides",
        "gate 已关闭：两个主节点的数据以谁为准尚未决定；请用 `baton promote` 决定",
      );
    case "rival":
      return stays(
        `${reason.other} acts as master too, and one of the two will yield first`,
        `${reason.other} 也自认为是主节点，需等其中一方让位`,
      );
    case "no-peers":
      return stays("it has no peers: nobody can take over", "没有配置对端，没有节点可以接管");
    case "not-a-peer":
      return both(`${reason.to} is no peer of it`, `${reason.to} 不是它的对端`);
    case "not-peers-of-all":
      return both(
        `${reason.to} is no peer of every member of the group, which moves as one`,
        `${reason.to} 不是组内所有成员的对端，而同步组只能整体切换`,
      );
    case "unanswered":
      return stays(
        `${reason.peers.join(", ")} does not answer ARP: it is off, or out of reach`,
        `${reason.peers.join("、")} 不应答 ARP：可能已关机，或网络不可达`,
      );
    case "never-heard":
      return both(
        `${reason.to} has never advertised here; with multicast only who wins the election can be asked for, so it has to be known`,
        `从未收到 ${reason.to} 的通告；组播时只能切换到会赢得选举的节点，因此必须先了解它`,
      );
    case "would-not-win":
      return both(
        `with multicast all peers hear priority 0, and ${reason.other} would win; move without --to, or use unicast peers`,
        `组播时所有对端都会收到优先级 0，赢得选举的将是 ${reason.other}；请不要使用 --to，或改用单播`,
      );
  }
}

/** @param why what the service said; undefined: it is not known */
export function demotionText(
  kind: "demotion-refused" | "demotion-late",
  why: Text | undefined,
): Text {
  const en =
    kind === "demotion-refused"
      ? "the gate refused to demote this node"
      : "the gate did not demote this node in time";
  const zh = kind === "demotion-refused" ? "gate 拒绝降级本节点" : "gate 未能按时降级本节点";
  const because = why ?? both("", "");
  return both(
    `${en}${why === undefined ? "" : ` (${because.en})`}, so the address stays here and is served as before`,
    `${zh}${why === undefined ? "" : `（${because["zh-CN"]}）`}，地址留在本机，照常服务`,
  );
}

/** Of a dry run. */
export const wouldRefuseText = (why: Text): Text =>
  both(
    `the gate would refuse to demote this node (${why.en}), so the address would stay here`,
    `gate 将拒绝降级本节点（${why["zh-CN"]}），地址会留在本机`,
  );

export function reasonText(reason: SwitchReason): Text {
  switch (reason.kind) {
    case "no-successor":
      return notTakenText(
        reason,
        "nobody took over (in FAULT, in maintenance, stopped, or with another configuration)",
        "没有节点接管（可能处于 FAULT、维护状态、已停止或配置不一致）",
      );
    case "successor-gone":
      return notTakenText(reason, "who took over gave it up again", "接管的节点又让出了地址");
    case "recalled":
      return notTakenText(reason, "nobody took over", "没有节点接管");
    case "demotion-refused":
    case "demotion-late":
      return demotionText(reason.kind, undefined);
    case "stalled":
      return both(
        "this node did not run for a while and gave the address up, for somebody else may be the owner; status says who",
        "本机停顿过久，其他节点可能已成为持有者，因此放弃了地址；请查看 status",
      );
    case "engine-does-not-answer":
      return both("the engine does not answer; nothing was asked", "引擎没有应答，未发起切换");
    case "engine-gone":
      return both(
        "the engine ended meanwhile, and its addresses were handed over; status says who owns them",
        "引擎在此期间退出，其地址已交接；请查看 status",
      );
    case "gave-up":
      return both(
        "it was given up as asked, and nobody has taken over: nobody serves it",
        "已按要求放弃，但没有节点接管：目前无人提供服务",
      );
    case "lost":
      return both(
        `this node left MASTER meanwhile, for another reason: it is ${reason.state}`,
        `本节点在此期间因其他原因离开 MASTER：当前为 ${reason.state}`,
      );
    case "unknown":
    case "not-owner":
    case "under-way":
    case "promoting":
    case "fenced":
    case "rival":
    case "no-peers":
    case "not-a-peer":
    case "not-peers-of-all":
    case "unanswered":
    case "never-heard":
    case "would-not-win":
      return refusalText(reason);
  }
}
