/**
 * Routes to the networks of our IPv6 addresses.
 *
 * The kernel makes such a route for every address, one for all addresses of a network on a device,
 * and gives it the lifetime of the address that was set last. Ours live for seconds: when a lease
 * ends, the machine's own addresses, or those of router advertisements, would lose the route to
 * their network. So the kernel is asked to make none (IFA_F_NOPREFIXROUTE), and one of ours with a
 * higher metric stands beside what others have. It is used where the virtual address is the only
 * one of its network, as on routers that have link-local addresses otherwise.
 *
 * It has no lifetime: without the address it does no harm. It goes with the last of our addresses
 * of its network.
 */
import { type IpAddress, type Ipv6, ipv6At, isIpv6, isLinkLocal, writeIp } from "#units/address";
import { type AddressInfo, BATON_PROTO, OK, type Outcome } from "#vrrp/engine/world";
import type { VirtualAddress } from "#vrrp/router/config";
import type { Result } from "./result.ts";
import type { PrefixRoute } from "./rtnetlink-messages.ts";

/** What of rtnetlink is used. */
export interface RouteRequests {
  addRoute(route: PrefixRoute): Outcome;
  removeRoute(route: PrefixRoute): Outcome;
  addresses(): Result<readonly AddressInfo[]>;
}

/** Undefined: the address needs none. Every device has one for link-local addresses. */
export function prefixRouteOf(
  interfaceIndex: number,
  { address, prefix, peer, noPrefixRoute }: VirtualAddress,
): PrefixRoute | undefined {
  const base = peer ?? address;
  if (!isIpv6(base) || prefix === 128 || noPrefixRoute === true || isLinkLocal(base))
    return undefined;
  return { interfaceIndex, network: networkOf(base, prefix), prefix };
}

export class PrefixRoutes {
  readonly #requests: RouteRequests;
  /** The addresses of this process that need a route, by its name. */
  readonly #users = new Map<string, Set<IpAddress>>();

  constructor(requests: RouteRequests) {
    this.#requests = requests;
  }

  /** After the address was set. A device that was down has lost the route, so it is set again. */
  add(interfaceIndex: number, virtual: VirtualAddress): Outcome {
    const route = prefixRouteOf(interfaceIndex, virtual);
    if (route === undefined) return OK;
    const outcome = this.#requests.addRoute(route);
    if (!outcome.ok && outcome.errno !== "EEXIST") return outcome;
    const name = nameOf(route);
    const users = this.#users.get(name) ?? new Set();
    this.#users.set(name, users.add(virtual.address));
    return OK;
  }

  /** After the address was removed. */
  remove(interfaceIndex: number, virtual: VirtualAddress): Outcome {
    const route = prefixRouteOf(interfaceIndex, virtual);
    if (route === undefined) return OK;
    const name = nameOf(route);
    const users = this.#users.get(name);
    const isKnown = users?.delete(virtual.address) === true;
    if (users !== undefined && users.size > 0) return OK;
    this.#users.delete(name);
    if (!isKnown && this.#isNeeded(route)) return OK;
    const outcome = this.#requests.removeRoute(route);
    return !outcome.ok && (outcome.errno === "ESRCH" || outcome.errno === "ENODEV") ? OK : outcome;
  }

  /** What another process has set: whether one that carries our mark is left. */
  #isNeeded({ interfaceIndex, network, prefix }: PrefixRoute): boolean {
    const found = this.#requests.addresses();
    if (!found.ok) return true;
    return found.value.some(
      (one) =>
        one.index === interfaceIndex &&
        one.proto === BATON_PROTO &&
        one.prefix === prefix &&
        isIpv6(one.address) &&
        networkOf(one.address, prefix) === network,
    );
  }
}

const nameOf = ({ interfaceIndex, network, prefix }: PrefixRoute): string =>
  `${interfaceIndex} ${network}/${prefix}`;

function networkOf(address: Ipv6, prefix: number): Ipv6 {
  const bytes = new Uint8Array(16);
  writeIp(address, bytes, 0);
  for (let at = 0; at < 16; at++) {
    const bits = Math.max(0, Math.min(8, prefix - at * 8));
    bytes[at] = (bytes[at] ?? 0) & (0xff << (8 - bits));
  }
  return ipv6At(bytes, 0);
}
