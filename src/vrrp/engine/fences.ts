/** Which ports of which addresses are fenced for an instance with a `gate`. */
import type { FencePort, InstanceConfig } from "../router/config.ts";
import type { FenceEntry, FenceMode } from "./world.ts";

/** The unit that the instance's gate is one of: its sync group, or itself. */
export const unitOf = ({ group, router }: InstanceConfig): string => group ?? router.name;

/** Every port of every address of the instance that its fence is for. */
export function fenceOf({ fence, addresses, excludedAddresses }: InstanceConfig): FenceEntry[] {
  if (fence === undefined) return [];
  return [...addresses, ...excludedAddresses].flatMap(({ address }) =>
    fence.map(({ protocol, port }: FencePort): FenceEntry => ({ address, protocol, port })),
  );
}

/** Closed to everybody. With `reset_connections` a client learns of it by the reset alone. */
export const fenceMode = ({ router }: InstanceConfig): FenceMode =>
  router.gate?.resetConnections === true ? "held" : "all";

/**
 * The TCP ports of the instance's addresses that are reset before those are removed: those of the
 * fence, or without one all. Undefined: connections are left alone.
 */
export function resetPortsOf({
  fence,
  router,
}: InstanceConfig): readonly number[] | "all" | undefined {
  if (router.gate?.resetConnections !== true) return undefined;
  if (fence === undefined || fence.length === 0) return "all";
  return fence.flatMap(({ protocol, port }) => (protocol === "tcp" ? [port] : []));
}

export const isSameEntry = (a: FenceEntry, b: FenceEntry): boolean =>
  a.address === b.address && a.protocol === b.protocol && a.port === b.port;
