/**
 * `auth_hmac`. What would leave an instance without the signatures that were asked for is fatal: it
 * would send what peers refuse, and hear what anybody forges. keepalived goes on without them.
 */
import {
  type Block,
  blocksOf,
  hasSetting,
  lastSetting,
  nameOf,
  numberOf,
  placeOf,
} from "../blocks/block.ts";
import {
  antiReplayOf,
  modeOf,
  signingBlock,
  usableKeys,
  type WrittenKey,
  writtenKeys,
} from "../model/signing.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** Of group and others. */
const OTHERS_READ = 0o044;
const OTHERS_WRITE = 0o022;

export const checkSigning: Rule = (context) => {
  const { model } = context;
  for (const instance of model.instances) {
    const block = signingBlock(instance);
    if (block === undefined || instance.damaged || block.damaged) continue;
    const keys = writtenKeys(block, model);
    for (const key of keys) checkKey(context, key);
    checkActive(context, instance, block, keys);
    checkRest(context, instance, block);
  }
};

function checkKey(
  { report }: RuleContext,
  { place, id, problem, isSecond, file }: WrittenKey,
): void {
  if (problem?.kind === "file")
    report("VR5005", place, { path: problem.path, error: problem.error });
  else if (problem !== undefined)
    report("VR2130", place, {
      why: problem.kind,
      bytes: problem.kind === "length" ? problem.bytes : 0,
      path: file?.path,
    });
  if (isSecond && id !== undefined) report("VR2131", place, { id });
  if (file === undefined || problem !== undefined) return;
  const { path, mode } = file;
  const isWritable = (mode & OTHERS_WRITE) !== 0;
  if (isWritable || (mode & OTHERS_READ) !== 0)
    report("VR5006", place, { path, mode: (mode & 0o777).toString(8), isWritable });
}

function checkActive(
  { report }: RuleContext,
  instance: Block,
  block: Block,
  keys: readonly WrittenKey[],
): void {
  const facts = { instance: nameOf(instance) };
  if (keys.length === 0) {
    if (!block.attempted.includes("key"))
      report("VR2132", placeOf(block), { ...facts, lacks: "key", active: undefined });
    return;
  }
  const active = numberOf(block, "active_key");
  if (active === undefined) {
    if (!block.attempted.includes("active_key"))
      report("VR2132", placeOf(block), { ...facts, lacks: "active_key", active });
    return;
  }
  // A key that is there and cannot be used has been reported.
  const isThere = keys.some(({ id, problem }) => id === active || problem?.kind === "id");
  if (usableKeys(keys).some(({ id }) => id === active) || isThere) return;
  const span = lastSetting(block, "active_key")?.args[0]?.span ?? placeOf(block);
  report("VR2132", span, { ...facts, lacks: "that key", active });
}

function checkRest({ model, report }: RuleContext, instance: Block, block: Block): void {
  const beside = blocksOf(instance, "authentication").at(-1);
  if (beside !== undefined) report("VR2133", placeOf(beside), { instance: nameOf(instance) });
  const window = lastSetting(block, "time_window");
  if (window !== undefined && antiReplayOf(block) === "monotonic")
    report("VR2134", window.token.span, {});
  const mode = modeOf(block, instance, model);
  const span = hasSetting(block, "mode") ? lastSetting(block, "mode")?.token.span : undefined;
  if (mode !== "enforce" && span !== undefined)
    report("VR2135", span, { instance: nameOf(instance), mode });
}
