/** What the address watcher reports to the lab, one JSON object a line. */
import type { AdvertSeen } from "./adverts.ts";
import type { PresenceChange } from "./presence.ts";

export type WatchNews =
  | ({ readonly kind: "presence" } & PresenceChange)
  | ({ readonly kind: "advert" } & AdvertSeen);
