/** Is this packet the successor's? Whatever an engine would refuse does not end a hand-over. */
import { instant } from "#units/time";
import { derived } from "../engine/instance.ts";
import { Signing } from "../engine/signing.ts";
import type { InstanceConfig } from "../router/config.ts";
import { type AdvertExpectation, checkAdvert, checkSender } from "../wire/check-advert.ts";
import { parseAdvert } from "../wire/parse-advert.ts";
import type { Advert } from "../wire/vrrp-packet.ts";
import type { Hold } from "./state.ts";

/**
 * @param packet a whole packet, of the hold's socket
 * @param unixTime of the calendar, microseconds; what was signed before the engine died is not
 *   known here, so that only its age speaks against a replay
 */
export function isSuccessor(
  { config, source: ours }: Hold,
  packet: Uint8Array,
  unixTime: number,
): boolean {
  const parsed = parseAdvert(packet);
  if (parsed.kind !== "advert") return false;
  const { vrid, priority, source, destination } = parsed.advert;
  // Whatever comes to this machine comes by a socket of no device.
  if (config.interface === undefined && destination !== ours) return false;
  if (vrid !== config.router.vrid || priority === 0 || source === ours) return false;
  const { expectation } = derived(config);
  return (
    isAuthentic(config, expectation, packet, parsed.advert, unixTime) &&
    checkAdvert(packet, parsed.advert, expectation).kind === "accepted"
  );
}

function isAuthentic(
  config: InstanceConfig,
  expectation: AdvertExpectation,
  packet: Uint8Array,
  advert: Advert,
  unixTime: number,
): boolean {
  if (config.signing === undefined) return true;
  if (checkSender(advert, expectation) !== undefined) return false;
  const signing = new Signing(config.signing);
  const { signed, source } = advert;
  return signing.check(packet, signed, source, unixTime, instant(0)) === undefined;
}
