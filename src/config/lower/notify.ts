/** Notify scripts and other commands. */
import { fromSeconds, type Micros } from "#units/time";
import { inheritedFlag } from "../effective.ts";
import type { Model } from "../model.ts";
import type { CommandPlan, NotifyPlan, UserPlan } from "../plan.ts";
import { type Block, lastSetting, numberOf } from "../records.ts";
import type { Command } from "../value.ts";

export function userOf(block: Block, word: string): UserPlan | undefined {
  const value = lastSetting(block, word)?.value;
  return value?.kind === "user" ? { user: value.user, group: value.group } : undefined;
}

/** `user` of the command itself, else `script_user`; undefined: what the machine has. */
export function planCommand(
  command: Command,
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
  return {
    master: commandOf(block, "notify_master", model),
    backup: commandOf(block, "notify_backup", model),
    fault: commandOf(block, "notify_fault", model),
    stop: commandOf(block, "notify_stop", model),
    deleted: commandOf(block, "notify_deleted", model),
    masterRxLowerPri: commandOf(block, "notify_master_rx_lower_pri", model),
    any: commandOf(block, "notify", model),
    priorityChanges: inheritedFlag(block, model, "notify_priority_changes") ?? false,
  };
}

/** `startup_script` and `shutdown_script` with their time-outs. */
export function timedCommand(model: Model, word: string): CommandPlan | undefined {
  const seconds = numberOf(model.globals, `${word}_timeout`) ?? 10;
  return commandOf(model.globals, word, model, fromSeconds(seconds));
}
