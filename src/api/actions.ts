/** Bodies of POST: what may be asked of a node, as on the control socket without the command. */
import * as v from "valibot";
import type { ApiAction } from "#daemon/api-port";
import { closedObject, type Shape } from "#json/shape";

/** A week; a wait is much shorter, a maintenance may be longer. */
const WAIT_MAX = 600;
const YEAR = 366 * 24 * 3_600;
const TEXT_MAX = 1_000;

const flag = v.literal(true, "true");
const name = v.pipe(
  v.string("a name"),
  v.minLength(1, "a name"),
  v.maxLength(255, "a name of at most 255 characters"),
);
const reason = v.pipe(v.string("a text"), v.maxLength(TEXT_MAX, `at most ${TEXT_MAX} characters`));
const seconds = (most: number) =>
  v.pipe(
    v.number("a number of seconds"),
    v.minValue(0, "a number of seconds from 0"),
    v.maxValue(most, `a number of seconds up to ${most}`),
  );

export const SWITCH_BODY = closedObject(
  {
    names: v.exactOptional(v.pipe(v.array(name, "a list of names"), v.maxLength(4_096))),
    all: v.exactOptional(flag),
    to: v.exactOptional(name),
    waitSeconds: v.exactOptional(seconds(WAIT_MAX)),
    dryRun: v.exactOptional(flag),
    back: v.exactOptional(flag),
    why: v.exactOptional(reason),
  },
  "an object with names, all, to, waitSeconds, dryRun, back and why",
);

export const MAINTENANCE_BODY = closedObject(
  {
    on: v.exactOptional(
      closedObject(
        {
          forSeconds: v.exactOptional(seconds(YEAR)),
          reason: v.exactOptional(reason),
          lastResort: v.exactOptional(flag),
          force: v.exactOptional(flag),
          waitSeconds: v.exactOptional(seconds(WAIT_MAX)),
        },
        "an object with forSeconds, reason, lastResort, force and waitSeconds",
      ),
    ),
    off: v.exactOptional(flag),
  },
  "an object with on or off",
);

export const PROMOTE_BODY = closedObject(
  {
    name: v.exactOptional(name),
    acceptLoss: v.exactOptional(flag),
    dryRun: v.exactOptional(flag),
    why: v.exactOptional(reason),
  },
  "an object with name, acceptLoss, dryRun and why",
);

export const BODIES: Readonly<
  Record<ApiAction["command"], Shape<Readonly<Record<string, unknown>>>>
> = {
  switch: SWITCH_BODY,
  maintenance: MAINTENANCE_BODY,
  promote: PROMOTE_BODY,
};
