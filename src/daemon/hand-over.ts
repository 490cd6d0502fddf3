/**
 * Performs the hand-over that src/vrrp/supervisor decides for an engine that died: sockets,
 * addresses, rules of the sub-second lease. It decides nothing itself. What the kernel refuses
 * is logged, or returned as the effect's result.
 */

import { wallClock, workBound } from "#linux/clock";
import { openNftFence } from "#linux/nft-fence";
import { type NftGuard, openNftGuard } from "#linux/nft-guard";
import { KernelRouting } from "#linux/routing-table";
import type { Rtnetlink } from "#linux/rtnetlink";
import { destroySocketsNow } from "#linux/socket-destroy";
import { openVirtualMacSocket, type VirtualMacSocket } from "#linux/virtual-mac-socket";
import { openVrrpSocket, type VrrpSocket } from "#linux/vrrp-socket";
import { type IpAddress, printIp } from "#units/address";
import { type Micros, micros } from "#units/time";
import { fenceMode, fenceOf } from "#vrrp/engine/fences";
import { isRouteGone } from "#vrrp/engine/routing";
import { type Failure, printFailure } from "#vrrp/engine/world";
import { type RoutingItem, textOf } from "#vrrp/router/routes";
import type { Place, SupervisorEffect, SupervisorEvent } from "#vrrp/supervisor/event";
import { releasePackets } from "#vrrp/supervisor/release-packets";
import type { Hold } from "#vrrp/supervisor/state";
import { isSuccessor } from "#vrrp/supervisor/successor";
import type { Log } from "./log.ts";

type Effect<K extends SupervisorEffect["kind"]> = Extract<SupervisorEffect, { readonly kind: K }>;

/** Some thousand connections. The successor has the address already, or soon. */
const RESET_MOST: Micros = micros(50_000);
/** Where this process does not get the processor; the address stays as long. */
const RESET_LONGEST: Micros = micros(100_000);

export class HandOver {
  readonly #rtnetlink: Rtnetlink;
  readonly #log: Log;
  readonly #sockets = new Map<number, VrrpSocket>();
  readonly #vmacs = new Map<number, VirtualMacSocket>();
  readonly #packet = new Uint8Array(65_536);
  #openGuard: NftGuard | undefined;

  constructor(rtnetlink: Rtnetlink, log: Log) {
    this.#rtnetlink = rtnetlink;
    this.#log = log;
  }

  readKernel(): SupervisorEvent {
    const links = this.#rtnetlink.links();
    if (!links.ok) return { kind: "kernelUnreadable", failure: links };
    const addresses = this.#rtnetlink.addresses();
    if (!addresses.ok) return { kind: "kernelUnreadable", failure: addresses };
    return { kind: "kernelRead", kernel: { links: links.value, addresses: addresses.value } };
  }

  /**
   * Opened before anything is sent: with one peer the successor's advertisement arrives within
   * a millisecond.
   */
  listen({ hold, instance, link, version, group, vmac }: Effect<"listen">): SupervisorEvent {
    const opened = openVrrpSocket(link.index, link.name, version);
    if (!opened.ok) return { kind: "listenRefused", hold, failure: opened };
    this.#sockets.set(hold, opened.value);
    const joined = group === undefined ? undefined : opened.value.joinGroup(group);
    // Then the successor is not heard, and the hand-over takes as long as it is allowed to.
    if (joined?.ok === false) this.#warn(instance, joined);
    if (vmac !== undefined) {
      const virtual = openVirtualMacSocket(vmac.index, vmac.name, vmac.mac);
      if (virtual.ok) this.#vmacs.set(hold, virtual.value);
      else this.#warn(instance, virtual);
    }
    return { kind: "listening", hold };
  }

  unlisten({ hold }: Effect<"unlisten">): void {
    this.#sockets.get(hold)?.close();
    this.#sockets.delete(hold);
    this.#vmacs.get(hold)?.close();
    this.#vmacs.delete(hold);
  }

  /** Reads everything that has arrived. */
  isSuccessorHeard(hold: Hold): boolean {
    const sockets = [this.#sockets.get(hold.id), this.#vmacs.get(hold.id)?.receiver];
    return sockets.some((socket) => socket !== undefined && this.#hears(hold, socket));
  }

  #hears(hold: Hold, socket: Pick<VrrpSocket, "receive">): boolean {
    for (;;) {
      const length = socket.receive(this.#packet);
      if (length <= 0) return false;
      if (isSuccessor(hold, this.#packet.subarray(0, length), wallClock())) return true;
    }
  }

  sendRelease({ hold, config, source }: Effect<"sendRelease">): void {
    const vmac = config.advertisesBy === undefined ? undefined : this.#vmacs.get(hold)?.sender;
    const socket = vmac ?? this.#sockets.get(hold);
    for (const { destination, bytes } of releasePackets(config, source, wallClock())) {
      const sent = socket?.send(bytes, destination);
      if (sent === undefined || sent.ok) continue;
      this.#warn(config.router.name, sent, `0 priority to ${printIp(destination)}: `);
    }
  }

  holdAddresses({ instance, places, seconds }: Effect<"holdAddresses">): void {
    for (const { interfaceIndex, address } of places) {
      const outcome = this.#rtnetlink.setAddress(interfaceIndex, address, seconds);
      if (!outcome.ok) this.#warn(instance, outcome, `${printIp(address.address)}: `);
    }
  }

  /** A lease that has ended stays ended: a peer may own the address by now. */
  prolongGuard({ instance, addresses, milliseconds }: Effect<"prolongGuard">): void {
    const guard = this.#guard();
    const answering = guard?.alive();
    if (guard === undefined || answering === undefined) return;
    if (!answering.ok) return this.#warn(instance, answering);
    const alive = new Set(answering.value);
    const outcome = guard.prolong(
      addresses.filter((address) => alive.has(address)),
      milliseconds,
    );
    // Then the addresses become unreachable before the hand-over ends.
    if (!outcome.ok) this.#warn(instance, outcome);
  }

  removeAddresses(effect: Effect<"removeAddresses">): SupervisorEvent {
    const { instance, places, spared, resets, routing } = effect;
    const gone: IpAddress[] = [];
    if (resets !== undefined) this.#reset(instance, places, resets);
    if (routing !== undefined) this.#removeRouting(instance, routing);
    for (const { interfaceIndex, address } of places) {
      const outcome = this.#rtnetlink.removeAddress(interfaceIndex, address);
      if (outcome.ok) gone.push(address.address);
      else this.#error(instance, outcome, `${printIp(address.address)}: `);
    }
    const found = this.#rtnetlink.addresses();
    return { kind: "addressesRemoved", instance, spared, gone, here: found.ok ? found.value : [] };
  }

  #removeRouting(instance: string, items: readonly RoutingItem[]): void {
    const links = this.#rtnetlink.links();
    const indexOf = (device: string): number | undefined =>
      links.ok ? links.value.find(({ name }) => name === device)?.index : undefined;
    const routing = new KernelRouting(this.#rtnetlink);
    for (const item of items) {
      const outcome = routing.remove(item, indexOf);
      if (!outcome.ok && !isRouteGone(outcome)) this.#error(instance, outcome, `${textOf(item)}: `);
    }
  }

  /** After the removal no client would hear of it. */
  #reset(instance: string, places: readonly Place[], resets: readonly number[] | "all"): void {
    const addresses = places.map(({ address }) => address.address);
    const ports = resets === "all" ? undefined : resets;
    const outcome = destroySocketsNow({ addresses, ports }, workBound(RESET_MOST, RESET_LONGEST));
    if (!outcome.ok) this.#warn(instance, outcome);
  }

  clearGuard({ instance, addresses }: Effect<"clearGuard">): void {
    const outcome = this.#guard()?.close(addresses);
    if (outcome?.ok === false) this.#error(instance, outcome);
  }

  /** The engine closes it as well, and does not serve where it cannot. */
  closeFence({ instances }: Effect<"closeFence">): void {
    const fence = openNftFence();
    for (const config of instances) {
      const outcome = fence.ok ? fence.value.close(fenceOf(config), fenceMode(config)) : fence;
      if (!outcome.ok) this.#error(config.router.name, outcome);
    }
    if (fence.ok) fence.value[Symbol.dispose]();
  }

  /** Opened when it is needed. If the kernel has none, there is nothing to close either. */
  #guard(): NftGuard | undefined {
    if (this.#openGuard !== undefined) return this.#openGuard;
    const opened = openNftGuard();
    if (opened.ok) this.#openGuard = opened.value;
    return this.#openGuard;
  }

  #warn(instance: string, failure: Failure, what = ""): void {
    this.#log("warning", `(${instance}) ${what}${printFailure(failure)}`);
  }

  #error(instance: string, failure: Failure, what = ""): void {
    this.#log("error", `(${instance}) ${what}${printFailure(failure)}`);
  }
}
