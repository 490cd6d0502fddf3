/** Priority-0 advertisements of an instance: one for each peer, or one for the group. */
import type { IpAddress } from "#units/address";
import { RELEASE } from "#units/vrrp";
import { derived } from "../engine/instance.ts";
import { Signing } from "../engine/signing.ts";
import type { InstanceConfig } from "../router/config.ts";
import { emitAdvert } from "../wire/emit-advert.ts";
import { ADVERT_LENGTH_MAX } from "../wire/vrrp-packet.ts";

export interface ReleasePacket {
  readonly destination: IpAddress;
  /** A whole IPv4 or IPv6 packet. */
  readonly bytes: Uint8Array;
}

/**
 * @param unixTime of the calendar, microseconds: with `auth_hmac` they are signed, later than what
 *   the engine has signed
 */
export function releasePackets(
  config: InstanceConfig,
  source: IpAddress,
  unixTime: number,
): readonly ReleasePacket[] {
  const { router, transport, checksum } = config;
  const { advertised, password } = derived(config);
  const isUnicast = transport.kind === "unicast";
  const targets = isUnicast ? transport.peers.map(({ address }) => address) : [transport.group];
  const signing = config.signing && new Signing(config.signing);
  const packets = targets.map((destination) => {
    const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
    const length = emitAdvert(bytes, {
      source,
      destination,
      ttl: isUnicast ? transport.ttl : 255,
      id: 0,
      version: router.version,
      vrid: router.vrid,
      priority: RELEASE,
      interval: router.advertInterval,
      addresses: advertised,
      password,
      checksum,
      isSigned: signing?.signs === true,
    });
    return { destination, packet: bytes.subarray(0, length) };
  });
  if (signing?.signs === true) signing.sign(packets, unixTime);
  return packets.map(({ destination, packet }) => ({ destination, bytes: packet }));
}
