/**
 * An advertisement compared with what a router expects, in keepalived's order (its
 * `vrrp_check_packet` and `vrrp_in_chk`), so that the first difference found, and with it the
 * counter, is the same.
 */
import type { IpAddress } from "#units/address";
import type { Centis } from "#units/time";
import { readU8 } from "./bytes.ts";
import { isSignature, keyIdAt } from "./signature.ts";
import {
  type Advert,
  type AdvertWarning,
  AUTH_DATA_LENGTH,
  AUTH_NONE,
  AUTH_PASS,
  type ChecksumForm,
  type DropReason,
  SIGNATURE_LENGTH,
  VRRP_TYPE_ADVERTISEMENT,
} from "./vrrp-packet.ts";

/** A unicast peer; `UnicastPeer` of the configuration fits. */
export interface ExpectedPeer {
  readonly address: IpAddress;
  readonly minTtl?: number;
  readonly maxTtl?: number;
}

export interface AdvertExpectation {
  readonly version: 2 | 3;
  readonly interval: Centis;
  /** Version 2: `passwordData(secret)`, or undefined for authentication type 0. */
  readonly password: Uint8Array | undefined;
  readonly transport:
    | { readonly kind: "multicast" }
    | {
        readonly kind: "unicast";
        readonly peers: readonly ExpectedPeer[];
        /**
         * Refuse sources that are no peer. A TTL limit on any peer has the same effect, as in
         * keepalived.
         */
        readonly checkSource: boolean;
      };
  /**
   * Whether an advertisement without addresses is accepted: in version 2, and if we advertise none
   * ourselves. Otherwise two routers with excluded addresses only would both be master.
   */
  readonly mayBeEmpty: boolean;
  /**
   * Addresses we would advertise; undefined leaves the comparison out (`skip_check_adv_addr`,
   * master known already).
   */
  readonly addresses: readonly IpAddress[] | undefined;
  /** `auth_hmac`: whoever compares has looked at the signature. Otherwise none is expected. */
  readonly isSigned?: true;
}

export type CheckedAdvert =
  | {
      readonly kind: "accepted";
      readonly checksum: ChecksumForm;
      readonly warnings: readonly AdvertWarning[];
    }
  | { readonly kind: "drop"; readonly drop: DropReason };

const NO_WARNINGS: readonly AdvertWarning[] = [];
const dropped = (drop: DropReason): CheckedAdvert => ({ kind: "drop", drop });

/** `bytes` are those `advert` was parsed from; needed for what is not kept of it: the password. */
export function checkAdvert(
  bytes: Uint8Array,
  advert: Advert,
  expectation: AdvertExpectation,
): CheckedAdvert {
  const drop =
    checkLength(bytes, advert, expectation) ??
    checkTtl(advert, expectation) ??
    checkVersion(advert, expectation) ??
    checkAuthentication(bytes, advert, expectation) ??
    checkInterval(advert, expectation);
  if (drop !== undefined) return dropped(drop);
  const { checksum } = advert;
  if (checksum.kind === "broken") {
    return dropped({ kind: "bad-checksum", found: checksum.found, expected: checksum.expected });
  }
  if (advert.type !== VRRP_TYPE_ADVERTISEMENT)
    return dropped({ kind: "bad-type", type: advert.type });
  const unknownPeer = checkSource(advert, expectation);
  if (unknownPeer !== undefined) return dropped(unknownPeer);
  if (advert.addresses.length === 0 && !expectation.mayBeEmpty)
    return dropped({ kind: "no-addresses" });
  return { kind: "accepted", checksum: checksum.form, warnings: findWarnings(advert, expectation) };
}

/**
 * What comes before the signature: whether the packet is one of a router that we hear at all. With
 * `auth_hmac` a unicast sender must be a peer also where `check_unicast_src` is off, as in
 * keepalived, which remembers what was last signed for each peer.
 */
export function checkSender(
  advert: Advert,
  expectation: AdvertExpectation,
): DropReason | undefined {
  return (
    checkTtl(advert, expectation) ??
    checkVersion(advert, expectation) ??
    (isKnown(advert, expectation) ? undefined : { kind: "not-a-peer", source: advert.source })
  );
}

const isKnown = ({ source }: Advert, { transport }: AdvertExpectation): boolean =>
  transport.kind === "multicast" || transport.peers.some(({ address }) => address === source);

function checkLength(
  bytes: Uint8Array,
  { signed }: Advert,
  { isSigned }: AdvertExpectation,
): DropReason | undefined {
  if (signed === undefined || isSigned === true) return undefined;
  const { pdu, trailer } = signed;
  if (isSignature(bytes, trailer))
    return { kind: "unexpected-signature", keyId: keyIdAt(bytes, trailer) };
  const expected = trailer - pdu;
  return { kind: "bad-length", expected, actual: expected + SIGNATURE_LENGTH };
}

function checkTtl(advert: Advert, { transport }: AdvertExpectation): DropReason | undefined {
  const { ttl } = advert;
  if (transport.kind === "multicast") {
    // RFC 9568 5.1.1.3: a router between us and the sender would have lowered it.
    return ttl === 255 ? undefined : { kind: "ttl-not-255", ttl };
  }
  for (const peer of transport.peers) {
    if (peer.address !== advert.source) continue;
    const { minTtl: min = 0, maxTtl: max = 255 } = peer;
    if (ttl < min || ttl > max) return { kind: "ttl-out-of-range", ttl, min, max };
  }
  return undefined;
}

function checkVersion(advert: Advert, { version }: AdvertExpectation): DropReason | undefined {
  if (advert.version === version) return undefined;
  return { kind: "bad-version", theirs: advert.version, ours: version };
}

function checkAuthentication(
  bytes: Uint8Array,
  { authentication }: Advert,
  { password }: AdvertExpectation,
): DropReason | undefined {
  if (authentication === undefined) return undefined;
  const ours = password === undefined ? AUTH_NONE : AUTH_PASS;
  if (authentication.type !== ours) {
    return { kind: "auth-type-mismatch", theirs: authentication.type, ours };
  }
  // Type 0: the data is to be ignored (RFC 3768 5.3.10). The comparison need not be constant-time:
  // the password travels in clear.
  if (password === undefined) return undefined;
  for (let i = 0; i < AUTH_DATA_LENGTH; i++) {
    if (readU8(bytes, authentication.dataOffset + i) !== readU8(password, i)) {
      return { kind: "auth-failure" };
    }
  }
  return undefined;
}

function checkInterval(advert: Advert, { interval }: AdvertExpectation): DropReason | undefined {
  if (advert.version === 3 || advert.interval === interval) return undefined;
  return { kind: "interval-mismatch", theirs: advert.interval, ours: interval };
}

function checkSource(advert: Advert, { transport }: AdvertExpectation): DropReason | undefined {
  if (transport.kind === "multicast") return undefined;
  let mustBePeer = transport.checkSource;
  for (const peer of transport.peers) {
    if (peer.address === advert.source) return undefined;
    mustBePeer ||= peer.minTtl !== undefined || peer.maxTtl !== undefined;
  }
  return mustBePeer ? { kind: "not-a-peer", source: advert.source } : undefined;
}

function findWarnings(advert: Advert, expectation: AdvertExpectation): readonly AdvertWarning[] {
  const lists =
    expectation.addresses === undefined
      ? undefined
      : compareAddresses(advert.addresses, expectation.addresses);
  if (advert.version === 2 || advert.interval === expectation.interval) {
    return lists === undefined ? NO_WARNINGS : [lists];
  }
  const interval: AdvertWarning = {
    kind: "interval-differs",
    theirs: advert.interval,
    ours: expectation.interval,
  };
  return lists === undefined ? [interval] : [lists, interval];
}

/** Sets of our own lists; a configuration uses the same array for every packet. */
const ownSets = new WeakMap<readonly IpAddress[], ReadonlySet<IpAddress>>();

function setOf(ours: readonly IpAddress[]): ReadonlySet<IpAddress> {
  const known = ownSets.get(ours) ?? new Set(ours);
  ownSets.set(ours, known);
  return known;
}

const isSameList = (a: readonly IpAddress[], b: readonly IpAddress[]): boolean =>
  a.length === b.length && a.every((address, at) => address === b[at]);

/**
 * Same number and same set; as in keepalived, order does not matter. Linear, with 255 addresses
 * too.
 */
function compareAddresses(
  theirs: readonly IpAddress[],
  ours: readonly IpAddress[],
): AdvertWarning | undefined {
  if (isSameList(theirs, ours)) return undefined;
  const [own, others] = [setOf(ours), new Set(theirs)];
  const onlyTheirs = theirs.find((address) => !own.has(address));
  const onlyOurs = ours.find((address) => !others.has(address));
  if (onlyTheirs === undefined && onlyOurs === undefined && theirs.length === ours.length) {
    return undefined;
  }
  return {
    kind: "address-list-mismatch",
    theirCount: theirs.length,
    ourCount: ours.length,
    onlyTheirs,
    onlyOurs,
  };
}
