/**
 * The list of rules, in the order in which they run. Order matters only for findings at the same
 * place.
 */
import type { Code } from "#diagnostics/codes";
import type { AnyFinding } from "#diagnostics/diagnostic";
import type { Source, Span } from "#diagnostics/source";
import { createCollector } from "../findings/collector.ts";
import type { Model } from "../model/model.ts";
import { checkActedOn } from "./acted-on.ts";
import { checkAddresses } from "./addresses.ts";
import { checkAlert } from "./alert.ts";
import { checkApi } from "./api.ts";
import { checkAuthentication } from "./authentication.ts";
import { checkSessions } from "./bfd-sessions.ts";
import { checkChecks } from "./checks.ts";
import { type CloudVendor, guessCloud, type KnownVendor } from "./cloud-vendor.ts";
import { checkClouds } from "./clouds.ts";
import { checkCommands } from "./commands.ts";
import { checkDumpFiles } from "./dump-files.ts";
import { checkEvents } from "./events.ts";
import { checkGate } from "./gate.ts";
import { checkGateDatabase } from "./gate-database.ts";
import { checkGlobalsLast } from "./globals-last.ts";
import { checkHavip } from "./havip.ts";
import { checkInitFail } from "./init-fail.ts";
import { checkInterval } from "./interval.ts";
import { checkMail } from "./mail.ts";
import { checkOwnBlocks } from "./own-blocks.ts";
import { checkOwnKeywords } from "./own-keywords.ts";
import { checkPreemption } from "./preemption.ts";
import { checkRepeated } from "./repeated.ts";
import { checkRequired } from "./required.ts";
import { checkRouterIds } from "./router-ids.ts";
import { collect, type Rule } from "./rule.ts";
import { checkScriptTimes } from "./script-times.ts";
import { checkSigning } from "./signing.ts";
import { checkStrict } from "./strict.ts";
import { checkSyncGroups } from "./sync-groups.ts";
import { checkTrackedTwice } from "./tracked-twice.ts";
import { checkTrackerReferences } from "./tracker-references.ts";
import { checkUnicast } from "./unicast.ts";
import { checkVmac } from "./vmac.ts";
import { checkWeights } from "./weights.ts";
import { checkWholeFile } from "./whole-file.ts";
import { checkZeroInterval } from "./zero-interval.ts";

export const RULES: readonly Rule[] = [
  checkWholeFile,
  checkRequired,
  checkTrackerReferences,
  checkRouterIds,
  checkSyncGroups,
  checkAddresses,
  checkUnicast,
  checkVmac,
  checkPreemption,
  checkAuthentication,
  checkSigning,
  checkInterval,
  checkRepeated,
  checkTrackedTwice,
  checkSessions,
  checkScriptTimes,
  checkCommands,
  checkWeights,
  checkStrict,
  checkMail,
  checkClouds,
  checkGlobalsLast,
  checkZeroInterval,
  checkInitFail,
  checkOwnKeywords,
  checkEvents,
  checkDumpFiles,
  checkOwnBlocks,
  checkHavip,
  checkGate,
  checkGateDatabase,
  checkChecks,
  checkApi,
  checkAlert,
  checkActedOn,
];

export interface RuleInput {
  readonly cloud: CloudVendor | undefined;
  readonly configId: string | undefined;
  readonly conditional: Span | undefined;
  readonly sources: readonly Source[];
  readonly lineOf: (span: Span) => number;
  /** Keep every finding. */
  readonly isComplete: boolean;
}

export interface RuleResult {
  readonly findings: readonly AnyFinding[];
  readonly dropped: ReadonlyMap<Code, number>;
  /**
   * False: keepalived would not run, perhaps for a reason that is only a consequence and was not
   * reported.
   */
  readonly wouldRun: boolean;
  /** The cloud that the advice is for. */
  readonly cloud: KnownVendor | undefined;
}

export function runRules(model: Model, input: RuleInput): RuleResult {
  const collector = createCollector(input.isComplete);
  let wouldRun = true;
  const guessed = guessCloud(input.sources.map(({ text }) => text));
  const cloud = input.cloud === "none" ? undefined : (input.cloud ?? guessed);
  for (const rule of RULES) {
    rule({
      model,
      cloud,
      configId: input.configId,
      conditional: input.conditional,
      sources: input.sources,
      lineOf: input.lineOf,
      report: collect(collector.report),
      add: collector.report,
      stop: () => {
        wouldRun = false;
      },
    });
  }
  return { findings: collector.found, dropped: collector.dropped, wouldRun, cloud };
}
