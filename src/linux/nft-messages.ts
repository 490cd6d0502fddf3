/**
 * nf_tables requests as bytes (linux/netfilter/nfnetlink.h, nf_tables.h). Pure.
 *
 * A batch is one transaction: between BATCH_BEGIN and BATCH_END the kernel takes all messages or
 * none, and packets see the rules before it or after it, never between. Numbers inside nf_tables
 * attributes are in network order.
 */
import type { IpAddress } from "#units/address";
import { assert } from "#units/assert";
import {
  attributesOf,
  be32Of,
  ipOf,
  listOf,
  MessageBuilder,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  textOf,
} from "./netlink.ts";
import {
  emitExpression,
  NFTA_DATA_VALUE,
  NFTA_LIST_ELEM,
  type NftExpression,
  NLA_F_NESTED,
} from "./nft-expressions.ts";

export const NFPROTO_IPV4 = 2;
export const NFPROTO_ARP = 3;
export const NFPROTO_BRIDGE = 7;
export const NFPROTO_IPV6 = 10;
const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
export const NFT_MSG_NEWTABLE = 0;
export const NFT_MSG_DELTABLE = 2;
const NFT_MSG_NEWCHAIN = 3;
const NFT_MSG_NEWRULE = 6;
const NFT_MSG_GETRULE = 7;
const NFT_MSG_DELRULE = 8;
const NFT_MSG_NEWSET = 9;
const NFT_MSG_NEWSETELEM = 12;
const NFT_MSG_DELSETELEM = 14;
const NFT_MSG_GETSETELEM = 13;
const NFT_MSG_NEWGEN = 15;
export const NFT_MSG_GETGEN = 16;
/** Types of news of elements, and of each transaction, which has a number. */
export const NEWS_OF_ELEMENTS: readonly number[] = [
  NFT_MSG_NEWSETELEM,
  NFT_MSG_DELSETELEM,
  NFT_MSG_NEWGEN,
].map((type) => (NFNL_SUBSYS_NFTABLES << 8) | type);
const NFTA_GEN_ID = 1;
const NFNL_BATCH_GENID = 1;

// In every kind of object the table is attribute 1 and the name of the object itself another.
const NFTA_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_POLICY = 5;
const NFTA_CHAIN_TYPE = 7;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_HOOK_PRIORITY = 2;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_SET_NAME = 2;
const NFTA_SET_FLAGS = 3;
const NFTA_SET_KEY_TYPE = 4;
const NFTA_SET_KEY_LEN = 5;
const NFTA_SET_ID = 10;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_TIMEOUT = 4;
const NFTA_SET_ELEM_EXPIRATION = 5;
const NFTA_SET_ELEM_USERDATA = 6;

const NFT_SET_TIMEOUT = 0x10;
const NFGENMSG_SIZE = 4;
/** Offset in struct nlmsghdr. */
const NLMSG_SEQUENCE = 8;
/** The kernel takes 256 bytes of user data; a line of `nft list` is for people. */
const COMMENT_MAX = 40;
const NF_ACCEPT = 1;
/** Of one message: 88 bytes each at the most, and a nest is shorter than 65,536. */
const ELEMENTS_MAX = 700;
/** nft's own numbers for `type ipv4_addr` and so on, so that `nft list ruleset` prints them. */
const TYPE_IPADDR = 7;
const TYPE_IP6ADDR = 8;
const TYPE_INET_PROTOCOL = 12;
const TYPE_INET_SERVICE = 13;
const TYPE_IFNAME = 41;
/** Types that stand one behind the other in a key have six bits each. */
const TYPE_BITS = 6;

/** What the elements of a set are. */
export interface KeyType {
  /** nft's number, so that `nft list ruleset` prints them as what they are. */
  readonly number: number;
  /** In bytes; each part of a key begins at a multiple of four. */
  readonly length: number;
}
export const ADDRESS_KEYS = {
  4: { number: TYPE_IPADDR, length: 4 },
  6: { number: TYPE_IP6ADDR, length: 16 },
} as const satisfies Record<4 | 6, KeyType>;

const serviceKey = (address: KeyType): KeyType => ({
  number: (((address.number << TYPE_BITS) | TYPE_INET_PROTOCOL) << TYPE_BITS) | TYPE_INET_SERVICE,
  length: address.length + 8,
});
/** `ipv4_addr . inet_proto . inet_service`, and the same with `ipv6_addr`. */
export const SERVICE_KEYS: Readonly<Record<4 | 6, KeyType>> = {
  4: serviceKey(ADDRESS_KEYS[4]),
  6: serviceKey(ADDRESS_KEYS[6]),
};

/** `ipv6_addr . ifname`; a name of a device takes 16 bytes. */
export const DEVICE_ADDRESS_KEY: KeyType = {
  number: (TYPE_IP6ADDR << TYPE_BITS) | TYPE_IFNAME,
  length: 32,
};

export interface Hook {
  readonly number: number;
  readonly priority: number;
}

/**
 * One transaction. Sequence numbers count up from `first`; the last message before the end asks for
 * the answer.
 */
export class NftBatch {
  readonly #builder: MessageBuilder;
  readonly first: number;
  #next: number;
  #lastAt = 0;

  /**
   * @param generation of the ruleset that was looked at: if it is another one by now, the kernel
   * answers ERESTART.
   */
  /** @param builder of a batch that has been sent, to be used again */
  constructor(first: number, generation?: number, builder: MessageBuilder = new MessageBuilder()) {
    this.#builder = builder;
    this.first = first;
    this.#next = first;
    this.#builder.start(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, this.#next++);
    this.#header(0, NFNL_SUBSYS_NFTABLES);
    if (generation !== undefined) this.#builder.attributeBe32(NFNL_BATCH_GENID, generation);
  }

  /** Harmless when it exists. */
  addTable(family: number, table: string): void {
    this.#message(NFT_MSG_NEWTABLE, NLM_F_CREATE, family, table);
  }

  deleteTable(family: number, table: string): void {
    this.#message(NFT_MSG_DELTABLE, 0, family, table);
  }

  /**
   * Addresses, of which each may be given a lifetime if `timeout`: of IPv6 in a table of that
   * family. Harmless when it exists in the same form.
   */
  addAddressSet(family: number, table: string, name: string, id: number, timeout: boolean): void {
    const key = ADDRESS_KEYS[family === NFPROTO_IPV6 ? 6 : 4];
    this.#set(family, table, name, id, key, timeout ? NFT_SET_TIMEOUT : 0);
  }

  /** Harmless when it exists in the same form. */
  addKeySet(family: number, table: string, name: string, id: number, key: KeyType): void {
    this.#set(family, table, name, id, key, 0);
  }

  #set(family: number, table: string, name: string, id: number, key: KeyType, flags: number): void {
    this.#message(NFT_MSG_NEWSET, NLM_F_CREATE, family, table)
      .attributeText(NFTA_SET_NAME, name)
      .attributeBe32(NFTA_SET_FLAGS, flags)
      .attributeBe32(NFTA_SET_KEY_TYPE, key.number)
      .attributeBe32(NFTA_SET_KEY_LEN, key.length)
      .attributeBe32(NFTA_SET_ID, id);
  }

  /** A chain of type filter with policy accept. Harmless when it exists at the same hook. */
  addChain(family: number, table: string, name: string, hook: Hook): void {
    this.#message(NFT_MSG_NEWCHAIN, NLM_F_CREATE, family, table)
      .attributeText(NFTA_CHAIN_NAME, name)
      .nest(NFTA_CHAIN_HOOK | NLA_F_NESTED)
      .attributeBe32(NFTA_HOOK_HOOKNUM, hook.number)
      .attributeBe32(NFTA_HOOK_PRIORITY, hook.priority)
      .end()
      .attributeBe32(NFTA_CHAIN_POLICY, NF_ACCEPT)
      .attributeText(NFTA_CHAIN_TYPE, "filter");
  }

  /** Removes all rules of a chain. */
  flushChain(family: number, table: string, chain: string): void {
    this.#message(NFT_MSG_DELRULE, 0, family, table).attributeText(NFTA_RULE_CHAIN, chain);
  }

  /** Expressions are looked at in turn; the first that does not match ends the rule. */
  addRule(
    family: number,
    table: string,
    chain: string,
    expressions: readonly NftExpression[],
  ): void {
    const builder = this.#message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family, table)
      .attributeText(NFTA_RULE_CHAIN, chain)
      .nest(NFTA_RULE_EXPRESSIONS | NLA_F_NESTED);
    for (const expression of expressions) emitExpression(builder, expression);
    builder.end();
  }

  /**
   * @param milliseconds lifetime of each, whole and above 0; undefined: for ever. An element that
   * exists stays as it is.
   */
  addElements(
    family: number,
    table: string,
    set: string,
    addresses: readonly IpAddress[],
    milliseconds?: number,
    comment?: string,
  ): void {
    // 0 would mean "for ever" to the kernel: the opposite of what a lease that has run out says.
    assert(
      milliseconds === undefined || (Number.isSafeInteger(milliseconds) && milliseconds > 0),
      `an element's lifetime is a whole number of milliseconds, not ${milliseconds}`,
    );
    const more = { milliseconds, comment };
    this.#elements(NFT_MSG_NEWSETELEM, NLM_F_CREATE, family, table, set, addresses, more);
  }

  /**
   * Each is there for `milliseconds` from now, whether it was there before or not. Before Linux
   * 6.12 an element that exists stays as it is.
   */
  setElements(
    family: number,
    table: string,
    set: string,
    addresses: readonly IpAddress[],
    milliseconds: number,
  ): void {
    assert(milliseconds > 0, `an element's lifetime is above 0, not ${milliseconds}`);
    const more = { milliseconds, isUpdate: true };
    this.#elements(NFT_MSG_NEWSETELEM, NLM_F_CREATE, family, table, set, addresses, more);
  }

  /** Every one of them must be there, or the whole batch fails with ENOENT. */
  deleteElements(
    family: number,
    table: string,
    set: string,
    addresses: readonly IpAddress[],
  ): void {
    assert(addresses.length > 0, "deleting no elements would delete them all");
    this.#elements(NFT_MSG_DELSETELEM, 0, family, table, set, addresses, {});
  }

  /** An element that exists stays as it is. */
  addKeys(family: number, table: string, set: string, keys: readonly Uint8Array[]): void {
    this.#keys(NFT_MSG_NEWSETELEM, NLM_F_CREATE, family, table, set, keys);
  }

  /** Every one of them must be there, or the whole batch fails with ENOENT. */
  deleteKeys(family: number, table: string, set: string, keys: readonly Uint8Array[]): void {
    assert(keys.length > 0, "deleting no elements would delete them all");
    this.#keys(NFT_MSG_DELSETELEM, 0, family, table, set, keys);
  }

  #keys(
    type: number,
    flags: number,
    family: number,
    table: string,
    set: string,
    keys: readonly Uint8Array[],
  ): void {
    for (let from = 0; from < keys.length; from += ELEMENTS_MAX) {
      const builder = this.#message(type, flags, family, table)
        .attributeText(NFTA_SET_ELEM_LIST_SET, set)
        .nest(NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED);
      for (const key of keys.slice(from, from + ELEMENTS_MAX))
        builder
          .nest(NFTA_LIST_ELEM | NLA_F_NESTED)
          .nest(NFTA_SET_ELEM_KEY | NLA_F_NESTED)
          .attribute(NFTA_DATA_VALUE, key)
          .end()
          .end();
      builder.end();
    }
  }

  flushSet(family: number, table: string, set: string): void {
    this.#message(NFT_MSG_DELSETELEM, 0, family, table).attributeText(NFTA_SET_ELEM_LIST_SET, set);
  }

  /**
   * The transaction as it is sent, and the sequence number that is acknowledged when it succeeds.
   */
  finish(): { readonly bytes: Uint8Array; readonly last: number } {
    const last = this.#next - 1;
    assert(last > this.first, "a batch needs a message");
    this.#builder.append(NFNL_MSG_BATCH_END, NLM_F_REQUEST, this.#next++);
    this.#header(0, NFNL_SUBSYS_NFTABLES);
    const bytes = this.#builder.bytes();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    view.setUint16(this.#lastAt + 6, view.getUint16(this.#lastAt + 6, true) | NLM_F_ACK, true);
    return { bytes, last };
  }

  /** In as many messages as they need: the list's length is a number of 16 bits. */
  #elements(
    type: number,
    flags: number,
    family: number,
    table: string,
    set: string,
    addresses: readonly IpAddress[],
    more: {
      readonly milliseconds?: number | undefined;
      readonly comment?: string | undefined;
      readonly isUpdate?: boolean;
    },
  ): void {
    const { milliseconds, comment, isUpdate = false } = more;
    const note = comment === undefined ? undefined : userComment(comment);
    for (let from = 0; from < addresses.length; from += ELEMENTS_MAX) {
      const builder = this.#message(type, flags, family, table)
        .attributeText(NFTA_SET_ELEM_LIST_SET, set)
        .nest(NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED);
      const end = Math.min(addresses.length, from + ELEMENTS_MAX);
      for (let place = from; place < end; place++) {
        const address = addresses[place];
        if (address === undefined) continue;
        builder
          .nest(NFTA_LIST_ELEM | NLA_F_NESTED)
          .nest(NFTA_SET_ELEM_KEY | NLA_F_NESTED)
          .attributeIp(NFTA_DATA_VALUE, address)
          .end();
        if (milliseconds !== undefined) builder.attributeBe64(NFTA_SET_ELEM_TIMEOUT, milliseconds);
        if (milliseconds !== undefined && isUpdate)
          builder.attributeBe64(NFTA_SET_ELEM_EXPIRATION, milliseconds);
        if (note !== undefined) builder.attribute(NFTA_SET_ELEM_USERDATA, note);
        builder.end();
      }
      builder.end();
    }
  }

  #message(type: number, flags: number, family: number, table: string): MessageBuilder {
    this.#lastAt = this.#builder.length;
    const full = (NFNL_SUBSYS_NFTABLES << 8) | type;
    this.#builder.append(full, flags | NLM_F_REQUEST, this.#next++);
    return this.#header(family, 0).attributeText(NFTA_TABLE, table);
  }

  /** struct nfgenmsg: family u8, version u8, resource u16 in network order */
  #header(family: number, resource: number): MessageBuilder {
    return this.#builder
      .u8(family)
      .u8(0)
      .u8(resource >>> 8)
      .u8(resource & 0xff);
  }
}

/** A transaction that is sent again and again: only its sequence numbers change. */
export class PreparedBatch {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  /** Where its messages begin, the begin and the end of the batch among them. */
  readonly #starts: readonly number[];

  constructor(batch: NftBatch) {
    this.bytes = batch.finish().bytes.slice();
    this.#view = new DataView(this.bytes.buffer);
    const starts: number[] = [];
    for (let at = 0; at < this.bytes.length; at += (this.#view.getUint32(at, true) + 3) & ~3)
      starts.push(at);
    this.#starts = starts;
  }

  /** Its messages count up from `first`; the number that is acknowledged when it succeeds. */
  renumber(first: number): number {
    const starts = this.#starts;
    for (let place = 0; place < starts.length; place++)
      this.#view.setUint32((starts[place] ?? 0) + NLMSG_SEQUENCE, first + place, true);
    return first + starts.length - 2;
  }
}

/** As nft(8) stores a comment: kind (libnftnl/udata.h: 0), length, text. */
function userComment(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(`${text.slice(0, COMMENT_MAX)}\0`);
  return Uint8Array.of(0, bytes.length, ...bytes);
}

/** All elements of a set. */
export function emitGetElements(
  builder: MessageBuilder,
  sequence: number,
  family: number,
  table: string,
  set: string,
): Uint8Array {
  const type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETSETELEM;
  return builder
    .start(type, NLM_F_REQUEST | NLM_F_DUMP, sequence)
    .u8(family)
    .u8(0)
    .u16(0)
    .attributeText(NFTA_TABLE, table)
    .attributeText(NFTA_SET_ELEM_LIST_SET, set)
    .bytes();
}

/** All rules of a chain. */
export function emitGetRules(
  builder: MessageBuilder,
  sequence: number,
  family: number,
  table: string,
  chain: string,
): Uint8Array {
  const type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETRULE;
  return builder
    .start(type, NLM_F_REQUEST | NLM_F_DUMP, sequence)
    .u8(family)
    .u8(0)
    .u16(0)
    .attributeText(NFTA_TABLE, table)
    .attributeText(NFTA_RULE_CHAIN, chain)
    .bytes();
}

/** A rule of this chain, in the answer to `emitGetRules`. */
export function isRuleOf({ type, payload }: NetlinkMessage, table: string, chain: string): boolean {
  if (type !== ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE)) return false;
  const rule = attributesOf(payload, NFGENMSG_SIZE);
  return textOf(rule.get(NFTA_TABLE)) === table && textOf(rule.get(NFTA_RULE_CHAIN)) === chain;
}

/** Addresses in one message of the answer; none in any other message. */
export const elementsOf = (message: NetlinkMessage): readonly IpAddress[] =>
  keysOf(message).flatMap((key) => {
    const address = ipOf(key);
    return address === undefined ? [] : [address];
  });

/** As `elementsOf`, of a set with any kind of key. */
export function keysOf({ type, payload }: NetlinkMessage): readonly Uint8Array[] {
  if (type !== ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWSETELEM)) return [];
  const list = attributesOf(payload, NFGENMSG_SIZE).get(NFTA_SET_ELEM_LIST_ELEMENTS);
  if (list === undefined) return [];
  return listOf(list).flatMap((element) => {
    const key = attributesOf(element, 0).get(NFTA_SET_ELEM_KEY);
    const value = key === undefined ? undefined : attributesOf(key, 0).get(NFTA_DATA_VALUE);
    return value === undefined ? [] : [value];
  });
}

/** The number of the ruleset, which every transaction changes. */
export function generationOf({ type, payload }: NetlinkMessage): number | undefined {
  if (type !== ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWGEN)) return undefined;
  return be32Of(attributesOf(payload, NFGENMSG_SIZE).get(NFTA_GEN_ID));
}

/** A request without an effect, to learn whether the kernel has nf_tables. */
export function emitGetGeneration(builder: MessageBuilder, sequence: number): Uint8Array {
  const type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETGEN;
  return builder
    .start(type, NLM_F_REQUEST | NLM_F_ACK, sequence)
    .u8(0)
    .u8(0)
    .u16(0)
    .bytes();
}
