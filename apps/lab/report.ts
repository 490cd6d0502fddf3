/** Results as a table for people and as a file for machines. */
import type { CloudText } from "./cloud-text.ts";
import { type DemoText, daemonName } from "./demo-text.ts";
import type { ObservedFault } from "./scenario.ts";
import type { Table } from "./table.ts";

/** Probes are 1 ms apart, so finer figures would pretend. */
export function printMilliseconds(value: number): string {
  if (value === 0) return "0 ms";
  if (value < 10) return `${value.toFixed(1)} ms`;
  return `${Math.round(value)} ms`;
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
  const { columns } = text;
  let last = "";
  const rows = results.map((result) => {
    const title = text.faultShort[result.fault];
    const dual = printMilliseconds(result.dualMilliseconds);
    const row = [
      title === last ? "" : title,
      daemonName(result.daemon),
      printMilliseconds(result.outageMilliseconds),
      String(result.lost),
      ...(cloud === undefined ? [] : cloudCells(result)),
      result.dualOpen ? text.atLeast(dual) : dual,
      result.before,
      printOwners(result.after, text),
    ];
    last = title;
    return row;
  });
  return {
    columns: [
      { title: columns.fault, align: "left" },
      { title: columns.daemon, align: "left" },
      { title: cloud?.columns.inside ?? columns.outage, align: "right" },
      { title: columns.lost, align: "right" },
      ...(cloud === undefined ? [] : cloudColumns(cloud, columns.lost)),
      { title: columns.dual, align: "right" },
      { title: columns.before, align: "left" },
      { title: columns.after, align: "left" },
    ],
    rows,
  };
}

const orDash = (value: number | undefined): string =>
  value === undefined ? "-" : printMilliseconds(value);

function cloudCells({ cloud }: ObservedFault): readonly string[] {
  return [
    orDash(cloud?.outageMilliseconds),
    cloud?.lost === undefined ? "-" : String(cloud.lost),
    orDash(cloud?.platformMilliseconds),
    `${cloud?.before ?? "-"} → ${cloud?.after ?? "-"}`,
  ];
}

const cloudColumns = ({ columns }: CloudText, lost: string): Table["columns"] => [
  { title: columns.outside, align: "right" },
  { title: lost, align: "right" },
  { title: columns.platform, align: "right" },
  { title: columns.havip, align: "left" },
];
