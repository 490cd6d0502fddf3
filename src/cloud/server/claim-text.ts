/** Why the network did not follow an announcement, in one sentence. */

import { printIpv4 } from "#units/address";
import type { ClaimRefusal } from "../model/claim.ts";

export function printClaimRefusal(reason: ClaimRefusal): string {
  switch (reason.kind) {
    case "unknown-interface":
      return `there is no network interface ${reason.interfaceId}`;
    case "interface-not-attached":
      return `${reason.interfaceId} is not attached to an instance, no guest can have sent this`;
    case "interface-rate-exceeded":
      return `${reason.interfaceId} announces more than ${reason.perSecond} times a second for long`;
    case "not-an-address":
      return `${JSON.stringify(reason.text.slice(0, 64))} is not an IPv4 address`;
    case "not-a-havip":
      return `${printIpv4(reason.address)} is not a HAVIP of ${reason.subnetId}`;
    case "other-subnet":
      return `${reason.havipId} belongs to ${reason.havipSubnetId}, the interface is in ${reason.subnetId}`;
    case "being-deleted":
      return `${reason.havipId} is being deleted`;
    case "not-in-range": {
      const { networkInterfaceId, instanceId } = reason.holder;
      return `neither ${networkInterfaceId} nor ${instanceId} is in the drift range of ${reason.havipId}`;
    }
    case "address-rate-exceeded":
      return `${reason.havipId} is announced more than ${reason.perSecond} times a second for long`;
  }
}
