/** `HOST:PORT`, where HOST is a name, an IPv4 address, or an IPv6 address in brackets. */
import { readIp } from "./ip.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export type ReadHostPort =
  | { readonly kind: "at"; readonly at: HostPort }
  | { readonly kind: "problem"; readonly why: "form" | "host" | "port" };

export const PORT_MAX = 65_535;
const NAME_MAX = 253;
/** RFC 1035 2.3.4: 63 letters at the most. */
const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*\\.?$`);

/** @param fallback the port where none is written; undefined: there has to be one */
export function readHostPort(text: string, fallback?: number): ReadHostPort {
  const [, six, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(text) ?? [];
  const host = six ?? plain;
  if (host === undefined || (digits === undefined && fallback === undefined))
    return { kind: "problem", why: "form" };
  if (six === undefined ? !isHost(host) : readIp(host)?.family !== 6)
    return { kind: "problem", why: "host" };
  const port = digits === undefined ? (fallback ?? 0) : (readPort(digits) ?? 0);
  return port === 0 ? { kind: "problem", why: "port" } : { kind: "at", at: { host, port } };
}

/** 1 to 65535. */
export function readPort(text: string): number | undefined {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= PORT_MAX ? port : undefined;
}

/** A name or an IPv4 address; four numbers that are no address are neither. */
export function isHost(text: string): boolean {
  if (/^[0-9.]+$/.test(text)) return readIp(text)?.family === 4;
  return text.length <= NAME_MAX && NAME.test(text);
}

export const isAddress = (host: string): boolean => readIp(host) !== undefined;

export const printHostPort = ({ host, port }: HostPort): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
