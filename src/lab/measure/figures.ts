/** Medians and spreads, as benchmark tables print them. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export const ms = (value: number): string => (value < 10 ? value.toFixed(1) : value.toFixed(0));

/** `median (least..most)`. */
export const spread = (values: readonly number[]): string =>
  values.length === 0
    ? "-"
    : `${ms(median(values))} (${ms(Math.min(...values))}..${ms(Math.max(...values))})`;
