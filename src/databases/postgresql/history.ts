/**
 * What one server has that another lacks. A timeline is a branch of the write-ahead log: a promoted
 * server begins a new one, and its history file says where each of the earlier ones ended. Two
 * servers that were promoted apart from each other may give their branches the same number; so each
 * promotion by Baton leaves a mark of its own (see `newMark`), which is replicated. Pure.
 */

export interface History {
  /** Of the cluster that initdb made: all copies of it have the same. */
  readonly system: string;
  readonly timeline: number;
  /** Position in the log: of a standby what it has received, of a primary what is on its disk. */
  readonly lsn: bigint;
  /** Where each earlier timeline ended. Undefined: the history file is not there. */
  readonly forks: ReadonlyMap<number, bigint> | undefined;
  /** Of each timeline that was begun by Baton. */
  readonly marks: ReadonlyMap<number, string>;
}

/**
 * Whether `one` has everything of `other`. Undefined: they are not copies of one cluster, or the
 * history file is missing, so nobody can say.
 */
export function hasAll(one: History, other: History): boolean | undefined {
  if (one.system !== other.system) return undefined;
  if (isOtherBranch(one, other)) return false;
  if (one.timeline === other.timeline) return one.lsn >= other.lsn;
  // A timeline begins with a record of its own, which the earlier one lacks.
  if (one.timeline < other.timeline) return false;
  if (one.forks === undefined) return undefined;
  const end = one.forks.get(other.timeline);
  return end !== undefined && other.lsn <= end;
}

/** Of one number, and begun by two promotions. */
function isOtherBranch(one: History, other: History): boolean {
  return [...one.marks].some(([timeline, mark]) => {
    const theirs = other.marks.get(timeline);
    return theirs !== undefined && theirs !== mark;
  });
}

export const printHistory = ({ timeline, lsn }: History): string => `${timeline}:${printLsn(lsn)}`;

const LOW_BITS = 32n;
const LOW_MASK = 0xffff_ffffn;

/** `16/B374D848`, as the server writes it. */
export const printLsn = (lsn: bigint): string =>
  `${(lsn >> LOW_BITS).toString(16)}/${(lsn & LOW_MASK).toString(16)}`.toUpperCase();

/** Undefined: it is no position. */
export function parseLsn(text: string): bigint | undefined {
  const [, high, low] = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return (BigInt(`0x${high}`) << LOW_BITS) | BigInt(`0x${low}`);
}

/** A history file: `1<tab>0/3000060<tab>reason`, oldest first. */
export function parseForks(content: string): ReadonlyMap<number, bigint> {
  const forks = new Map<number, bigint>();
  for (const line of content.split("\n")) {
    const [, timeline, position = ""] = /^\s*(\d+)\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)/.exec(line) ?? [];
    const lsn = parseLsn(position);
    if (timeline !== undefined && lsn !== undefined) forks.set(Number(timeline), lsn);
  }
  return forks;
}

/** So many are kept: older branches are nobody's any more. */
const MARKS_MAX = 16;
const MARK = /^(\d+):([0-9a-f]+)$/;

/** `2:1a2b3c 3:4d5e6f` */
export function parseMarks(text: string): ReadonlyMap<number, string> {
  return new Map(
    text.split(" ").flatMap((one): readonly [number, string][] => {
      const [, timeline, mark] = MARK.exec(one) ?? [];
      return timeline === undefined || mark === undefined ? [] : [[Number(timeline), mark]];
    }),
  );
}

/** @param mark hexadecimal digits that nobody else has */
export function addMark(
  marks: ReadonlyMap<number, string>,
  timeline: number,
  mark: string,
): string {
  // What is on later timelines was given up.
  const kept = [...marks].filter(([one]) => one < timeline).slice(1 - MARKS_MAX);
  return [...kept, [timeline, mark] as const].map(([one, text]) => `${one}:${text}`).join(" ");
}
