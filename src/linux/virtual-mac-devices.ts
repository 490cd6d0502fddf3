/**
 * The engine's devices with a virtual MAC address: made, listened on, removed.
 */
import type { IpAddress } from "#units/address";
import {
  type Failure,
  type LinkInfo,
  OK,
  type Outcome,
  type VirtualMacDevice,
  type VirtualMacDevices,
} from "#vrrp/engine/world";
import { claimedAddresses } from "./address-claims.ts";
import type { Rtnetlink } from "./rtnetlink.ts";
import {
  linkNamed,
  openVirtualMac,
  readLinks,
  removeVirtualMac,
  type Settings,
  type VirtualMacLink,
} from "./virtual-mac-links.ts";
import { openVirtualMacSocket, type VirtualMacSocket } from "./virtual-mac-socket.ts";
import type { VrrpSocket } from "./vrrp-socket.ts";

/** What advertisements leave by; they wait in `waiting` to be sent together. */
export interface VirtualMacPort {
  readonly version: 4;
  readonly vrrp: VrrpSocket;
  readonly waiting: number[];
  readonly socket: VirtualMacSocket;
}

interface Reading {
  /** Advertisements of this device are those of its base. */
  start(port: VirtualMacPort, device: number, base: number): void;
  stop(port: VirtualMacPort): void;
}

export class LinuxVirtualMacs implements VirtualMacDevices {
  readonly #rtnetlink: Rtnetlink;
  readonly #reading: Reading;
  /** By the index of the device. */
  readonly ports: Map<number, VirtualMacPort> = new Map();
  readonly #indexes = new Map<string, number>();
  /** The index of each one's base, and what each base had before. */
  readonly #bases = new Map<string, number>();
  readonly #before = new Map<number, Settings>();

  constructor(rtnetlink: Rtnetlink, reading: Reading) {
    this.#rtnetlink = rtnetlink;
    this.#reading = reading;
  }

  open(
    device: VirtualMacDevice,
    base: LinkInfo,
  ): { readonly ok: true; readonly link: LinkInfo } | Failure {
    const claimed = claimedAddresses();
    const isOurs = (address: IpAddress): boolean =>
      device.addresses.includes(address) || !claimed.has(address);
    const remembered = this.#before.get(base.index);
    const opened = openVirtualMac(this.#rtnetlink, device, base, isOurs, remembered);
    if (!opened.ok) return opened;
    const { link, before } = opened.value;
    this.#before.set(base.index, before);
    this.#bases.set(device.name, base.index);
    const known = this.#indexes.get(device.name);
    if (known !== undefined && this.ports.get(known)?.socket.receiver.isBound() !== true)
      this.#closePort(device.name);
    if (this.#indexes.get(device.name) === link.index) return { ok: true, link };
    this.#closePort(device.name);
    const socket = openVirtualMacSocket(link.index, link.name, device.mac);
    if (!socket.ok) {
      // What stays is found by the next try.
      void this.close(device.name);
      return socket;
    }
    const port: VirtualMacPort = {
      version: 4,
      vrrp: socket.value.sender,
      waiting: [],
      socket: socket.value,
    };
    this.ports.set(link.index, port);
    this.#indexes.set(device.name, link.index);
    this.#reading.start(port, link.index, base.index);
    return { ok: true, link };
  }

  close(name: string): Outcome {
    this.#closePort(name);
    const base = this.#bases.get(name);
    this.#bases.delete(name);
    if (base !== undefined && ![...this.#bases.values()].includes(base)) this.#before.delete(base);
    const found = linkNamed(this.#rtnetlink, name);
    if (!found.ok) return found.errno === "ENODEV" ? OK : found;
    // Somebody else has one of that name by now.
    return found.value.mark === undefined ? OK : removeVirtualMac(this.#rtnetlink, found.value);
  }

  clean(isKept: (name: string, address: IpAddress | undefined) => boolean): Outcome {
    return cleanVirtualMacs(this.#rtnetlink, isKept).failure ?? OK;
  }

  #closePort(name: string): void {
    const index = this.#indexes.get(name);
    const port = index === undefined ? undefined : this.ports.get(index);
    this.#indexes.delete(name);
    if (index === undefined || port === undefined) return;
    this.ports.delete(index);
    this.#reading.stop(port);
    port.socket.close();
  }
}

/** Removes the devices of ours that are not to be kept: their names, and the first refusal. */
export function cleanVirtualMacs(
  rtnetlink: Rtnetlink,
  isKept: (name: string, address: IpAddress | undefined) => boolean,
): { readonly removed: readonly string[]; readonly failure: Failure | undefined } {
  const all = readLinks(rtnetlink);
  if (!all.ok) return { removed: [], failure: all };
  const removed: string[] = [];
  let failure: Failure | undefined;
  const isGone = ({ link, base, mark }: VirtualMacLink): boolean =>
    base !== undefined && mark !== undefined && !isKept(link.name, mark.address);
  for (const one of all.value.filter(isGone)) {
    const outcome = removeVirtualMac(rtnetlink, one);
    if (outcome.ok) removed.push(one.link.name);
    else failure ??= outcome;
  }
  return { removed, failure };
}
