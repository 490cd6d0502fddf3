/** Where a request came in, and what the transport says of who sent it. */
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import type { ApiAddress } from "#keepalived/plan/run-plan";

export interface Connection {
  /** "network": other machines reach it. */
  readonly through: "socket" | "loopback" | "network";
  readonly isTls: boolean;
  /** `127.0.0.1:4711`; empty for a socket. */
  readonly from: string;
  /** The common name of a certificate that an authority of callers signed. */
  readonly certified: string | undefined;
}

/** What is the same for every connection at an address. */
export interface Entrance {
  readonly address: ApiAddress;
  readonly through: Connection["through"];
  readonly isTls: boolean;
  /** Callers are asked for a certificate. */
  readonly asksCertificate: boolean;
}

const NAME_MAX = 64;

export function connectionOf(incoming: IncomingMessage, entrance: Entrance): Connection {
  const { through, isTls, asksCertificate } = entrance;
  const { socket } = incoming;
  const host = socket.remoteAddress ?? "";
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    through,
    isTls,
    from: through === "socket" ? "" : `${shown}:${socket.remotePort ?? 0}`,
    certified: asksCertificate ? certifiedName(socket as TLSSocket) : undefined,
  };
}

/** Undefined: no certificate, one that is not trusted, or one without a name. */
function certifiedName(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  const isName = typeof name === "string" && name !== "" && name.length <= NAME_MAX;
  return isName ? name : undefined;
}
