/** "Did you mean": the nearest known word, if it is near enough to be the same word misspelled. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  const plain = normal(word);
  for (const candidate of known) {
    if (candidate === word) continue;
    if (normal(candidate) === plain) return candidate;
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const found = distance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (found < bestDistance) {
      bestDistance = found;
      best = candidate;
    }
  }
  return best;
}

const normal = (word: string): string => word.toLowerCase().replaceAll(/[-_:=]/g, "");

/** Edits, a swap of neighbours counting as one; gives up at `limit`. */
function distance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (before[j - 2] ?? 0) + 1);
      }
      row.push(value);
      least = Math.min(least, value);
    }
    if (least >= limit) return limit;
    before = last;
    last = row;
  }
  return last[b.length] ?? limit;
}
