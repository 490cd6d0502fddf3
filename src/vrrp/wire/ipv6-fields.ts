/**
 * Places of an IPv6 header (RFC 8200 section 3) and of neighbour discovery (RFC 4861 section 4),
 * for code that filters or watches packets.
 */

/** Without extension headers; what we send has none. */
export const IPV6_HEADER_LENGTH = 40;

export const IPV6_OFFSET = {
  versionAndClass: 0,
  /** Of what follows the header. */
  payloadLength: 4,
  nextHeader: 6,
  hopLimit: 7,
  source: 8,
  destination: 24,
} as const;

export const PROTOCOL_ICMPV6 = 58;
export const NEIGHBOUR_SOLICITATION = 135;
export const NEIGHBOUR_ADVERTISEMENT = 136;
/** From the start of the ICMPv6 message, of both. */
export const NEIGHBOUR_OFFSET = { type: 0, target: 8 } as const;
