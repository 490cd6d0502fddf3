/** When the next probe is sent. */
import { after, fromMillis, type Instant, type Micros } from "#units/time";

const CATCH_UP: Micros = fromMillis(20);

/**
 * A prober catches up after its own short delays. After a long one the schedule continues from
 * here, without a burst.
 *
 * @param due when the one that was just sent should have been
 */
export const nextProbe = (due: Instant, at: Instant, period: Micros): Instant =>
  after(at - due > CATCH_UP ? at : due, period);
