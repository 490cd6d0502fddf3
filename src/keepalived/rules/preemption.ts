/**
 * `state`, `priority`, `nopreempt` and `preempt_delay`, which keepalived corrects when they
 * contradict each other.
 */

import { hasSetting, lastSetting, nameOf, numberOf, placeOf } from "../blocks/block.ts";
import {
  gateOf,
  isOwner,
  isStrict,
  priorityOf,
  stateOf,
  wantsNopreempt,
  writtenState,
} from "../model/effective.ts";
import { ownTrackers } from "../plan/trackers.ts";
import { deletionOf } from "./deletion.ts";
import type { Rule } from "./rule.ts";

export const checkPreemption: Rule = ({ model, report, sources }) => {
  for (const block of model.instances) {
    const instance = nameOf(block);
    const strict = isStrict(block, model);
    const state = lastSetting(block, "state");
    const nopreempt = lastSetting(block, "nopreempt");
    const master = writtenState(block) === "MASTER" && stateOf(block, model) === "MASTER";
    if (
      master &&
      !hasSetting(block, "priority") &&
      !block.damaged &&
      !block.attempted.includes("priority")
    ) {
      report("VR2027", state?.token.span ?? placeOf(block), { instance });
    }
    const isGated = gateOf(block, model) !== undefined;
    if (nopreempt !== undefined && wantsNopreempt(block) && !isGated) {
      const related = state === undefined ? [] : [state.token.span];
      if (master) {
        const value = state?.args[0]?.span ?? placeOf(block);
        const edits = [{ span: value, text: "BACKUP" }];
        const extras = { related, fix: { safety: "maybe" as const, edits } };
        report("VR2023", nopreempt.token.span, { instance, priority: priorityOf(block) }, extras);
      } else if (isOwner(block)) report("VR2025", nopreempt.token.span, { instance });
    }
    const delay = lastSetting(block, "preempt_delay");
    const seconds = numberOf(block, "preempt_delay") ?? 0;
    if (
      delay !== undefined &&
      seconds > 0 &&
      (master || wantsNopreempt(block)) &&
      !strict &&
      !isGated
    ) {
      const why = master ? "state MASTER" : "nopreempt";
      const cause = master ? state : nopreempt;
      const related = cause === undefined ? [] : [cause.token.span];
      const span = delay.token.span;
      const fix = deletionOf(delay, sources);
      const extras = { related, ...(fix === undefined ? {} : { fix }) };
      const facts = { instance, keyword: "preempt_delay", why, seconds: String(seconds) } as const;
      report("VR2024", span, facts, extras);
    }
    if (isOwner(block)) {
      const weighted = ownTrackers(block, model).filter(({ weight }) => weight !== 0);
      const place = lastSetting(block, "priority")?.token.span ?? placeOf(block);
      const trackers = weighted.map(({ name }) => name);
      if (trackers.length > 0) report("VR2026", place, { instance, trackers });
    }
  }
};
