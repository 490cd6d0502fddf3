/** `PUT /_baton/faults`: one fault at a time, on calls of the API only. */
import { isObject } from "../api/read-parameters.ts";

export interface Fault {
  /** Undefined: every action. */
  readonly action: string | undefined;
  readonly code: string | undefined;
  readonly httpStatus: number | undefined;
  readonly latencyMs: number | undefined;
  /** Calls that it still applies to; undefined: until it is replaced. */
  readonly times: number | undefined;
}

const STATUS_MIN = 200;
const STATUS_MAX = 599;
const LATENCY_MAX_MS = 600_000;

const isCount = (value: unknown, max: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;

/** A text is the reason why it is no fault. Null counts as left out. */
export function readFault(value: unknown): Fault | string {
  if (!isObject(value)) return "the body is not a JSON object";
  const { action, code, httpStatus, latencyMs, times, ...rest } = value;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `a fault has no member ${unknown}`;
  if (action != null && typeof action !== "string") return "action is not a string";
  if (code != null && (typeof code !== "string" || code === "")) return "code is not a string";
  if (httpStatus != null && !(isCount(httpStatus, STATUS_MAX) && httpStatus >= STATUS_MIN)) {
    return `httpStatus is not an integer from ${STATUS_MIN} to ${STATUS_MAX}`;
  }
  if (
    latencyMs != null &&
    !(typeof latencyMs === "number" && latencyMs >= 0 && latencyMs <= LATENCY_MAX_MS)
  ) {
    return `latencyMs is not a number from 0 to ${LATENCY_MAX_MS}`;
  }
  if (times != null && !isCount(times, Number.MAX_SAFE_INTEGER)) return "times is not a count";
  return {
    action: action ?? undefined,
    code: code ?? undefined,
    httpStatus: httpStatus ?? undefined,
    latencyMs: latencyMs ?? undefined,
    times: times ?? undefined,
  };
}

export class Faults {
  #fault: Fault | undefined;

  get current(): Fault | undefined {
    return this.#fault;
  }

  replace(fault: Fault | undefined): void {
    this.#fault = fault;
  }

  /** The fault of this call, which counts as one of its times. */
  take(action: string): Fault | undefined {
    const fault = this.#fault;
    if (fault === undefined || (fault.action !== undefined && fault.action !== action)) {
      return undefined;
    }
    if (fault.times === 0) return undefined;
    if (fault.times !== undefined) this.#fault = { ...fault, times: fault.times - 1 };
    return fault;
  }
}
