/**
 * `baton promote`: an operator wants this node to have the address of a gate. What keeps it from
 * that is said; what it may decide (`--accept-loss`) is taken from it only when it is asked for.
 */
import type { Language } from "#diagnostics/diagnostic";
import { type Caller, printCaller } from "#events/caller";
import { type EventLog, NO_EVENTS } from "#events/event-log";
import { printIp } from "#units/address";
import { toMillis } from "#units/time";
import type { InstanceSnapshot } from "#vrrp/engine/engine-link";
import type { ControlAnswer } from "./control-protocol.ts";
import type { EngineProcess } from "./engine-process.ts";
import { type PromoteEnd, promoteMessages } from "./gate-promote-messages.ts";
import type { GateResult } from "./gate-status.ts";
import type { Gates } from "./gates.ts";
import type { Log } from "./log.ts";
import type { PromoteAnswer, PromoteRequest } from "./promote-protocol.ts";

export interface PromoteParts {
  /** Undefined: there is no gate in the file. */
  readonly gates: Gates | undefined;
  readonly engine: Pick<EngineProcess, "send" | "snapshot">;
  readonly log: Log;
  readonly language: Language;
  readonly events: EventLog | undefined;
}

const SNAPSHOT_MS = 300;
/** From look to look. */
const LOOK_MS = 200;
/** For the election and a probe before the promotion itself. */
const MORE_MS = 5_000;

export async function promote(
  parts: PromoteParts,
  request: PromoteRequest,
  caller: Caller,
  language: Language,
): Promise<ControlAnswer> {
  const { gates } = parts;
  const messages = promoteMessages(language);
  const names = gates?.names ?? [];
  const [only] = names;
  const wanted = request.name ?? (names.length === 1 ? only : undefined);
  if (gates === undefined || only === undefined) return { ok: false, ...messages.noGate };
  if (wanted === undefined) return { ok: false, ...messages.whichGate(names) };
  if (gates.find(wanted) === undefined) return { ok: false, ...messages.noSuchGate(wanted, names) };
  const asked = new Asked(parts, gates, wanted);
  const answer = await asked.carryOut(request);
  if (answer === undefined) return { ok: false, ...messages.noEngine };
  if (request.dryRun !== true) await record(parts, answer, request, caller);
  return { ok: true, promote: answer };
}

class Asked {
  readonly #parts: PromoteParts;
  readonly #gates: Gates;
  readonly #wanted: string;

  constructor(parts: PromoteParts, gates: Gates, wanted: string) {
    this.#parts = parts;
    this.#gates = gates;
    this.#wanted = wanted;
  }

  /** Undefined: the engine does not answer. */
  async carryOut(request: PromoteRequest): Promise<PromoteAnswer | undefined> {
    const members = await this.#members();
    const known = this.#gates.find(this.#wanted);
    if (members === undefined || members.length === 0 || known === undefined) return undefined;
    const { unit } = known;
    const refused = this.#obstacle(members, request);
    if (refused !== undefined) return this.#answer(refused);
    if (request.dryRun === true) return this.#answer({ kind: "would" });
    if (request.acceptLoss === true) unit.accept();
    const timeoutMs = toMillis(unit.plan.promoteTimeout) + MORE_MS;
    let result: GateResult | undefined;
    const forget = unit.onPromotion((one) => {
      result = one;
    });
    const isForced = request.acceptLoss === true ? ({ isForced: true } as const) : {};
    this.#parts.engine.send({ type: "promoteAsked", unit: unit.plan.unit, ...isForced });
    try {
      return await this.#wait(timeoutMs, () => result);
    } finally {
      forget();
    }
  }

  async #wait(timeoutMs: number, result: () => GateResult | undefined): Promise<PromoteAnswer> {
    for (const until = performance.now() + timeoutMs; performance.now() < until; ) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const now = await this.#members();
      if (now !== undefined && now.length > 0 && now.every(isOpen))
        return this.#answer({ kind: "promoted" });
      const ended = result();
      if (ended !== undefined && ended.outcome !== "done")
        return this.#answer({ kind: "failed", text: ended.text });
    }
    return this.#answer({ kind: "no-answer" });
  }

  #answer(end: PromoteEnd): PromoteAnswer {
    const { unit, subject } = this.#gates.find(this.#wanted) ?? {};
    const texts = (language: Language): string => promoteMessages(language).end(end);
    return {
      name: subject?.name ?? this.#wanted,
      kind: subject?.kind === "GROUP" ? "group" : "instance",
      outcome: OUTCOMES[end.kind],
      reason: end.kind,
      ...(end.kind === "promoted" && { epoch: unit?.status().epoch ?? 0 }),
      text: { en: texts("en"), "zh-CN": texts("zh-CN") },
    };
  }

  async #members(): Promise<readonly InstanceSnapshot[] | undefined> {
    const snapshot = await this.#parts.engine.snapshot(SNAPSHOT_MS);
    const members = this.#gates.find(this.#wanted)?.members ?? [];
    return snapshot?.instances.filter(({ name }) => members.includes(name));
  }

  #obstacle(
    members: readonly InstanceSnapshot[],
    { acceptLoss }: PromoteRequest,
  ): PromoteEnd | undefined {
    if (members.every(isOpen)) return { kind: "already" };
    const isConflict = members.some(({ gate }) => gate?.conflict?.result === "undecided");
    const master = members.flatMap(({ standby }) => standby?.master ?? [])[0];
    if (master !== undefined && !isConflict) return { kind: "owned", by: printIp(master.address) };
    const fault = members.find(
      ({ state, faults }) =>
        state === "FAULT" && faults.some(({ kind }) => kind !== "promotion-refused"),
    );
    if (fault !== undefined) return { kind: "fault", instance: fault.name };
    const unit = this.#gates.find(this.#wanted)?.unit;
    if (unit?.isEligible !== true && acceptLoss !== true && !isConflict)
      return { kind: "not-eligible", why: unit?.why ?? [] };
    if (isConflict && acceptLoss !== true) return { kind: "conflict" };
    if (acceptLoss !== true && members.some(({ gate }) => gate?.isAnswered === true))
      return { kind: "answered" };
    return undefined;
  }
}

const isOpen = ({ gate, state }: InstanceSnapshot): boolean =>
  gate?.phase === "open" && gate.fence === "open" && state === "MASTER";

const OUTCOMES: Readonly<Record<PromoteEnd["kind"], PromoteAnswer["outcome"]>> = {
  promoted: "promoted",
  already: "promoted",
  would: "would-promote",
  failed: "refused",
  owned: "refused",
  fault: "refused",
  conflict: "refused",
  answered: "refused",
  "not-eligible": "refused",
  "no-answer": "refused",
};

/** What an operator did is kept with who it was, before it is answered. */
async function record(
  { log, language, events = NO_EVENTS }: PromoteParts,
  { name, kind, outcome, text }: PromoteAnswer,
  { acceptLoss, why }: PromoteRequest,
  by: Caller,
): Promise<void> {
  const because = why === undefined ? "" : ` (${why})`;
  const loss = acceptLoss === true ? " --accept-loss" : "";
  const said = {
    en: `promote${loss} of ${name} by ${printCaller(by)}${because}: ${text.en}`,
    "zh-CN": `${printCaller(by)} 对 ${name} 执行 promote${loss}${because}：${text["zh-CN"]}`,
  };
  const isFine = outcome === "promoted" && acceptLoss !== true;
  const severity = isFine ? "info" : "warning";
  log(severity, `(${name}) ${said[language]}`, { action: "promote", outcome });
  events.record({
    kind: "operator",
    severity,
    ...(kind === "group" ? { group: name } : { instance: name }),
    text: said,
    data: {
      action: "promote",
      by,
      ...(why !== undefined && { why }),
      outcome,
      ...(acceptLoss === true && { acceptLoss }),
    },
  });
  await events.settled();
}
