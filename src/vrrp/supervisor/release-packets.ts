/** Priority-0 advertisements of an instance: one for each peer, or one for the group. */
import type { IpAddress } from "#units/address";
import { RELEASE } from "#units/vrrp";
import { derived } from "../engine/instance.ts";
import type { InstanceConfig } from "../router/config.ts";
import { emitAdvert } from "../wire/emit-advert.ts";
import { ADVERT_LENGTH_MAX } from "../wire/vrrp-packet.ts";

export interface ReleasePacket {
  readonly destination: IpAddress;
  /** A whole IPv4 or IPv6 packet. */
  readonly bytes: Uint8Array;
}

export function releasePackets(
  config: InstanceConfig,
  source: IpAddress,
): readonly ReleasePacket[] {
  const { router, transport, checksum } = config;
  const { advertised, password } = derived(config);
  const isUnicast = transport.kind === "unicast";
  const targets = isUnicast ? transport.peers.map(({ address }) => address) : [transport.group];
  const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
  return targets.map((destination) => {
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
    });
    return { destination, bytes: bytes.slice(0, length) };
  });
}
