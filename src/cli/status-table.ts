/**
 * A status as a table for people: one line for each instance, and below it why, whom it hears,
 * and what is not as it should be.
 */
import type {
  BriefInstance,
  BriefStatus,
  GroupStatus,
  HavipStatus,
  NotifyStatus,
  ScriptStatus,
} from "#daemon/control-protocol";
import { gateSentences } from "#daemon/gate-sentences";
import { sessionStatusLine } from "#daemon/session-messages";
import type { Language } from "#diagnostics/diagnostic";
import { alignColumns } from "#diagnostics/render/columns";
import { visible } from "#units/visible";
import type { Lateness } from "#vrrp/engine/lateness";
import { type StatusMessages, statusMessages } from "./status-messages.ts";

const COLORS: Readonly<Record<string, string>> = {
  MASTER: "1;32",
  BACKUP: "36",
  FAULT: "1;31",
  INIT: "33",
  STOP: "2",
};

/** @param status with sentences in this language at least */
export function renderStatus(status: BriefStatus, language: Language, color: boolean): string {
  const messages = statusMessages(language);
  if (!status.engineAnswers) return messages.unknown;
  if (status.instances.length === 0) return messages.none;
  const instances = section(
    [messages.columns, ...status.instances.map((one) => rowOf(one, messages))],
    status.instances.map((one) => ({
      state: one.state,
      details: detailsOf(one, messages, language),
    })),
    color,
  );
  const groups = section(
    [messages.groupColumns, ...status.groups.map((one) => groupRow(one, messages))],
    status.groups.map((one) => ({
      state: one.state,
      details: groupDetails(one, messages, language),
    })),
    color,
  );
  const now = Date.parse(status.at);
  const scripts = status.scripts.map((one) => visible(scriptLine(one, messages, now, language)));
  const sessions = (status.sessions ?? []).map((one) =>
    visible(sessionStatusLine(one, messages.age(one.forSeconds), language)),
  );
  const trouble = [
    ...(status.engineRestarts > 0 ? [messages.restarts(status.engineRestarts)] : []),
    ...(status.logLinesLost > 0 ? [messages.lost(status.logLinesLost)] : []),
    ...pauses(status, messages),
  ];
  const { maintenance } = status;
  const held = maintenance === undefined ? [] : [visible(messages.maintenance(maintenance))];
  return [...held, ...instances, ...groups, ...scripts, ...sessions, ...trouble].join("\n");
}

/** Half the skew of the shortest interval, or a machine on which most things are late. */
const WORST_MICROSECONDS = 50_000;
const P99_MICROSECONDS = 5_000;

const isLate = (one: Lateness | undefined): one is Lateness =>
  one !== undefined && (one.max >= WORST_MICROSECONDS || one.p99 >= P99_MICROSECONDS);

/** The collections are shown beside, so that a reader sees whether they can be why. */
function pauses(
  { lateness, collections }: BriefStatus,
  messages: StatusMessages,
): readonly string[] {
  if (!isLate(lateness)) return [];
  const beside = collections === undefined ? [] : [messages.collections(collections)];
  return [messages.late(lateness), ...beside];
}

/** A header and a line for each, with remarks below it; empty if there are none. */
function section(
  rows: readonly (readonly string[])[],
  entries: readonly { readonly state: string; readonly details: readonly string[] }[],
  color: boolean,
): readonly string[] {
  if (entries.length === 0) return [];
  const [head = "", ...lines] = alignColumns(rows).lines;
  const body = entries.flatMap(({ state, details }, index) => {
    const line = visible(lines[index] ?? "");
    return [color ? paint(line, state) : line, ...details.map((text) => `  ${visible(text)}`)];
  });
  return [head, ...body];
}

function rowOf(one: BriefInstance, messages: StatusMessages): readonly string[] {
  const addresses = one.addresses
    .map((own) => `${own.address} ${own.owned ? messages.here : messages.away}`)
    .join(messages.comma);
  const isChanged = one.basePriority !== one.effectivePriority;
  const priority = `${one.effectivePriority}${isChanged ? ` (${one.basePriority})` : ""}`;
  return [
    one.name,
    one.state,
    messages.age(one.forSeconds),
    priority,
    one.interface ?? messages.any,
    addresses,
  ];
}

/** For a shorter time the kernel may just be asking by ARP. */
const UNRESOLVED_SECONDS = 1;

function detailsOf(
  one: BriefInstance,
  messages: StatusMessages,
  language: Language,
): readonly string[] {
  const master = one.standby?.master;
  const peers = one.peers.map((peer) => {
    const heard =
      peer.heardSecondsAgo === undefined
        ? messages.never
        : messages.ago(messages.age(peer.heardSecondsAgo));
    const facts = [
      heard,
      ...(peer.priority === undefined ? [] : [messages.priority(peer.priority)]),
      ...(peer.configured ? [] : [messages.notConfigured]),
      ...((peer.unresolvedSeconds ?? 0) < UNRESOLVED_SECONDS
        ? []
        : [messages.unresolved(messages.age(peer.unresolvedSeconds ?? 0))]),
    ];
    const isMaster = peer.address === master?.address;
    return `${isMaster ? messages.master : messages.peer} ${peer.address}${messages.colon}${facts.join(messages.comma)}`;
  });
  return [
    one.why[language] ?? "",
    ...(one.holdDown?.leftSeconds === undefined
      ? []
      : [messages.heldDown(one.holdDown.losses, messages.age(one.holdDown.leftSeconds))]),
    ...(one.switched === undefined
      ? []
      : [messages.switched(one.switched, one.gate !== undefined)]),
    ...(one.claim === undefined
      ? []
      : [
          messages.claimed(
            one.claim.mac ?? "?",
            one.claim.address,
            one.claim.count,
            messages.age(one.claim.forSeconds),
          ),
        ]),
    ...(one.gate === undefined ? [] : gateSentences(one.gate, language)),
    ...peers,
    ...one.addresses.flatMap(({ address, error }) =>
      error === undefined ? [] : [`${address}${messages.colon}${error}`],
    ),
    ...one.addresses.flatMap(({ address, foreign }) =>
      foreign.length === 0
        ? []
        : [`${address}${messages.colon}${messages.foreign(foreign.join(messages.comma))}`],
    ),
    ...one.havips.flatMap((havip) => havipLine(havip, messages)),
    ...notifyLines(one.notify, messages),
    ...(one.lease.guarantee === "backstop" ? [messages.backstop(String(one.lease.seconds))] : []),
  ];
}

function notifyLines({ last, queued }: NotifyStatus, messages: StatusMessages): readonly string[] {
  return [
    ...(last === undefined || last.exit === 0
      ? []
      : [withOutput(messages.notify(last.state, String(last.exit)), last.output, messages)]),
    ...(queued > 1 ? [messages.queued(queued)] : []),
  ];
}

function groupRow(
  { name, state, forSeconds, members }: GroupStatus,
  messages: StatusMessages,
): readonly string[] {
  const each = members.map((member) => `${member.name} ${member.state}`).join(messages.comma);
  return [name, state, messages.age(forSeconds), each];
}

function groupDetails(
  one: GroupStatus,
  messages: StatusMessages,
  language: Language,
): readonly string[] {
  return [
    `${one.why.member}${messages.colon}${one.why[language]}`,
    ...one.members.flatMap(({ name, holdsBack }) =>
      holdsBack === undefined ? [] : [`${name}${messages.colon}${messages.holdsBack[holdsBack]}`],
    ),
    ...notifyLines(one.notify, messages),
  ];
}

function havipLine(havip: HavipStatus, messages: StatusMessages): readonly string[] {
  const { address, counters } = havip;
  const counts = messages.cloudCounts(counters, messages.age(counters.disagreementSeconds));
  const said = havipSentence(havip, messages);
  const facts = [...(said === undefined ? [] : [said]), ...(counters.asked === 0 ? [] : [counts])];
  return facts.length === 0 ? [] : [`${address}${messages.colon}${facts.join(messages.semicolon)}`];
}

function havipSentence(havip: HavipStatus, messages: StatusMessages): string | undefined {
  switch (havip.platform) {
    case "not-asked":
      return undefined;
    case "agrees":
      return messages.cloudAgrees(
        messages.age(havip.forSeconds),
        havip.answerSecondsAgo === undefined ? undefined : messages.age(havip.answerSecondsAgo),
      );
    case "doubtful":
      return messages.cloudDoubtful(messages.age(havip.forSeconds), havip.detail);
    case "disputed": {
      const { rival, moves, detail } = havip;
      const ages = {
        age: messages.age(havip.forSeconds),
        rivalAge: messages.age(havip.rivalSecondsAgo),
      };
      return messages.cloudDisputed({ rival, moves, detail, ...ages });
    }
    case "disagrees":
      return messages.disagrees(
        havip.holder === undefined || havip.holder === "" ? messages.nobody : havip.holder,
      );
    case "unknown":
      return `${messages.cloudUnknown}${havip.detail === undefined ? "" : `${messages.colon}${havip.detail}`}`;
  }
}

function scriptLine(
  one: ScriptStatus,
  messages: StatusMessages,
  now: number,
  language: Language,
): string {
  const kind = one.check === undefined ? messages.script : messages.check;
  const head = `${kind} ${one.name}${messages.colon}${messages.results[one.result]}`;
  if (one.lastRunAt === undefined) return head;
  const age = messages.age(Math.max(0, (now - Date.parse(one.lastRunAt)) / 1_000));
  const milliseconds = one.lastMilliseconds ?? 0;
  const run =
    one.check === undefined
      ? messages.ran({ age, exit: String(one.lastExit ?? "?"), milliseconds })
      : messages.asked({ age, milliseconds });
  const line = `${head}${messages.comma}${run}`;
  // What a check found is short, and says what a status of 0 does not.
  return one.lastExit === 0 && one.check === undefined
    ? line
    : withOutput(line, one.found?.[language] ?? one.lastOutput, messages);
}

/** The last line of a script's output, if it wrote anything. */
function withOutput(line: string, output: string, messages: StatusMessages): string {
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  return last === "" ? line : `${line}${messages.colon}${last}`;
}

const paint = (line: string, state: string): string =>
  line.replace(state, `\u001b[${COLORS[state] ?? "0"}m${state}\u001b[0m`);
