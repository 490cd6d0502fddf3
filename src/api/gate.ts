/**
 * Who may ask at all, decided by the head of a request. Pure.
 *
 * A browser on this machine reaches every port of it, so a page from anywhere could ask. Both ways
 * are closed, as in src/cloud/server/gate.ts: a page that has its own name made to mean this
 * machine (DNS rebinding) sends that name as Host; one that sends requests to another site is
 * named in Origin, or Sec-Fetch-Site says so. Over TLS the certificate has to fit the name already.
 */
import type { Connection } from "./connection.ts";

export interface Head {
  readonly method: string;
  readonly host: string;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

/** @param name the host name of this node */
export function checkHead(
  head: Head,
  { through, isTls }: Pick<Connection, "through" | "isTls">,
  name: string,
): "foreign-host" | "cross-site" | undefined {
  // No page reaches a Unix socket.
  if (through === "socket") return undefined;
  if (!isTls && !isOwnName(head.host, name)) return "foreign-host";
  const { origin, fetchSite, host } = head;
  const isOwnPage = fetchSite === undefined || fetchSite === "same-origin" || fetchSite === "none";
  if (!isOwnPage) return "cross-site";
  const own = `${isTls ? "https" : "http"}://${host}`.toLowerCase();
  return origin === undefined || origin.toLowerCase() === own ? undefined : "cross-site";
}

export const isReading = (method: string): boolean => method === "GET" || method === "HEAD";

/** An address, `localhost`, the node's name with or without its domain; each with any port. */
function isOwnName(host: string, name: string): boolean {
  const asked = host.replace(/:\d{1,5}$/, "").toLowerCase();
  if (/^(?:\d{1,3}\.){3}\d{1,3}$/.test(asked) || /^\[[\da-f:.]+\]$/.test(asked)) return true;
  const own = name.toLowerCase();
  return asked === "localhost" || asked === own || asked === own.split(".")[0];
}

/** What stands behind `Bearer`; "" where something else does; undefined: no credentials. */
export function bearerIn(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  return /^Bearer +(\S{1,1024}) *$/i.exec(authorization)?.[1] ?? "";
}
