/** Connections of an address's ports at a planned release: they may end, and then are reset. */

import { connectionNames, destroySockets } from "#linux/socket-destroy";
import type { IpAddress } from "#units/address";
import { printFailure } from "#vrrp/engine/world";
import type { FencePort } from "#vrrp/router/config";
import type { Log } from "./log.ts";

/** For requests that are being answered, of the 40 ms that the address stays (leave.ts). */
const ANSWER_MS = 10;
/** From count to count. */
const COUNT_MS = 100;

/** @param ports none: every port of the addresses */
const filterOf = (
  addresses: readonly IpAddress[],
  ports: readonly FencePort[],
): { readonly addresses: readonly IpAddress[]; readonly ports: readonly number[] | undefined } => ({
  addresses,
  ports:
    ports.length === 0
      ? undefined
      : ports.flatMap(({ protocol, port }) => (protocol === "tcp" ? [port] : [])),
});

/**
 * Resolves to true when none is left of those that there are now, and to false when the time is
 * over. Without a fence others come meanwhile, and nobody waits for them.
 */
export async function drained(
  addresses: readonly IpAddress[],
  ports: readonly FencePort[],
  milliseconds: number,
  log: Log,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  let waiting: readonly bigint[] | undefined;
  for (;;) {
    const found = await connectionNames(filterOf(addresses, ports));
    if (!found.ok) log("warning", `drain: ${printFailure(found)}`);
    // A kernel that cannot say leaves them the whole time.
    if (!found.ok) return false;
    const all = found.value;
    const left: readonly bigint[] = waiting?.filter((name) => all.has(name)) ?? [...all];
    if (left.length === 0) return true;
    if (performance.now() + COUNT_MS >= end) return false;
    waiting = left;
    await new Promise((resolve) => setTimeout(resolve, COUNT_MS));
  }
}

export async function resetConnections(
  addresses: readonly IpAddress[],
  ports: readonly FencePort[],
  log: Log,
): Promise<void> {
  // Without a fence the old owner goes on answering what was asked before the move.
  if (ports.length === 0) await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
  const ended = await destroySockets(filterOf(addresses, ports));
  if (!ended.ok) log("warning", `reset_connections: ${printFailure(ended)}`);
  else if (ended.value > 0) log("info", `reset_connections: ${ended.value}`);
}
