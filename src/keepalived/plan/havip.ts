/** `havip`: what the instance's own block says counts before the global one. */
import { fromSeconds, toSeconds } from "#units/time";
import { type Block, blocksOf, numberOf, textOf } from "../blocks/block.ts";
import { HANDOVER_WAIT } from "../keywords/havip.ts";
import type { Model } from "../model/model.ts";
import type { HavipPlan } from "./run-plan.ts";

/** The last one counts, as for every keyword. */
export const globalHavip = (model: Model): Block | undefined =>
  blocksOf(model.globals, "havip").at(-1);

export function havipOf(instance: Block, model: Model): HavipPlan | undefined {
  const blocks = [blocksOf(instance, "havip").at(-1), globalHavip(model)].filter(
    (block) => block !== undefined,
  );
  if (blocks.length === 0) return undefined;
  const pick = (word: string): string | undefined => {
    for (const block of blocks) {
      const value = textOf(block, word);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const waits = blocks.map((block) => numberOf(block, "handover_wait"));
  return {
    endpoint: pick("endpoint"),
    region: pick("region"),
    instanceId: pick("instance_id"),
    credentialsFile: pick("credentials_file"),
    handoverWait: fromSeconds(waits.find((value) => value !== undefined) ?? HANDOVER_WAIT),
  };
}

/** For `baton config show --effective`. */
export function printHavip(plan: HavipPlan): string {
  const settings: readonly (readonly [string, string | undefined])[] = [
    ["endpoint", plan.endpoint],
    ["region", plan.region],
    ["instance_id", plan.instanceId],
    ["credentials_file", plan.credentialsFile],
    ["handover_wait", String(toSeconds(plan.handoverWait))],
  ];
  return settings
    .flatMap(([word, value]) => (value === undefined ? [] : [`${word} ${value}`]))
    .join(" ");
}
