/** Numbers of the VRRP protocol (RFC 9568 section 5.2). */
import type { Brand } from "./brand.ts";

/** Virtual router identifier, 1 to 255. */
export type Vrid = Brand<number, "Vrid">;
/** 0 means "I am giving up" on the wire, 1 to 254 are ordinary, 255 is the address owner. */
export type Priority = Brand<number, "Priority">;

export const vrid = (value: number): Vrid => ranged("vrid", value, 1, 255) as Vrid;
export const priority = (value: number): Priority => ranged("priority", value, 0, 255) as Priority;

export const RELEASE: Priority = priority(0);
export const OWNER: Priority = priority(255);

function ranged(what: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${what} ${value} is not a whole number from ${min} to ${max}`);
  }
  return value;
}
