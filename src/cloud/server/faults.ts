/** `PUT /_baton/faults`: one fault at a time, on calls of the API only. */
import * as v from "valibot";
import { closedObject, type Shape } from "#json/shape";

export interface ApiFault {
  /** Undefined for every action. */
  readonly action: string | undefined;
  readonly code: string | undefined;
  readonly httpStatus: number | undefined;
  readonly latencyMs: number | undefined;
  /**
   * The number of calls that it still applies to; undefined if it lasts until it is replaced.
   */
  readonly times: number | undefined;
}

const STATUS_MIN = 200;
const STATUS_MAX = 599;
const LATENCY_MAX_MS = 600_000;

const whole = (min: number, max: number, wanted: string): v.GenericSchema<unknown, number> =>
  v.pipe(v.number(wanted), v.integer(wanted), v.minValue(min, wanted), v.maxValue(max, wanted));

const MILLISECONDS = `a number of milliseconds from 0 to ${LATENCY_MAX_MS}`;

/** Null counts as left out. */
export const FAULT: Shape<ApiFault> = v.pipe(
  closedObject(
    {
      action: v.nullish(v.string("the name of an action")),
      code: v.nullish(v.pipe(v.string("an error code"), v.nonEmpty("an error code"))),
      httpStatus: v.nullish(
        whole(STATUS_MIN, STATUS_MAX, `an HTTP status from ${STATUS_MIN} to ${STATUS_MAX}`),
      ),
      latencyMs: v.nullish(
        v.pipe(
          v.number(MILLISECONDS),
          v.minValue(0, MILLISECONDS),
          v.maxValue(LATENCY_MAX_MS, MILLISECONDS),
        ),
      ),
      times: v.nullish(whole(0, Number.MAX_SAFE_INTEGER, "a number of calls")),
    },
    "an object with any of action, code, httpStatus, latencyMs and times",
  ),
  v.transform(({ action, code, httpStatus, latencyMs, times }) => ({
    action: action ?? undefined,
    code: code ?? undefined,
    httpStatus: httpStatus ?? undefined,
    latencyMs: latencyMs ?? undefined,
    times: times ?? undefined,
  })),
);

export class Faults {
  #fault: ApiFault | undefined;

  get current(): ApiFault | undefined {
    return this.#fault;
  }

  replace(fault: ApiFault | undefined): void {
    this.#fault = fault;
  }

  /** The fault of this call, which counts as one of its times. */
  take(action: string): ApiFault | undefined {
    const fault = this.#fault;
    if (fault === undefined || (fault.action !== undefined && fault.action !== action)) {
      return undefined;
    }
    if (fault.times === 0) return undefined;
    if (fault.times !== undefined) this.#fault = { ...fault, times: fault.times - 1 };
    return fault;
  }
}
