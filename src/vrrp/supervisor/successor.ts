/** Is this packet the successor's? Whatever an engine would refuse does not end a hand-over. */
import { derived } from "../engine/instance.ts";
import { checkAdvert } from "../wire/check-advert.ts";
import { parseAdvert } from "../wire/parse-advert.ts";
import type { Hold } from "./state.ts";

/** @param packet a whole packet, of the hold's socket */
export function isSuccessor({ config, source: ours }: Hold, packet: Uint8Array): boolean {
  const parsed = parseAdvert(packet);
  if (parsed.kind !== "advert") return false;
  const { vrid, priority, source, destination } = parsed.advert;
  // Whatever comes to this machine comes by a socket of no device.
  if (config.interface === undefined && destination !== ours) return false;
  if (vrid !== config.router.vrid || priority === 0 || source === ours) return false;
  return checkAdvert(packet, parsed.advert, derived(config).expectation).kind === "accepted";
}
