/** Links and addresses as the kernel last reported them. */

import { type IpAddress, isLinkLocal, type Mac } from "#units/address";
import { type IpVersion, versionOfAddress } from "../router/config.ts";
import type { AddressInfo, LinkInfo } from "./world.ts";
import { BATON_PROTO } from "./world.ts";

const isSameForm = (a: AddressInfo, b: AddressInfo): boolean =>
  a.secondary === b.secondary &&
  a.proto === b.proto &&
  a.label === b.label &&
  a.expires === b.expires &&
  a.duplicate === b.duplicate;

/** Of the same maker: one of ours may have gone, and somebody else's have come. */
const isSamePlace = (a: AddressInfo, b: AddressInfo): boolean =>
  a.address === b.address && a.prefix === b.prefix && a.proto === b.proto;

/** A machine's own address that advertisements of this version may come from. */
export const isOwnAddress = (one: AddressInfo, version: IpVersion): boolean =>
  versionOfAddress(one.address) === version &&
  !one.secondary &&
  one.proto !== BATON_PROTO &&
  (version === 4 || (isLinkLocal(one.address) && one.duplicate !== true));

interface Differences {
  /** Indexes of the devices with another MAC address. */
  readonly otherMacs: readonly number[];
  readonly appeared: readonly AddressInfo[];
}

export class Interfaces {
  readonly #byIndex = new Map<number, LinkInfo>();
  readonly #addresses = new Map<number, AddressInfo[]>();

  link(index: number | undefined): LinkInfo | undefined {
    return index === undefined ? undefined : this.#byIndex.get(index);
  }

  named(name: string): LinkInfo | undefined {
    for (const link of this.#byIndex.values()) if (link.name === name) return link;
    return undefined;
  }

  /** Of any device of this machine: two may be in one network, and each hears the other. */
  hasMac(mac: Mac): boolean {
    for (const link of this.#byIndex.values()) if (link.mac === mac) return true;
    return false;
  }

  all(): Iterable<LinkInfo> {
    return this.#byIndex.values();
  }

  *addresses(): Iterable<AddressInfo> {
    for (const list of this.#addresses.values()) yield* list;
  }

  /** All there is now. Says what is not as it was known before. */
  reset(links: readonly LinkInfo[], addresses: readonly AddressInfo[]): Differences {
    const before = new Map(this.#byIndex);
    const addressesBefore = new Map(this.#addresses);
    this.#byIndex.clear();
    this.#addresses.clear();
    for (const link of links) this.#byIndex.set(link.index, link);
    for (const address of addresses) this.setAddress(address);
    const otherMacs = links.flatMap(({ index, mac }) => {
      const known = before.get(index);
      return known === undefined || known.mac === mac ? [] : [index];
    });
    const appeared = addresses.filter(
      (one) => addressesBefore.get(one.index)?.some((known) => isSamePlace(known, one)) !== true,
    );
    return { otherMacs, appeared };
  }

  /** Returns whether it has another MAC address than before. */
  setLink(link: LinkInfo): boolean {
    const known = this.#byIndex.get(link.index);
    this.#byIndex.set(link.index, link);
    return known !== undefined && known.mac !== link.mac;
  }

  removeLink(index: number): void {
    this.#byIndex.delete(index);
    this.#addresses.delete(index);
  }

  /** Returns whether it is new there, or known in another form. */
  setAddress(address: AddressInfo): "new" | "changed" | "same" {
    const list = this.#addresses.get(address.index) ?? [];
    this.#addresses.set(address.index, list);
    for (let place = 0; place < list.length; place++) {
      const known = list[place];
      if (known?.address !== address.address || known.prefix !== address.prefix) continue;
      if (isSameForm(known, address)) return "same";
      list[place] = address;
      return "changed";
    }
    list.push(address);
    return "new";
  }

  removeAddress(address: AddressInfo): void {
    const list = this.#addresses.get(address.index);
    const place =
      list?.findIndex((one) => one.address === address.address && one.prefix === address.prefix) ??
      -1;
    if (list !== undefined && place !== -1) list.splice(place, 1);
  }

  /**
   * The default source of advertisements: of IPv4 the first address, not secondary and not virtual;
   * of IPv6 such a one of the link (RFC 9568 5.1.2.1).
   */
  primaryAddress(
    index: number | undefined,
    version: IpVersion,
    isVirtual: (address: IpAddress) => boolean,
  ): IpAddress | undefined {
    if (index === undefined) return undefined;
    return this.#addresses
      .get(index)
      ?.find((one) => isOwnAddress(one, version) && !isVirtual(one.address))?.address;
  }
}
