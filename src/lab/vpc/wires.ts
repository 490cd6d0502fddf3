/**
 * Cables: one namespace for the switch, one with an eth0 for every host, a veth pair between them.
 *
 *   instance a ── eth0 ═══ p1 ┐
 *   instance b ── eth0 ═══ p2 ├ switch process
 *   internet   ── eth0 ═══ p3 ┘
 *
 * Transmit offloads are off inside, so that every frame on a cable is complete; IPv6 is off at
 * both ends, so that the cables carry only what is sent on purpose.
 */
import { writeFileSync } from "node:fs";
import {
  addHostAddress,
  addRoute,
  changeLink,
  createVeth,
  disableTransmitOffload,
} from "#linux/links";
import { createNamespace, type Namespace } from "#linux/namespace";
import { must, mustDo } from "#linux/result";
import { openRtnetlink, type Rtnetlink } from "#linux/rtnetlink";
import type { Ipv4, Mac } from "#units/address";
import type { PortDevice } from "../network/switch-protocol.ts";
import { bilingual } from "./lab-messages.ts";
import { LabMistake } from "./lab-mistake.ts";

export const INTERFACE = "eth0";

export interface HostWiring {
  readonly name: string;
  readonly port: number;
  readonly mac: Mac;
  readonly address: Ipv4;
  readonly prefix: number;
  /** Undefined if everything is on the cable (the internet's host). */
  readonly gateway: Ipv4 | undefined;
}

export interface Host extends HostWiring {
  readonly namespace: Namespace;
  readonly rtnetlink: Rtnetlink;
  /** The index of eth0 inside, and of the cable's outer end in the switch's namespace. */
  readonly index: number;
  readonly portIndex: number;
}

export class Wires {
  readonly switch: Namespace;
  readonly #rtnetlink: Rtnetlink;
  readonly #hosts = new Map<string, Host>();

  /** Needs the right to make namespaces; throws LinuxError. */
  constructor() {
    this.switch = createNamespace("switch");
    this.#rtnetlink = this.switch.within(() => {
      disableIpv6();
      return must(openRtnetlink());
    });
  }

  plug(wiring: HostWiring): Host {
    const namespace = createNamespace(wiring.name);
    const rtnetlink = namespace.within(() => {
      disableIpv6();
      return must(openRtnetlink());
    });
    const device = deviceOf(wiring.port);
    const far = { name: INTERFACE, mac: wiring.mac, namespace: namespace.fd };
    mustDo(createVeth(this.#rtnetlink, { name: device }, far));
    const portIndex = indexOf(this.#rtnetlink, device);
    mustDo(changeLink(this.#rtnetlink, portIndex, { up: true }));
    namespace.within(() => mustDo(disableTransmitOffload(INTERFACE)));
    const index = indexOf(rtnetlink, INTERFACE);
    mustDo(changeLink(rtnetlink, indexOf(rtnetlink, "lo"), { up: true }));
    mustDo(changeLink(rtnetlink, index, { up: true }));
    mustDo(addHostAddress(rtnetlink, index, wiring.address, wiring.prefix));
    mustDo(addRoute(rtnetlink, undefined, wiring.gateway, index));
    const host: Host = { ...wiring, namespace, rtnetlink, index, portIndex };
    this.#hosts.set(wiring.name, host);
    return host;
  }

  host(name: string): Host {
    const host = this.#hosts.get(name);
    if (host === undefined)
      throw new LabMistake(bilingual(`no instance is called ${name}`, `没有名为 ${name} 的实例`));
    return host;
  }

  hosts(): readonly Host[] {
    return [...this.#hosts.values()];
  }

  devices(): readonly PortDevice[] {
    return this.hosts().map(({ port }) => ({ port, device: deviceOf(port) }));
  }

  /** If pulled out, the device inside loses its carrier, as with a real cable. */
  setCable(name: string, plugged: boolean): void {
    mustDo(changeLink(this.#rtnetlink, this.host(name).portIndex, { up: plugged }));
  }

  close(): void {
    for (const host of this.#hosts.values()) {
      host.rtnetlink.close();
      host.namespace.close();
    }
    this.#hosts.clear();
    this.#rtnetlink.close();
    this.switch.close();
  }
}

const deviceOf = (port: number): string => `p${port}`;

/**
 * Applies to devices made later. A kernel without IPv6 has no such file, and a container may
 * not let us write to it.
 */
function disableIpv6(): void {
  for (const scope of ["all", "default"]) {
    try {
      writeFileSync(`/proc/sys/net/ipv6/conf/${scope}/disable_ipv6`, "1");
    } catch {
      return;
    }
  }
}

function indexOf(rtnetlink: Rtnetlink, name: string): number {
  const link = must(rtnetlink.links()).find((entry) => entry.name === name);
  if (link === undefined) throw new Error(`the kernel does not know the device ${name}`);
  return link.index;
}
