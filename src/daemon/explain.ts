/**
 * `baton explain`: the account of an instance or a sync group, for somebody who is tired and
 * has to make a decision.
 */

import type { Language } from "#diagnostics/diagnostic";
import { reasonSentence } from "#diagnostics/render/reasons";
import type { ControlAnswer, InstanceStatus, ScriptStatus, Status } from "./control-protocol.ts";
import { explainGroup } from "./explain-group.ts";
import { explainHavips, isDisputed } from "./explain-havip.ts";
import { explainMessages } from "./explain-messages.ts";
import { gateSentences, heldByGate } from "./gate-sentences.ts";
import { printLocalTime } from "./local-time.ts";
import type { Maintenance } from "./maintenance-shape.ts";

export function explain(
  status: Status,
  wanted: string | undefined,
  language: Language,
): ControlAnswer {
  const en = language === "en";
  if (!status.engineAnswers) {
    const error = en
      ? "the engine does not answer: the state is unknown"
      : "引擎没有应答，状态未知";
    return { ok: false, error, help: en ? "see the log of the daemon" : "请查看守护进程日志" };
  }
  // If a group has the same name as an instance, both are meant.
  const isWanted = ({ name }: { readonly name: string }): boolean =>
    wanted === undefined || name === wanted;
  const instances = status.instances.filter(isWanted);
  const groups = status.groups.filter(isWanted);
  if (instances.length + groups.length === 0) {
    const names = [...status.instances, ...status.groups].map(({ name }) => name).join(", ");
    return {
      ok: false,
      error: en
        ? `there is no instance or sync group ${wanted ?? ""}`
        : `没有名为 ${wanted ?? ""} 的实例或同步组`,
      help: en ? `there are: ${names}` : `现有实例：${names}`,
    };
  }
  const paragraphs = [
    ...instances.map((one) => explainInstance(one, status, language)),
    ...groups.map((one) => explainGroup(one, language)),
  ];
  return { ok: true, text: paragraphs.join("\n\n") };
}

/** Lines of history: enough to see what led here; `status --json` has all of it. */
const HISTORY_MAX = 5;

function explainInstance(
  one: InstanceStatus,
  { maintenance, scripts }: Pick<Status, "maintenance" | "scripts">,
  language: Language,
): string {
  const messages = explainMessages(language);
  const indented = (line: string): string => `  ${line}`;
  return [
    messages.head(one),
    messages.why(reasonSentence(one.why.reason, language)),
    ...(one.standby === undefined ? [] : [messages.master(one.standby)]),
    messages.priority(one),
    ...one.trackers.map((tracker) => indented(explainTracker(tracker, scripts, language))),
    ...one.peers.map(messages.peer).map(indented),
    ...one.addresses.map(messages.address).map(indented),
    ...explainHavips(one.havips, language),
    ...(one.holdDown === undefined ? [] : [messages.holdDown(one.holdDown)]),
    ...(one.claim === undefined ? [] : [messages.claim(one.claim)]),
    ...(one.switched === undefined
      ? []
      : [messages.switched(one.switched, one.gate !== undefined)]),
    ...explainGate(one.gate, language),
    ...nextOf(one, maintenance, language),
    ...(isLeaseOfInterest(one) ? [messages.lease(one.lease)] : []),
    ...one.history
      .slice(0, HISTORY_MAX)
      .map((event) => indented(messages.history(event, printLocalTime(new Date(event.at))))),
  ].join("\n");
}

/** To the engine a check is a script; of one that fails, also what it found. */
function explainTracker(
  tracker: InstanceStatus["trackers"][number],
  scripts: readonly ScriptStatus[],
  language: Language,
): string {
  const { tracker: sentence } = explainMessages(language);
  const { kind, name, result } = tracker;
  const check = kind === "script" ? scripts.find((one) => one.name === name) : undefined;
  if (check?.check === undefined) return sentence(tracker);
  const found = result === "down" ? check.found?.[language] : undefined;
  const colon = language === "en" ? ": " : "：";
  const line = sentence({ ...tracker, kind: "check" });
  return found === undefined ? line : `${line}${colon}${found}`;
}

/** Each sentence of `status` on a line of its own. */
function explainGate(gate: InstanceStatus["gate"], language: Language): readonly string[] {
  if (gate === undefined) return [];
  const stop = language === "en" ? "." : "。";
  const [first = "", ...more] = gateSentences(gate, language);
  return [
    `${first.charAt(0).toUpperCase()}${first.slice(1)}${stop}`,
    ...more.map((one) => `  ${one}`),
  ];
}

/** What would change its state. In maintenance nothing of it would. */
function nextOf(
  one: InstanceStatus,
  maintenance: Maintenance | undefined,
  language: Language,
): readonly string[] {
  const messages = explainMessages(language);
  if (maintenance !== undefined && one.state !== "MASTER")
    return [messages.maintenance(maintenance)];
  if (one.state !== "BACKUP") return [messages.next(one.state, one.trackers)];
  const held = heldByGate(one.gate, language);
  if (held !== undefined) return [held];
  const { standby, switched } = one;
  if (standby === undefined) return [];
  // Whoever was moved away preempts nobody.
  const preempt = standby.preempt && switched === undefined;
  const next = messages.wouldChange({ ...standby, preempt }, one.effectivePriority);
  return switched === undefined ? next : next.slice(0, 1);
}

/**
 * Whether to show what happens if this node dies. It does not matter if the node owns nothing,
 * or while another one owns or claims the address too.
 */
const isLeaseOfInterest = ({ addresses, havips, claim }: InstanceStatus): boolean =>
  addresses.some(({ owned }) => owned) && !isDisputed(havips) && claim === undefined;
