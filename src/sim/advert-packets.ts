/**
 * Advertisements as they leave a machine of the model, one for each destination of the instance.
 */

import type { Ipv4 } from "#units/address";
import type { Priority } from "#units/vrrp";
import type { InstanceConfig } from "#vrrp/router/config";
import { emitAdvert } from "#vrrp/wire/emit-advert";
import { passwordData } from "#vrrp/wire/password";
import { ADVERT_LENGTH_MAX } from "#vrrp/wire/vrrp-packet";

export interface AdvertPacket {
  readonly destination: Ipv4;
  readonly bytes: Uint8Array;
}

export function advertPackets(
  config: InstanceConfig,
  source: Ipv4,
  priority: Priority,
): readonly AdvertPacket[] {
  const { router, transport, authentication } = config;
  const isUnicast = transport.kind === "unicast";
  const targets = isUnicast ? transport.peers.map((one) => one.address) : [transport.group];
  return targets.map((destination) => {
    const bytes = new Uint8Array(ADVERT_LENGTH_MAX);
    const length = emitAdvert(bytes, {
      source,
      destination,
      ttl: isUnicast ? transport.ttl : 255,
      id: 1,
      version: router.version,
      vrid: router.vrid,
      priority,
      interval: router.advertInterval,
      addresses: config.addresses.map((one) => one.address),
      password:
        authentication === undefined ? undefined : passwordData(authentication.secret.reveal()),
      checksum: config.checksum,
    });
    return { destination, bytes: bytes.slice(0, length) };
  });
}
