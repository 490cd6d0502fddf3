/**
 * What a person does to the programs of an instance, and how they break. Pure.
 *
 * `breaks` are measured: what clients noticed of them becomes a row of the table.
 */

export type DaemonOrder =
  | "start"
  | "stop"
  | "restart"
  | "kill-engine"
  | "kill-all"
  | "hang"
  | "continue"
  | "power-off"
  | "power-on"
  | "service-down"
  | "service-up";

export const DAEMON_ORDERS: Readonly<Record<DaemonOrder, { readonly breaks: boolean }>> = {
  start: { breaks: false },
  stop: { breaks: true },
  restart: { breaks: true },
  "kill-engine": { breaks: true },
  "kill-all": { breaks: true },
  hang: { breaks: true },
  continue: { breaks: false },
  "power-off": { breaks: true },
  "power-on": { breaks: false },
  "service-down": { breaks: true },
  "service-up": { breaks: false },
};

export const DAEMON_ORDER_NAMES: readonly DaemonOrder[] = Object.keys(
  DAEMON_ORDERS,
) as DaemonOrder[];

/**
 * The text of a keepalived.conf with this address as the first of its first `virtual_ipaddress`
 * block. Undefined if there is none.
 */
export function withVirtualAddress(text: string, address: string): string | undefined {
  const pattern = /^([ \t]*virtual_ipaddress[ \t]*\{\s*)\d+\.\d+\.\d+\.\d+/m;
  if (!pattern.test(text)) return undefined;
  return text.replace(pattern, (_, before: string) => `${before}${address}`);
}
