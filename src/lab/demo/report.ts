/** Results as a table for people and as a file for machines. */

import type { ObservedFault } from "../measure/scenario.ts";
import type { Table } from "../measure/table.ts";
import type { CloudText } from "./cloud-text.ts";
import { type DemoText, daemonName } from "./demo-text.ts";

/** Probes are 1 ms apart, so finer figures would be meaningless. */
export function printMilliseconds(value: number): string {
  if (value === 0) return "0 ms";
  if (value < 10) return `${value.toFixed(1)} ms`;
  return `${Math.round(value)} ms`;
}

/** Undefined: every probe was answered in time. */
export const printOutage = (value: number): string | undefined =>
  value === 0 ? undefined : printMilliseconds(value);

/** An answer counts as late after 20 ms; a prober that paused longer measured itself. */
const PAUSE_MILLISECONDS = 20;

export const hasPaused = ({ proberPauseMilliseconds }: ObservedFault): boolean =>
  proberPauseMilliseconds > PAUSE_MILLISECONDS;

/** What the columns mean, and which rows a busy machine has spoilt. */
export function legendOf(
  results: readonly ObservedFault[],
  text: DemoText,
  cloud: CloudText | undefined,
): string {
  const paused = results.filter(hasPaused);
  const longest = Math.max(0, ...paused.map((one) => one.proberPauseMilliseconds));
  const faults = [...new Set(paused.map(({ fault }) => fault))].join(",");
  return [
    (cloud ?? text).legend,
    text.dualLegend,
    ...(paused.length === 0
      ? []
      : [text.pausedLegend(printMilliseconds(longest), `npm start -- --faults ${faults}`)]),
  ].join("\n");
}

export function printOwners(names: readonly string[], text: DemoText): string {
  return names.length === 0 ? text.nobody : names.join(" + ");
}

/** One row for each result, in the order given. */
export function faultTable(
  results: readonly ObservedFault[],
  text: DemoText,
  cloud?: CloudText,
): Table {
  return cloud === undefined ? bridgeTable(results, text) : cloudTable(results, text, cloud);
}

function bridgeTable(results: readonly ObservedFault[], text: DemoText): Table {
  const { columns } = text;
  return {
    columns: [
      { title: columns.fault, align: "left" },
      { title: columns.daemon, align: "left" },
      { title: columns.outage, align: "right" },
      { title: columns.lost, align: "right" },
      { title: columns.dual, align: "right" },
      { title: columns.before, align: "left" },
      { title: columns.after, align: "left" },
    ],
    rows: titled(results, text).map(({ title, result }) => [
      title,
      daemonName(result.daemon),
      `${printMilliseconds(result.outageMilliseconds)}${hasPaused(result) ? " *" : ""}`,
      String(result.lost),
      printDual(result, text),
      result.before,
      printOwners(result.after, text),
    ]),
  };
}

/** The views of both clients side by side, and where the platform says the address is. */
function cloudTable(results: readonly ObservedFault[], text: DemoText, cloud: CloudText): Table {
  const { columns } = text;
  return {
    columns: [
      { title: columns.fault, align: "left" },
      { title: columns.daemon, align: "left" },
      { title: cloud.columns.inside, align: "right" },
      { title: cloud.columns.outside, align: "right" },
      { title: cloud.columns.platform, align: "right" },
      { title: columns.dual, align: "right" },
      { title: cloud.columns.havip, align: "left" },
    ],
    rows: titled(results, text).map(({ title, result }) => [
      title,
      daemonName(result.daemon),
      `${printLoss(result.outageMilliseconds, result.lost)}${hasPaused(result) ? " *" : ""}`,
      printLoss(result.cloud?.outageMilliseconds, result.cloud?.lost),
      printOptional(result.cloud?.platformMilliseconds),
      printDual(result, text),
      `${result.cloud?.before ?? "-"} → ${result.cloud?.after ?? "-"}`,
    ]),
  };
}

/** A fault's name is shown in its first row only. */
function titled(
  results: readonly ObservedFault[],
  text: DemoText,
): readonly { readonly title: string; readonly result: ObservedFault }[] {
  return results.map((result, index) => {
    const isSame = results[index - 1]?.fault === result.fault;
    return { title: isSame ? "" : text.faultShort[result.fault], result };
  });
}

function printDual({ dualMilliseconds, dualOpen }: ObservedFault, text: DemoText): string {
  const dual = printMilliseconds(dualMilliseconds);
  return dualOpen ? text.atLeast(dual) : dual;
}

const printOptional = (value: number | undefined): string =>
  value === undefined ? "-" : printMilliseconds(value);

const printLoss = (milliseconds: number | undefined, lost: number | undefined): string =>
  milliseconds === undefined ? "-" : `${printMilliseconds(milliseconds)} (${lost ?? 0})`;
