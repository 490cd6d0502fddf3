/** What a change of state of an instance means for the question whether the platform agrees. */
import type { PublicState } from "#vrrp/router/state";
import type { Role } from "./agreement-state.ts";

/** A planned stop begins as MASTER; a fault or a loss is not a planned stop. */
export function roleOf(from: PublicState, to: PublicState): Role {
  if (to === "MASTER") return "master";
  return from === "MASTER" && to === "STOP" ? "leaving" : "other";
}

/** `waits`: at a planned stop the address is kept until the platform has moved it. */
export const roleAsked = (role: Role, waits: boolean): Role =>
  role === "leaving" && !waits ? "other" : role;
