/**
 * The BFD control packet (RFC 5880 4.1): the payload of a UDP datagram to port 3784 (RFC 5881 4).
 */
import { assert } from "#units/assert";
import { type Micros, micros } from "#units/time";
import { presentLength, readU8, readU32, writeU32 } from "../wire/bytes.ts";

/** Without an authentication section, which is neither sent nor accepted. */
export const CONTROL_PACKET_LENGTH = 24;
const VERSION = 1;

/** Byte offsets in the packet. */
export const CONTROL_OFFSET = {
  versionAndDiagnostic: 0,
  stateAndFlags: 1,
  detectMultiplier: 2,
  length: 3,
  myDiscriminator: 4,
  yourDiscriminator: 8,
  desiredMinTx: 12,
  requiredMinRx: 16,
  requiredMinEchoRx: 20,
} as const;

/** In the order of their numbers on the wire. */
const STATES = ["admin-down", "down", "init", "up"] as const;
export type SessionState = (typeof STATES)[number];

/** Why the sender's session last left Up (RFC 5880 4.1), by the number on the wire. */
export const DIAGNOSTIC = {
  none: 0,
  detectionTimeExpired: 1,
  echoFailed: 2,
  neighborSignaledDown: 3,
  forwardingPlaneReset: 4,
  pathDown: 5,
  concatenatedPathDown: 6,
  administrativelyDown: 7,
  reverseConcatenatedPathDown: 8,
} as const;

const FLAG = {
  poll: 0x20,
  final: 0x10,
  controlPlaneIndependent: 0x08,
  authenticationPresent: 0x04,
  demand: 0x02,
  multipoint: 0x01,
} as const;

export interface ControlPacket {
  readonly state: SessionState;
  /** 0 to 31: numbers that RFC 5880 does not know are kept as they came. */
  readonly diagnostic: number;
  /** The sender asks for a packet with `isFinal`, at once. */
  readonly isPoll: boolean;
  readonly isFinal: boolean;
  /** The sender wants no periodic packets while both ends are Up. */
  readonly isDemand: boolean;
  /** 1 to 255 */
  readonly detectMultiplier: number;
  /** Unsigned, 32 bits, not 0 */
  readonly myDiscriminator: number;
  /** Unsigned, 32 bits; 0 as long as the sender does not know ours. */
  readonly yourDiscriminator: number;
  /** The shortest interval at which the sender would like to send. */
  readonly desiredMinTx: Micros;
  /** The shortest interval that the sender can receive; 0: send nothing periodically. */
  readonly requiredMinRx: Micros;
  readonly requiredMinEchoRx: Micros;
}

export type ControlDrop =
  | { readonly kind: "too-short"; readonly actual: number; readonly needed: number }
  | { readonly kind: "bad-version"; readonly theirs: number }
  /** The length in the packet is less than a packet has, or more than has arrived. */
  | { readonly kind: "bad-length"; readonly said: number; readonly actual: number }
  | { readonly kind: "authentication-not-supported" }
  | { readonly kind: "multipoint" }
  | { readonly kind: "zero-detect-multiplier" }
  | { readonly kind: "zero-discriminator" }
  /** Without our discriminator only a session that is not yet up may speak (RFC 5880 6.8.6). */
  | { readonly kind: "no-discriminator-in-state"; readonly state: SessionState };

export type ParsedControl =
  | { readonly kind: "control"; readonly packet: ControlPacket }
  | { readonly kind: "drop"; readonly drop: ControlDrop };

const dropped = (drop: ControlDrop): ParsedControl => ({ kind: "drop", drop });

/**
 * Reads the UDP payload in `bytes[offset, offset + length)`, with the checks of RFC 5880 6.8.6
 * that need no session, in its order. What follows the length in the packet is ignored.
 */
export function parseControlPacket(
  bytes: Uint8Array,
  offset = 0,
  length: number = bytes.length - offset,
): ParsedControl {
  const actual = presentLength(bytes, offset, length);
  if (actual < CONTROL_PACKET_LENGTH)
    return dropped({ kind: "too-short", actual, needed: CONTROL_PACKET_LENGTH });
  const first = readU8(bytes, offset + CONTROL_OFFSET.versionAndDiagnostic);
  if (first >>> 5 !== VERSION) return dropped({ kind: "bad-version", theirs: first >>> 5 });
  const said = readU8(bytes, offset + CONTROL_OFFSET.length);
  if (said < CONTROL_PACKET_LENGTH || said > actual)
    return dropped({ kind: "bad-length", said, actual });
  const second = readU8(bytes, offset + CONTROL_OFFSET.stateAndFlags);
  const state = STATES[second >>> 6] ?? "admin-down";
  const detectMultiplier = readU8(bytes, offset + CONTROL_OFFSET.detectMultiplier);
  const myDiscriminator = readU32(bytes, offset + CONTROL_OFFSET.myDiscriminator);
  const yourDiscriminator = readU32(bytes, offset + CONTROL_OFFSET.yourDiscriminator);
  if (detectMultiplier === 0) return dropped({ kind: "zero-detect-multiplier" });
  if ((second & FLAG.multipoint) !== 0) return dropped({ kind: "multipoint" });
  if (myDiscriminator === 0) return dropped({ kind: "zero-discriminator" });
  if (yourDiscriminator === 0 && state !== "down" && state !== "admin-down")
    return dropped({ kind: "no-discriminator-in-state", state });
  if ((second & FLAG.authenticationPresent) !== 0)
    return dropped({ kind: "authentication-not-supported" });
  return {
    kind: "control",
    packet: {
      state,
      diagnostic: first & 0x1f,
      isPoll: (second & FLAG.poll) !== 0,
      isFinal: (second & FLAG.final) !== 0,
      isDemand: (second & FLAG.demand) !== 0,
      detectMultiplier,
      myDiscriminator,
      yourDiscriminator,
      desiredMinTx: micros(readU32(bytes, offset + CONTROL_OFFSET.desiredMinTx)),
      requiredMinRx: micros(readU32(bytes, offset + CONTROL_OFFSET.requiredMinRx)),
      requiredMinEchoRx: micros(readU32(bytes, offset + CONTROL_OFFSET.requiredMinEchoRx)),
    },
  };
}

/** Writes the packet at `into[at]`; returns its length, `CONTROL_PACKET_LENGTH`. */
export function emitControlPacket(into: Uint8Array, packet: ControlPacket, at = 0): number {
  assert(into.length >= at + CONTROL_PACKET_LENGTH, "buffer too small for a BFD packet");
  into[at + CONTROL_OFFSET.versionAndDiagnostic] = (VERSION << 5) | (packet.diagnostic & 0x1f);
  into[at + CONTROL_OFFSET.stateAndFlags] =
    (STATES.indexOf(packet.state) << 6) |
    (packet.isPoll ? FLAG.poll : 0) |
    (packet.isFinal ? FLAG.final : 0) |
    (packet.isDemand ? FLAG.demand : 0);
  into[at + CONTROL_OFFSET.detectMultiplier] = packet.detectMultiplier;
  into[at + CONTROL_OFFSET.length] = CONTROL_PACKET_LENGTH;
  writeU32(into, at + CONTROL_OFFSET.myDiscriminator, packet.myDiscriminator);
  writeU32(into, at + CONTROL_OFFSET.yourDiscriminator, packet.yourDiscriminator);
  writeU32(into, at + CONTROL_OFFSET.desiredMinTx, packet.desiredMinTx);
  writeU32(into, at + CONTROL_OFFSET.requiredMinRx, packet.requiredMinRx);
  writeU32(into, at + CONTROL_OFFSET.requiredMinEchoRx, packet.requiredMinEchoRx);
  return CONTROL_PACKET_LENGTH;
}
