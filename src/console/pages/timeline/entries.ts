/** Events of all nodes as one sequence, and as files. Pure. */
import type { Language } from "#diagnostics/diagnostic";
import type { EventRecord } from "#events/record";

export interface Entry {
  /** The node's id in the console. */
  readonly node: string;
  readonly event: EventRecord;
}

/** Differences below are the network's way there and back, and no reason to move anything. */
export const NOTABLE_CLOCK_MS = 100;

/** Microseconds since 1970, of `2026-11-30T17:26:25.123456Z`. */
export function microsOf(at: string): number {
  const seconds = Math.floor(Date.parse(at) / 1_000);
  const fraction = Number((/\.(\d+)/.exec(at)?.[1] ?? "").padEnd(6, "0").slice(0, 6));
  return seconds * 1_000_000 + fraction;
}

/**
 * Newest first. A node that is notably ahead is moved back by so much; of one node the order of its
 * numbers stays, also where its clock was set back.
 *
 * @param clocks how many milliseconds each node's clock is ahead
 */
export function mergeEntries(
  byNode: ReadonlyMap<string, readonly EventRecord[]>,
  clocks: ReadonlyMap<string, number>,
): readonly Entry[] {
  const lanes = [...byNode].map(([node, events]) => {
    const ahead = clocks.get(node) ?? 0;
    const shift = Math.abs(ahead) > NOTABLE_CLOCK_MS ? Math.round(ahead * 1_000) : 0;
    return events
      .toSorted((a, b) => b.id - a.id)
      .map((event) => ({ entry: { node, event }, at: microsOf(event.at) - shift }));
  });
  const next = lanes.map(() => 0);
  const merged: Entry[] = [];
  for (;;) {
    let newest: number | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const [index, lane] of lanes.entries()) {
      const at = lane[next[index] ?? 0]?.at;
      if (at !== undefined && at > most) [newest, most] = [index, at];
    }
    const one = newest === undefined ? undefined : lanes[newest]?.[next[newest] ?? 0];
    if (newest === undefined || one === undefined) return merged;
    merged.push(one.entry);
    next[newest] = (next[newest] ?? 0) + 1;
  }
}

/** All parts of the text are somewhere in what a reader sees of it, in either language. */
export function hasText({ event }: Entry, search: string): boolean {
  const { node, kind, instance = "", group = "", text } = event;
  const all = [node, kind, instance, group, text.en, text["zh-CN"]].join(" ").toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((part) => all.includes(part));
}

export const printJson = (entries: readonly Entry[]): string =>
  `${JSON.stringify(
    entries.map(({ event }) => event),
    undefined,
    2,
  )}\n`;

const COLUMNS = ["at", "node", "severity", "kind", "instance", "group", "id", "text", "data"];

/** RFC 4180, with a byte order mark, without which spreadsheets take Chinese for Latin-1. */
export function printCsv(entries: readonly Entry[], language: Language): string {
  const lines = entries.map(({ event }) => {
    const { at, node, severity, kind, instance, group, id, text, data } = event;
    const cells = [at, node, severity, kind, instance ?? "", group ?? "", String(id)];
    return [...cells, text[language], JSON.stringify(data)].map(cell).join(",");
  });
  return `\uFEFF${[COLUMNS.join(","), ...lines].join("\r\n")}\r\n`;
}

/** What begins like a formula would be one in a spreadsheet, whoever wrote it. */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
