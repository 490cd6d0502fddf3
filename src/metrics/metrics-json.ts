/** The same families as JSON, for programs that do not read Prometheus' text. */
import { FAMILIES } from "./catalogue.ts";
import type { MetricsReading } from "./reading.ts";

/**
 * An array of `{ name, type, unit, help, samples }`; a sample is `{ name, labels, value }`, where
 * `name` has the suffix of a histogram's sample.
 */
export function printMetricsJson(reading: MetricsReading): string {
  const families = FAMILIES.map(({ name, type, unit, help, write }) => {
    const samples: object[] = [];
    write(reading, ({ suffix, labels }, value) =>
      samples.push({ name: `${name}${suffix}`, labels, value }),
    );
    return { name, type, unit, help, samples };
  });
  return JSON.stringify(families.filter(({ samples }) => samples.length > 0));
}
