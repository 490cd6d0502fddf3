/** `gate`: where it stands, what it contradicts, and what it cannot do. */
import { fromSeconds, toSeconds } from "#units/time";
import {
  type Block,
  blocksOf,
  hasSetting,
  lastSetting,
  nameOf,
  numberOf,
  placeOf,
  type Setting,
  textOf,
} from "../blocks/block.ts";
import { DATABASES, FENCE_MAX } from "../keywords/gate.ts";
import {
  gateIn,
  gateOf,
  groupOf,
  isOwner,
  wantsNopreempt,
  writtenState,
} from "../model/effective.ts";
import type { Model } from "../model/model.ts";
import { apiOf } from "../plan/api.ts";
import { fenceOf, planGate, readFence, readRefusal, writtenFence } from "../plan/gate.ts";
import { havipOf } from "../plan/havip.ts";
import type { Rule, RuleContext } from "./rule.ts";

export const checkGate: Rule = (context) => {
  const { model } = context;
  for (const instance of model.instances) {
    checkMember(context, instance);
    checkElection(context, instance);
  }
  for (const unit of [...model.groups, ...model.instances]) {
    const gate = gateIn(unit);
    if (gate === undefined) continue;
    checkContent(context, gate);
    checkFence(context, gate);
    checkName(context, unit);
    checkTimes(context, gate, unit);
  }
};

/** Members change state together, so what one of them waits for is the group's. */
function checkMember({ model, report }: RuleContext, instance: Block): void {
  const group = groupOf(instance, model);
  const own = gateIn(instance);
  if (group === undefined || own === undefined) return;
  const shared = gateIn(group);
  const facts = { instance: nameOf(instance), group: nameOf(group), isTwice: shared !== undefined };
  report("VR2102", placeOf(own), facts, { related: [placeOf(shared ?? group)] });
}

/** What a gate makes of priorities and preemption. */
function checkElection({ model, report }: RuleContext, instance: Block): void {
  const gate = gateOf(instance, model);
  if (gate === undefined) return;
  const name = nameOf(instance);
  const related = [placeOf(gate)];
  if (isOwner(instance)) {
    const place = lastSetting(instance, "priority")?.args[0]?.span ?? placeOf(instance);
    report("VR2100", place, { instance: name }, { related });
    return;
  }
  const cause = causeOfPreemption(instance);
  if (cause === undefined) return;
  const [keyword, setting] = cause;
  report("VR2101", setting.token.span, { instance: name, keyword }, { related });
}

/** What says that the address is to be taken back; not saying `nopreempt` is no such thing. */
function causeOfPreemption(
  instance: Block,
): readonly ["preempt" | "preempt_delay" | "hold_down" | "state MASTER", Setting] | undefined {
  for (const keyword of ["preempt_delay", "hold_down"] as const) {
    const setting = lastSetting(instance, keyword);
    const isOff = keyword === "preempt_delay" && numberOf(instance, keyword) === 0;
    if (setting !== undefined && !isOff) return [keyword, setting];
  }
  const state = lastSetting(instance, "state");
  if (state !== undefined && writtenState(instance) === "MASTER") return ["state MASTER", state];
  const preempt = lastSetting(instance, "preempt");
  return preempt === undefined || wantsNopreempt(instance) ? undefined : ["preempt", preempt];
}

const DOES_SOMETHING = ["promote", "demote", "fence", "drain", "reset_connections"] as const;

function checkContent({ report, add }: RuleContext, gate: Block): void {
  const [first, second] = gate.settings.filter(({ keyword }) =>
    (DATABASES as readonly string[]).includes(keyword.word),
  );
  if (first !== undefined && second !== undefined) {
    const facts = { first: first.keyword.word, second: second.keyword.word };
    report("VR2105", second.token.span, facts, { related: [first.token.span] });
  }
  const refusal = lastSetting(gate, "on_refusal");
  if (refusal !== undefined) readRefusal(refusal, add);
  if (gate.damaged || first !== undefined) return;
  const isTried = (word: string): boolean =>
    hasSetting(gate, word) || gate.attempted.includes(word);
  if (!DOES_SOMETHING.some(isTried)) report("VR2103", placeOf(gate), {});
  else if (isTried("promote") && !isTried("demote"))
    report("VR2104", lastSetting(gate, "promote")?.token.span ?? placeOf(gate), {});
}

/** Of a group with a gate: instances outside it may have no gate, and still are asked about. */
function checkName({ model, report }: RuleContext, unit: Block): void {
  const name = nameOf(unit);
  if (unit.word !== "vrrp_sync_group") return;
  const other = model.instances.find((one) => nameOf(one) === name);
  if (other === undefined || groupOf(other, model) === unit) return;
  report("VR2126", placeOf(unit), { name }, { related: [placeOf(other)] });
}

const DEMOTES = ["demote", ...DATABASES] as const;
/** Number of the protocol, which has no ports. */
const VRRP = 112;

function checkFence({ model, report, add }: RuleContext, gate: Block): void {
  const api = apiOf(model)?.listen.flatMap((one) => (one.kind === "tcp" ? [one.port] : [])) ?? [];
  for (const setting of gate.settings) {
    if (setting.keyword.word !== "fence") continue;
    const ports = readFence(setting, add);
    for (const { text, span } of setting.args.slice(1)) {
      const found = ports.find(({ port }) => String(port) === text);
      if (found === undefined) continue;
      const why = found.port === VRRP ? "vrrp" : api.includes(found.port) ? "api" : undefined;
      if (why !== undefined) report("VR2106", span, { ...found, why });
    }
  }
  const written = writtenFence(gate).length;
  const last = lastSetting(gate, "fence");
  if (written > FENCE_MAX && last !== undefined)
    report("VR2127", last.token.span, { ports: written, max: FENCE_MAX });
  if (gate.damaged) return;
  const fence = fenceOf(gate);
  const isTried = gate.attempted.includes("fence");
  const drain = lastSetting(gate, "drain");
  const seconds = numberOf(gate, "drain") ?? 0;
  // A stateless service goes on taking connections, which the next owner takes in the end.
  const isDemoted = DEMOTES.some((word) => hasSetting(gate, word));
  if (drain !== undefined && seconds > 0 && isDemoted && fence.length === 0 && !isTried)
    report("VR2107", drain.token.span, { seconds: String(seconds) });
  const probe = lastSetting(gate, "takeover_probe");
  const hasPort = fence.some(({ protocol }) => protocol === "tcp");
  if (probe !== undefined && textOf(gate, "takeover_probe") === "service" && !hasPort && !isTried)
    report("VR2109", probe.args[0]?.span ?? probe.token.span, {});
}

/** systemd's default `TimeoutStopSec=`, less what the rest of a stop may take. */
const STOP_MAX = 80;

function checkTimes({ model, report }: RuleContext, gate: Block, unit: Block): void {
  const plan = planGate(unit, model);
  if (plan === undefined) return;
  const wait = Math.max(0, ...membersOf(unit, model).map((one) => waitOf(one, model)));
  const seconds = toSeconds(plan.drain) + toSeconds(plan.demoteTimeout) + wait;
  if (seconds <= STOP_MAX) return;
  report("VR2108", placeOf(gate), { seconds: String(Math.round(seconds)), max: STOP_MAX });
}

const membersOf = (unit: Block, model: Model): readonly Block[] =>
  unit.word === "vrrp_instance"
    ? [unit]
    : model.instances.filter((instance) => groupOf(instance, model) === unit);

const waitOf = (instance: Block, model: Model): number =>
  toSeconds(havipOf(instance, model)?.handoverWait ?? fromSeconds(0));

/** Every gate's database with the gate and its instances. */
export function databasesOf(model: Model): readonly {
  readonly database: Block;
  readonly gate: Block;
  readonly members: readonly Block[];
}[] {
  return [...model.groups, ...model.instances].flatMap((unit) => {
    const gate = gateIn(unit);
    if (gate === undefined) return [];
    const members = membersOf(unit, model);
    return DATABASES.flatMap((word) =>
      blocksOf(gate, word).map((database) => ({ database, gate, members })),
    );
  });
}
