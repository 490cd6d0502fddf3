/** Notify scripts and other commands. */
import { fromSeconds, type Micros } from "#units/time";
import { type Block, lastSetting, numberOf } from "../blocks/block.ts";
import { inheritedFlag } from "../model/effective.ts";
import type { Model } from "../model/model.ts";
import type { ScriptCommand } from "../values/value.ts";
import type { CommandPlan, NotifyPlan, UserPlan } from "./run-plan.ts";

export function userOf(block: Block, word: string): UserPlan | undefined {
  const value = lastSetting(block, word)?.value;
  return value?.kind === "user" ? { user: value.user, group: value.group } : undefined;
}

/** `user` of the command itself, else `script_user`; undefined: keepalived's default account. */
export function planCommand(
  command: ScriptCommand,
  model: Model,
  timeout: Micros | undefined,
  user: UserPlan | undefined,
): CommandPlan {
  const own = command.user === undefined ? undefined : { user: command.user, group: command.group };
  return { argv: command.argv, user: own ?? user ?? userOf(model.globals, "script_user"), timeout };
}

export function commandOf(
  block: Block,
  word: string,
  model: Model,
  timeout?: Micros,
): CommandPlan | undefined {
  const value = lastSetting(block, word)?.value;
  if (value?.kind !== "command" || value.command === undefined) return undefined;
  return planCommand(value.command, model, timeout, undefined);
}

export function notifyOf(block: Block, model: Model): NotifyPlan {
  const timeout = timeoutOf(block, model);
  const script = (word: string): CommandPlan | undefined => commandOf(block, word, model, timeout);
  return {
    master: script("notify_master"),
    backup: script("notify_backup"),
    fault: script("notify_fault"),
    stop: script("notify_stop"),
    deleted: script("notify_deleted"),
    masterRxLowerPri: script("notify_master_rx_lower_pri"),
    any: script("notify"),
    priorityChanges: inheritedFlag(block, model, "notify_priority_changes") ?? false,
  };
}

/** Undefined: a script may take as long as it takes. */
function timeoutOf(block: Block, model: Model): Micros | undefined {
  const word = "notify_timeout";
  const seconds = numberOf(block, word) ?? numberOf(model.globals, word);
  return seconds === undefined ? undefined : fromSeconds(seconds);
}

/** `startup_script` and `shutdown_script` with their time-outs. */
export function timedCommand(model: Model, word: string): CommandPlan | undefined {
  const seconds = numberOf(model.globals, `${word}_timeout`) ?? 10;
  return commandOf(model.globals, word, model, fromSeconds(seconds));
}
