/** The model to the plan: what keepalived would run, as far as Baton can run it. */

import { fromSeconds, type Micros } from "#units/time";
import type { TrackerKind } from "#vrrp/router/config";
import {
  type Block,
  booleanOf,
  hasSetting,
  itemsOf,
  lastSetting,
  nameOf,
  numberOf,
  textOf,
} from "../blocks/block.ts";
import type { Model } from "../model/model.ts";
import { alertsOf } from "./alert.ts";
import { apiOf } from "./api.ts";
import { sessionsOf } from "./bfd.ts";
import { planCheck } from "./checks.ts";
import { dumpsOf } from "./dumps.ts";
import { eventsOf } from "./events.ts";
import { planGate } from "./gate.ts";
import { havipOf } from "./havip.ts";
import { planInstance } from "./instance.ts";
import { linkDelaysOf } from "./link-delays.ts";
import { isMailed, mailOf } from "./mail.ts";
import { commandOf, notifyOf, planCommand, timedCommand, userOf } from "./notify.ts";
import type {
  FileTrackerPlan,
  Globals,
  GroupPlan,
  InstancePlan,
  ProcessTrackerPlan,
  RunPlan,
  ScriptPlan,
  UserPlan,
} from "./run-plan.ts";

export function makePlan(model: Model): RunPlan {
  const instances = model.instances.flatMap((block): InstancePlan[] => {
    const havip = havipOf(block, model);
    const config = planInstance(block, model, havip);
    const gate = planGate(block, model);
    const more = {
      ...(havip === undefined ? {} : { havip }),
      ...(isMailed(block, model) ? { isMailed: true as const } : {}),
      ...(gate === undefined ? {} : { gate }),
    };
    return config === undefined ? [] : [{ config, notify: notifyOf(block, model), ...more }];
  });
  const alerts = alertsOf(model);
  const used = new Set(
    instances.flatMap(({ config }) =>
      config.router.trackers.map(({ kind, name }) => `${kind} ${name}`),
    ),
  );
  const tracked = (kind: TrackerKind, block: Block): boolean =>
    used.has(`${kind} ${nameOf(block)}`);
  const checks = model.checks
    .filter((block) => tracked("script", block))
    .flatMap((block) => planCheck(block) ?? []);
  const sessions = [...sessionsOf(model).values()].filter(({ name }) => used.has(`bfd ${name}`));
  const delays = linkDelaysOf(
    model,
    instances.map(({ config }) => config),
  );
  const api = apiOf(model);
  const events = eventsOf(model);
  return {
    globals: planGlobals(model),
    instances,
    groups: planGroups(model, instances),
    scripts: model.scripts
      .filter((block) => tracked("script", block))
      .flatMap((block) => planScript(block, model) ?? []),
    files: model.files
      .filter((block) => tracked("file", block))
      .flatMap((block) => planFile(block) ?? []),
    processes: model.processes
      .filter((block) => tracked("process", block))
      .flatMap((block) => planProcess(block) ?? []),
    ...(checks.length === 0 ? {} : { checks }),
    ...(sessions.length === 0 ? {} : { sessions }),
    ...(delays.length === 0 ? {} : { linkDelays: delays }),
    ...(api === undefined ? {} : { api }),
    ...(alerts === undefined ? {} : { alerts }),
    ...(events === undefined ? {} : { events }),
  };
}

function planGlobals(model: Model): Globals {
  const { globals } = model;
  const pipe = planPipe(globals, "notify_fifo");
  const vrrpPipe = planPipe(globals, "vrrp_notify_fifo");
  const reader = commandOf(globals, "notify_fifo_script", model);
  const vrrpReader = commandOf(globals, "vrrp_notify_fifo_script", model);
  const mail = mailOf(model);
  const dumps = dumpsOf(model);
  return {
    routerId: textOf(globals, "router_id"),
    scriptUser: userOf(globals, "script_user"),
    enableScriptSecurity: hasSetting(globals, "enable_script_security"),
    notifyFifo: pipe?.path,
    vrrpNotifyFifo: vrrpPipe?.path,
    ...(pipe?.owner === undefined ? {} : { notifyFifoOwner: pipe.owner }),
    ...(vrrpPipe?.owner === undefined ? {} : { vrrpNotifyFifoOwner: vrrpPipe.owner }),
    ...(hasSetting(globals, "fifo_write_vrrp_states_on_reload")
      ? { fifoStatesOnReload: true as const }
      : {}),
    ...(hasSetting(globals, "log_unknown_vrids") ? { logUnknownVrids: true as const } : {}),
    ...(reader === undefined ? {} : { notifyFifoScript: reader }),
    ...(vrrpReader === undefined ? {} : { vrrpNotifyFifoScript: vrrpReader }),
    startupScript: timedCommand(model, "startup_script"),
    shutdownScript: timedCommand(model, "shutdown_script"),
    ...(mail === undefined ? {} : { mail }),
    ...(dumps === undefined ? {} : { dumps }),
  };
}

interface Pipe {
  readonly path: string;
  readonly owner: UserPlan | undefined;
}

/** keepalived 2.2.7: a pipe without an owner of its own belongs to `script_user`. */
function planPipe(globals: Block, word: string): Pipe | undefined {
  const value = lastSetting(globals, word)?.value;
  if (value?.kind !== "texts") return undefined;
  const [path, user, group] = value.values;
  if (path === undefined) return undefined;
  const owner = user === undefined ? userOf(globals, "script_user") : { user, group };
  return { path, owner };
}

/** A member that is unknown, or that is in an earlier group already, does not count. */
function planGroups(model: Model, instances: readonly InstancePlan[]): readonly GroupPlan[] {
  const groupOfMember = new Map(
    instances.map(({ config }) => [config.router.name, config.group] as const),
  );
  return model.groups.flatMap((group): GroupPlan[] => {
    const members = itemsOf(group, "group", "name")
      .map(({ token }) => token.text)
      .filter((name) => groupOfMember.get(name) === nameOf(group));
    if (members.length === 0) return [];
    const mailed = isMailed(group, model) ? { isMailed: true as const } : {};
    const notify = notifyOf(group, model);
    const gate = planGate(group, model);
    const gated = gate === undefined ? {} : { gate };
    return [{ name: nameOf(group), members: [...new Set(members)], notify, ...mailed, ...gated }];
  });
}

function planScript(block: Block, model: Model): ScriptPlan | undefined {
  const value = lastSetting(block, "script")?.value;
  if (value?.kind !== "command" || value.command === undefined) return undefined;
  const interval = numberOf(block, "interval") ?? 1;
  return {
    name: nameOf(block),
    command: planCommand(value.command, model, undefined, userOf(block, "user")),
    interval: fromSeconds(interval),
    timeout: fromSeconds(numberOf(block, "timeout") ?? interval),
    rise: numberOf(block, "rise") ?? 1,
    fall: numberOf(block, "fall") ?? 1,
    initFail: booleanOf(block, "init_fail") ?? false,
  };
}

function planFile(block: Block): FileTrackerPlan | undefined {
  const file = textOf(block, "file");
  if (file === undefined) return undefined;
  const init = lastSetting(block, "init_file")?.value;
  const values = init?.kind === "texts" ? init.values : undefined;
  const number = values?.find((word) => /^-?[0-9]+$/.test(word));
  return {
    name: nameOf(block),
    file,
    initValue: values === undefined ? undefined : Number(number ?? 0),
    initOverwrite: values?.includes("overwrite") ?? false,
  };
}

function planProcess(block: Block): ProcessTrackerPlan | undefined {
  const value = lastSetting(block, "process")?.value;
  if (value?.kind !== "command" || value.command === undefined) return undefined;
  const { argv } = value.command;
  const match = textOf(block, "param_match");
  const delay = numberOf(block, "delay") ?? 0;
  return {
    name: nameOf(block),
    argv,
    paramMatch: paramMatch(match, argv.length > 1),
    // Whatever stands behind `full_command`: keepalived 2.2.7 reads no argument. Parameters are
    // part of the full command.
    fullCommand:
      hasSetting(block, "full_command") ||
      argv.length > 1 ||
      (hasSetting(block, "param_match") && match !== "exact"),
    ...quorumOf(block),
    forkDelay: seconds(numberOf(block, "fork_delay") ?? delay),
    terminateDelay: seconds(numberOf(block, "terminate_delay") ?? delay),
  };
}

/**
 * In the order of the file: of two that contradict each other, keepalived ignores the later one.
 */
function quorumOf(block: Block): Pick<ProcessTrackerPlan, "quorum" | "quorumMax"> {
  let quorum = 1;
  let isWritten = false;
  let quorumMax: number | undefined;
  for (const { keyword, value } of block.settings) {
    if (value.kind !== "number" || value.value === undefined) continue;
    const number = value.value;
    if (keyword.word === "quorum" && (quorumMax === undefined || number <= quorumMax)) {
      quorum = number;
      isWritten = true;
    } else if (keyword.word === "quorum_max") {
      // "None of them may run."
      if (number === 0 && !isWritten) quorum = 0;
      if (number >= quorum) quorumMax = number;
    }
  }
  return { quorum, quorumMax };
}

/** Parameters are compared only where some are given. */
function paramMatch(
  text: string | undefined,
  hasParameters: boolean,
): ProcessTrackerPlan["paramMatch"] {
  if (text === "initial" || text === "partial") return text;
  return hasParameters ? "exact" : "none";
}

const seconds = (value: number): Micros => fromSeconds(value);
