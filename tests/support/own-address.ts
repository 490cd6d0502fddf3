/**
 * A virtual address that no other test run has at this moment. A daemon refuses to start with an
 * address that another one in its network namespace owns, and tests that start daemons without a
 * namespace of their own run beside each other.
 */
import { randomInt } from "node:crypto";

const part = (): number => randomInt(1, 255);

export const OWN_VIP: string = `10.${part()}.${part()}.${part()}`;
