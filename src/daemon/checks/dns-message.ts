/** A DNS query, and what an answer to it says (RFC 1035). */
import type { DNS_TYPES } from "#keepalived/keywords/checks";

export type DnsType = (typeof DNS_TYPES)[number];

const TYPES: Readonly<Record<DnsType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
};
const RCODES: readonly string[] = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
];

const HEADER_LENGTH = 12;
const IS_ANSWER = 0x8000;
const IS_TRUNCATED = 0x0200;
const WANTS_RECURSION = 0x0100;
const CLASS_IN = 1;
const TYPE_OPT = 41;
/** RFC 6891: what fits into a datagram on every path. */
const UDP_SIZE = 1_232;

export function emitQuery(id: number, name: string, type: DnsType): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(WANTS_RECURSION, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, 10);
  const options = Buffer.alloc(11);
  options.writeUInt16BE(TYPE_OPT, 1);
  options.writeUInt16BE(UDP_SIZE, 3);
  return Buffer.concat([header, question(name, type), options]);
}

function question(name: string, type: DnsType): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  const parts = labels.map((label) =>
    Buffer.concat([Buffer.of(label.length), Buffer.from(label, "latin1")]),
  );
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(TYPES[type], 1);
  tail.writeUInt16BE(CLASS_IN, 3);
  return Buffer.concat([...parts, tail]);
}

export type DnsAnswer =
  | { readonly kind: "records"; readonly count: number; readonly isTruncated: boolean }
  | { readonly kind: "refused"; readonly code: string };

/** Undefined: no answer to this query, or none that can be read. */
export function parseAnswer(
  bytes: Buffer,
  id: number,
  name: string,
  type: DnsType,
): DnsAnswer | undefined {
  if (bytes.length < HEADER_LENGTH || bytes.readUInt16BE(0) !== id) return undefined;
  const flags = bytes.readUInt16BE(2);
  if ((flags & IS_ANSWER) === 0) return undefined;
  const rcode = flags & 0x0f;
  const asked = question(name, type);
  const at = HEADER_LENGTH + asked.length;
  const isEchoed =
    bytes.readUInt16BE(4) === 1 && isSameQuestion(bytes.subarray(HEADER_LENGTH, at), asked);
  // A server that could not read the question may leave it out.
  if (!isEchoed && (rcode === 0 || bytes.readUInt16BE(4) !== 0)) return undefined;
  if (rcode !== 0) return { kind: "refused", code: RCODES[rcode] ?? `code ${rcode}` };
  const count = countRecords(bytes, at, bytes.readUInt16BE(6), TYPES[type]);
  if (count === undefined) return undefined;
  return { kind: "records", count, isTruncated: (flags & IS_TRUNCATED) !== 0 };
}

/** Upper and lower case are the same in names; numbers of types and classes have no letters. */
const isSameQuestion = (bytes: Buffer, asked: Buffer): boolean =>
  bytes.toString("latin1").toLowerCase() === asked.toString("latin1").toLowerCase();

/** Undefined: the message ends within a record. */
function countRecords(
  bytes: Buffer,
  start: number,
  records: number,
  type: number,
): number | undefined {
  let at = start;
  let count = 0;
  for (let record = 0; record < records; record += 1) {
    const fixed = skipName(bytes, at);
    if (fixed === undefined || fixed + 10 > bytes.length) return undefined;
    if (bytes.readUInt16BE(fixed) === type) count += 1;
    at = fixed + 10 + bytes.readUInt16BE(fixed + 8);
    if (at > bytes.length) return undefined;
  }
  return count;
}

function skipName(bytes: Buffer, start: number): number | undefined {
  for (let at = start; at < bytes.length; ) {
    const length = bytes[at] ?? 0;
    if (length === 0) return at + 1;
    // A pointer ends the name.
    if (length >= 0xc0) return at + 2;
    if (length >= 0x40) return undefined;
    at += 1 + length;
  }
  return undefined;
}
