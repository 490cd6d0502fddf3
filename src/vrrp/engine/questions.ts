/** Asks on a device who has an address: by ARP, or by neighbour discovery. */
import { type IpAddress, isIpv6, type Mac } from "#units/address";
import { ARP_FRAME_LENGTH, arpProbe, arpRequest, emitArp } from "../wire/arp.ts";
import {
  emitNeighbour,
  NEIGHBOUR_FRAME_LENGTH,
  neighbourSolicitation,
  UNSPECIFIED,
} from "../wire/neighbour.ts";

export class Questions {
  readonly #arp = new Uint8Array(ARP_FRAME_LENGTH);
  readonly #neighbour = new Uint8Array(NEIGHBOUR_FRAME_LENGTH);

  /**
   * The frame, valid until the next question.
   *
   * @param source of one family with `target`; undefined: in the form that no cache learns from
   *   (RFC 5227 2.1.1, RFC 4862 5.4)
   */
  frame(mac: Mac, source: IpAddress | undefined, target: IpAddress): Uint8Array {
    if (isIpv6(target)) {
      const from = source !== undefined && isIpv6(source) ? source : UNSPECIFIED;
      const length = emitNeighbour(this.#neighbour, neighbourSolicitation(mac, from, target));
      return this.#neighbour.subarray(0, length);
    }
    const isKnown = source !== undefined && !isIpv6(source);
    emitArp(this.#arp, isKnown ? arpRequest(mac, source, target) : arpProbe(mac, target));
    return this.#arp;
  }
}
