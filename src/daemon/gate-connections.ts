/** Connections of an address's ports at a planned release: they may end, and then are reset. */

import { countSockets, destroySockets } from "#linux/socket-destroy";
import type { Ipv4 } from "#units/address";
import { printFailure } from "#vrrp/engine/world";
import type { FencePort } from "#vrrp/router/config";
import type { Log } from "./log.ts";

/** From count to count. */
const COUNT_MS = 100;

/** @param ports none: every port of the addresses */
const filterOf = (
  addresses: readonly Ipv4[],
  ports: readonly FencePort[],
): { readonly addresses: readonly Ipv4[]; readonly ports: readonly number[] | undefined } => ({
  addresses,
  ports:
    ports.length === 0
      ? undefined
      : ports.flatMap(({ protocol, port }) => (protocol === "tcp" ? [port] : [])),
});

/** Resolves to true when none is left, and to false when the time is over. */
export async function drained(
  addresses: readonly Ipv4[],
  ports: readonly FencePort[],
  milliseconds: number,
  log: Log,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const count = await countSockets(filterOf(addresses, ports));
    if (!count.ok) log("warning", `drain: ${printFailure(count)}`);
    if (count.ok && count.value === 0) return true;
    // A kernel that cannot say leaves them the whole time.
    if (!count.ok || performance.now() + COUNT_MS >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, COUNT_MS));
  }
}

export async function resetConnections(
  addresses: readonly Ipv4[],
  ports: readonly FencePort[],
  log: Log,
): Promise<void> {
  const ended = await destroySockets(filterOf(addresses, ports));
  if (!ended.ok) log("warning", `reset_connections: ${printFailure(ended)}`);
  else if (ended.value > 0) log("info", `reset_connections: ${ended.value}`);
}
