/**
 * What the two watchers report to the lab, one JSON object a line, and the file descriptors over
 * which they do; that of the probers is src/probes/probe-protocol.ts.
 */
import type { AdvertSeen } from "./adverts.ts";
import type { PresenceChange } from "./presence.ts";

/** The address watcher's namespaces, one descriptor each. */
export const FIRST_NAMESPACE_FD = 4;

/** What a watcher reports. */
export type WatchNews =
  | ({ readonly kind: "presence" } & PresenceChange)
  | ({ readonly kind: "advert" } & AdvertSeen);
