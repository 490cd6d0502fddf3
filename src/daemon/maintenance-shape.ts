/** A maintenance as it is kept in its file and shown by `status --json`. */
import * as v from "valibot";
import type { Shape } from "#json/shape";

export interface Maintenance {
  /** ISO 8601, as are all times here. */
  readonly since: string;
  /** It ends by itself then. */
  readonly until?: string;
  readonly reason?: string;
  /** It takes an address that nobody else takes for long enough. */
  readonly lastResort: boolean;
  readonly by: string;
}

const time = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text))),
);
export const MAINTENANCE: Shape<Maintenance> = v.object({
  since: time,
  until: v.exactOptional(time),
  reason: v.exactOptional(v.string()),
  lastResort: v.boolean(),
  by: v.string(),
});
