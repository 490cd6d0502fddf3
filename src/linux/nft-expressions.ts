/** What the rules of nf_tables look at, as bytes (nf_tables.h). Pure. */
import type { MessageBuilder } from "./netlink.ts";

export const NLA_F_NESTED = 0x8000;
export const NFTA_LIST_ELEM = 1;
export const NFTA_DATA_VALUE = 1;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_DATA_VERDICT = 2;
const NFTA_VERDICT_CODE = 1;
const NFTA_PAYLOAD_DREG = 1;
const NFTA_PAYLOAD_BASE = 2;
const NFTA_PAYLOAD_OFFSET = 3;
const NFTA_PAYLOAD_LEN = 4;
const NFTA_LOOKUP_SET = 1;
const NFTA_LOOKUP_SREG = 2;
const NFTA_LOOKUP_FLAGS = 5;
const NFTA_IMMEDIATE_DREG = 1;
const NFTA_IMMEDIATE_DATA = 2;
const NFTA_META_DREG = 1;
const NFTA_META_KEY = 2;
const NFTA_CMP_SREG = 1;
const NFTA_CMP_OP = 2;
const NFTA_CMP_DATA = 3;
const NFTA_LIMIT_RATE = 1;
const NFTA_LIMIT_UNIT = 2;
const NFTA_LIMIT_BURST = 3;
const NFTA_LIMIT_TYPE = 4;
const NFTA_LIMIT_FLAGS = 5;
const NFT_LOOKUP_F_INV = 1;
const NFT_REG_VERDICT = 0;
const NFT_REG_1 = 1;
/** NFT_META_IIFNAME, NFT_META_OIFNAME */
const DEVICE_NAMES = { in: 6, out: 7 } as const;
const NFT_META_PRANDOM = 24;
const NFT_LIMIT_PKTS = 0;
const NFT_LIMIT_F_INV = 1;
const NFTA_BITWISE_SREG = 1;
const NFTA_BITWISE_DREG = 2;
const NFTA_BITWISE_LEN = 3;
const NFTA_BITWISE_MASK = 4;
const NFTA_BITWISE_XOR = 5;
const NFTA_FIB_DREG = 1;
const NFTA_FIB_RESULT = 2;
const NFTA_FIB_FLAGS = 3;
const NFTA_FIB_F_DADDR = 2;
const NFT_FIB_RESULT_ADDRTYPE = 3;
const NFT_META_L4PROTO = 16;
const NF_DROP = 0;
/** NFT_CMP_EQ, NFT_CMP_NEQ, NFT_CMP_LT */
const OPERATORS = { equal: 0, unequal: 1, below: 2 } as const;
/** The first of the registers of four bytes, which is where register 1 of sixteen begins. */
const NFT_REG32_00 = 8;
const PAYLOAD_BASES = { link: 0, network: 1, transport: 2 } as const;

/**
 * What a rule looks at and does. `load…` fills the register, the others read it; the parts of a key
 * of several are loaded one behind the other.
 */
export type NftExpression =
  | {
      readonly kind: "load";
      readonly header: keyof typeof PAYLOAD_BASES;
      /** In bytes. */
      readonly offset: number;
      readonly length: number;
      /** Which part of a key it is, from 0 on; a part has four bytes. */
      readonly part?: number;
    }
  /** The number of the protocol in the IP packet. */
  | { readonly kind: "load-protocol"; readonly part?: number }
  /** The name of the device it came by or leaves by, 16 bytes with zeros at its end. */
  | { readonly kind: "load-device"; readonly side: "in" | "out"; readonly part?: number }
  /** What is left of what was loaded where `bytes` has ones; as long as what was loaded. */
  | { readonly kind: "mask"; readonly bytes: Uint8Array }
  /** What the routes say of the destination: `RTN_LOCAL` is this node's own (in host order). */
  | { readonly kind: "load-address-type" }
  /** 32 random bits. */
  | { readonly kind: "load-random" }
  /** `bytes` in network order, as long as what was loaded. */
  | {
      readonly kind: "compare";
      readonly operator: "equal" | "unequal" | "below";
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "lookup"; readonly set: string; readonly inside: boolean }
  /** Matches what comes faster than this. */
  | { readonly kind: "over-rate"; readonly perSecond: number; readonly burst: number }
  | { readonly kind: "drop" };

export function emitExpression(builder: MessageBuilder, expression: NftExpression): void {
  switch (expression.kind) {
    case "load":
      begin(builder, "payload")
        .attributeBe32(NFTA_PAYLOAD_DREG, registerOf(expression.part))
        .attributeBe32(NFTA_PAYLOAD_BASE, PAYLOAD_BASES[expression.header])
        .attributeBe32(NFTA_PAYLOAD_OFFSET, expression.offset)
        .attributeBe32(NFTA_PAYLOAD_LEN, expression.length);
      break;
    case "load-random":
      meta(builder, NFT_META_PRANDOM, NFT_REG_1);
      break;
    case "load-protocol":
      meta(builder, NFT_META_L4PROTO, registerOf(expression.part));
      break;
    case "load-device":
      meta(builder, DEVICE_NAMES[expression.side], registerOf(expression.part));
      break;
    case "load-address-type":
      begin(builder, "fib")
        .attributeBe32(NFTA_FIB_DREG, NFT_REG_1)
        .attributeBe32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE)
        .attributeBe32(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
      break;
    case "mask":
      begin(builder, "bitwise")
        .attributeBe32(NFTA_BITWISE_SREG, NFT_REG_1)
        .attributeBe32(NFTA_BITWISE_DREG, NFT_REG_1)
        .attributeBe32(NFTA_BITWISE_LEN, expression.bytes.length);
      value(builder, NFTA_BITWISE_MASK, expression.bytes);
      value(builder, NFTA_BITWISE_XOR, new Uint8Array(expression.bytes.length));
      break;
    case "compare":
      begin(builder, "cmp")
        .attributeBe32(NFTA_CMP_SREG, NFT_REG_1)
        .attributeBe32(NFTA_CMP_OP, OPERATORS[expression.operator]);
      value(builder, NFTA_CMP_DATA, expression.bytes);
      break;
    case "lookup":
      begin(builder, "lookup")
        .attributeText(NFTA_LOOKUP_SET, expression.set)
        .attributeBe32(NFTA_LOOKUP_SREG, NFT_REG_1);
      if (!expression.inside) builder.attributeBe32(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
      break;
    case "over-rate":
      begin(builder, "limit")
        .attributeBe64(NFTA_LIMIT_RATE, expression.perSecond)
        .attributeBe64(NFTA_LIMIT_UNIT, 1)
        .attributeBe32(NFTA_LIMIT_BURST, expression.burst)
        .attributeBe32(NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS)
        .attributeBe32(NFTA_LIMIT_FLAGS, NFT_LIMIT_F_INV);
      break;
    case "drop":
      begin(builder, "immediate")
        .attributeBe32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT)
        .nest(NFTA_IMMEDIATE_DATA | NLA_F_NESTED)
        .nest(NFTA_DATA_VERDICT | NLA_F_NESTED)
        .attributeBe32(NFTA_VERDICT_CODE, NF_DROP)
        .end()
        .end();
      break;
  }
  builder.end().end();
}

function begin(builder: MessageBuilder, name: string): MessageBuilder {
  return builder
    .nest(NFTA_LIST_ELEM | NLA_F_NESTED)
    .attributeText(NFTA_EXPR_NAME, name)
    .nest(NFTA_EXPR_DATA | NLA_F_NESTED);
}

const value = (builder: MessageBuilder, type: number, bytes: Uint8Array): MessageBuilder =>
  builder
    .nest(type | NLA_F_NESTED)
    .attribute(NFTA_DATA_VALUE, bytes)
    .end();

function meta(builder: MessageBuilder, key: number, register: number): void {
  begin(builder, "meta").attributeBe32(NFTA_META_DREG, register).attributeBe32(NFTA_META_KEY, key);
}

const registerOf = (part: number | undefined): number =>
  part === undefined ? NFT_REG_1 : NFT_REG32_00 + part;
