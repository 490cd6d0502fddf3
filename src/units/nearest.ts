/** "Did you mean": the nearest known name, if it is near enough to be a misspelling of it. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  return nearestOf(word, [...known].map(prepare));
}

/**
 * Letters compared with letters by one suggester: of thousands of misspelled names, the first get
 * suggestions.
 */
const COMPARED_MAX = 100_000_000;

/**
 * `nearest` for many misspellings against the same known names, which are asked for when first
 * needed.
 */
export function suggester(known: () => readonly string[]): (word: string) => string | undefined {
  let prepared: readonly Candidate[] | undefined;
  let left = COMPARED_MAX;
  return (word) => {
    prepared ??= known().map(prepare);
    left -= prepared.length * word.length ** 2;
    return left < 0 ? undefined : nearestOf(word, prepared);
  };
}

/** At most two letters apart. */
export const isNear = (a: string, b: string): boolean =>
  distance(a.toLowerCase(), b.toLowerCase(), 3) < 3;

interface Candidate {
  readonly word: string;
  readonly lower: string;
  /** Without the marks that carry no meaning: the same word written otherwise. */
  readonly plain: string;
}

function prepare(word: string): Candidate {
  const lower = word.toLowerCase();
  return { word, lower, plain: lower.replaceAll(/[-_:=]/g, "") };
}

function nearestOf(text: string, known: readonly Candidate[]): string | undefined {
  const { word, lower, plain } = prepare(text);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    if (candidate.word === word) continue;
    if (candidate.plain === plain) return candidate.word;
    if (Math.abs(candidate.word.length - word.length) >= bestDistance) continue;
    const found = distance(lower, candidate.lower, bestDistance);
    if (found < bestDistance) {
      bestDistance = found;
      best = candidate.word;
    }
  }
  return best;
}

/** Edits, a swap of neighbours counting as one; gives up at `limit`. */
function distance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  let row: number[] = [];
  for (let i = 1; i <= a.length; i++) {
    row[0] = i;
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (before[j - 2] ?? 0) + 1);
      }
      row[j] = value;
      least = Math.min(least, value);
    }
    if (least >= limit) return limit;
    [before, last, row] = [last, row, before];
  }
  return last[b.length] ?? limit;
}
