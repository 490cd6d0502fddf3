/**
 * What one server has that another lacks. A history has an identity, and an offset counts its
 * bytes. A replica that is promoted begins a new one, and remembers the one before and how far it
 * had it. Pure.
 */
export interface History {
  readonly id: string;
  readonly offset: number;
  /** Zeros: none. */
  readonly earlierId: string;
  /** How far the earlier one is its own too; below 0: not at all. */
  readonly earlierEnd: number;
  /** Without a key. */
  readonly isEmpty: boolean;
}

/**
 * Whether `one` has everything of `other`. Undefined: the histories have nothing in common that is
 * remembered, so that nobody can say.
 */
export function hasAll(one: History, other: History): boolean | undefined {
  if (one.id === other.id) return one.offset >= other.offset;
  // Begun anew and nothing in it: a server that lost its data, or never had any.
  if (other.isEmpty && other.offset === 0) return true;
  if (one.isEmpty && one.offset === 0) return false;
  const earlier = hasEarlier(one);
  if (earlier && one.earlierId === other.id) return one.earlierEnd >= other.offset;
  if (!hasEarlier(other)) return undefined;
  // Nothing has been written since the other one began a history of its own.
  const isUnchanged = other.offset <= other.earlierEnd;
  if (other.earlierId === one.id) return isUnchanged && one.offset >= other.offset;
  if (earlier && other.earlierId === one.earlierId)
    return isUnchanged && one.earlierEnd >= other.offset;
  return undefined;
}

const hasEarlier = ({ earlierId, earlierEnd }: History): boolean =>
  earlierEnd >= 0 && !/^0*$/.test(earlierId);

const ID_SHOWN = 8;
export const printHistory = ({ id, offset }: History): string =>
  `${id.slice(0, ID_SHOWN)}:${offset}`;
