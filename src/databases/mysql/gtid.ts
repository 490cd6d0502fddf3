/**
 * What a server has, as global transaction identifiers, and what one has that another lacks. Pure.
 *
 * MySQL: sets of intervals, `uuid:1-5:7`, with tags since 8.3 (`uuid:tag:1-5`). MariaDB:
 * `gtid_binlog_state`, for each domain and server the last sequence number (`0-1-100,0-2-105`), as
 * its positions alone (one number a domain) do not show which server wrote what, and two servers
 * that went apart would look like one that is ahead.
 */
export interface MariaDbData {
  readonly kind: "mariadb";
  /** `@@gtid_binlog_state` */
  readonly state: string;
  /** `@@gtid_slave_pos`: the last one applied, for each domain. */
  readonly applied: string;
}

export interface MySqlData {
  readonly kind: "mysql";
  /** `@@gtid_executed` */
  readonly executed: string;
}

export type Data = MariaDbData | MySqlData;

export const printData = (data: Data): string =>
  data.kind === "mysql" ? data.executed.replaceAll(/\s+/g, "") : data.state || data.applied;

/** What `other` has and `own` lacks; empty: nothing. Undefined: they cannot be compared. */
export function missing(own: Data, other: Data): string | undefined {
  if (own.kind === "mysql" && other.kind === "mysql")
    return printSets(subtract(readSets(other.executed), readSets(own.executed)));
  if (own.kind === "mariadb" && other.kind === "mariadb") return missingStates(own, other);
  return undefined;
}

interface Gtid {
  readonly domain: string;
  readonly server: string;
  readonly sequence: number;
}

function readGtids(text: string): readonly Gtid[] {
  return text
    .split(",")
    .map((part) => /^\s*(\d+)-(\d+)-(\d+)\s*$/.exec(part))
    .filter((match) => match !== null)
    .map(([, domain = "", server = "", sequence = ""]) => ({
      domain,
      server,
      sequence: Number(sequence),
    }));
}

const inStream = (gtids: readonly Gtid[], { domain, server }: Gtid): number | undefined =>
  gtids.find((one) => one.domain === domain && one.server === server)?.sequence;

function missingStates(own: MariaDbData, other: MariaDbData): string {
  const ownState = readGtids(own.state);
  const ownApplied = readGtids(own.applied);
  const otherState = readGtids(other.state);
  // A server without a binary log, or one that was set up from a copy, has a position only.
  const known = [...otherState, ...readGtids(other.applied).filter((one) => !has(otherState, one))];
  return known
    .map((gtid) => {
      const seen = inStream(ownState, gtid) ?? appliedOf(ownApplied, otherState, gtid);
      if (seen >= gtid.sequence) return "";
      const from = seen + 1 === gtid.sequence || seen === 0 ? "" : `${seen + 1}…`;
      return `${gtid.domain}-${gtid.server}-${from}${gtid.sequence}`;
    })
    .filter((text) => text !== "")
    .join(",");
}

const has = (gtids: readonly Gtid[], gtid: Gtid): boolean =>
  (inStream(gtids, gtid) ?? 0) >= gtid.sequence;

/**
 * What is applied of the stream of a domain: a position that is in the other one's log stands for
 * everything before it there, whichever server wrote it. Of a server that was set up from a copy,
 * as its own log knows nothing of what came with that.
 */
function appliedOf(applied: readonly Gtid[], log: readonly Gtid[], { domain }: Gtid): number {
  const at = applied.find((one) => one.domain === domain);
  return at !== undefined && has(log, at) ? at.sequence : 0;
}

type Intervals = readonly (readonly [number, number])[];
/** By `uuid` or `uuid:tag`. */
type Sets = ReadonlyMap<string, Intervals>;

function readSets(text: string): Sets {
  const sets = new Map<string, (readonly [number, number])[]>();
  for (const part of text.replaceAll(/\s+/g, "").split(",")) {
    const [uuid = "", ...rest] = part.toLowerCase().split(":");
    let name = uuid;
    for (const piece of rest) {
      const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(piece) ?? [];
      if (from === undefined) {
        name = `${uuid}:${piece}`;
        continue;
      }
      const intervals = sets.get(name) ?? [];
      intervals.push([Number(from), Number(to ?? from)]);
      sets.set(name, intervals);
    }
  }
  return sets;
}

function subtract(from: Sets, what: Sets): Sets {
  const rest = new Map<string, Intervals>();
  for (const [name, intervals] of from) {
    const left = (what.get(name) ?? []).reduce<Intervals>(without, intervals);
    if (left.length > 0) rest.set(name, left);
  }
  return rest;
}

const without = (intervals: Intervals, [first, last]: readonly [number, number]): Intervals =>
  intervals.flatMap(([from, to]): Intervals => {
    if (last < from || first > to) return [[from, to]];
    const before: Intervals = from < first ? [[from, first - 1]] : [];
    const behind: Intervals = to > last ? [[last + 1, to]] : [];
    return [...before, ...behind];
  });

const printSets = (sets: Sets): string =>
  [...sets]
    .map(([name, intervals]) => {
      const pieces = intervals.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
      return `${name}:${pieces.join(":")}`;
    })
    .join(",");

/** Into a statement goes nothing but what such a text can have. */
export const isGtidText = (text: string): boolean => /^[\w:,\s-]*$/.test(text);
