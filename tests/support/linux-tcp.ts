/**
 * TCP sockets of Node.js in another network namespace: a socket belongs to the one it was made in.
 */
import { createServer, type Server, Socket } from "node:net";
import {
  AF_INET,
  AF_INET6,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCKADDR_IN,
  SOCKADDR_IN6,
} from "#linux/abi";
import * as libc from "#linux/ffi";
import type { Namespace } from "#linux/namespace";
import { isIpv6, printIp } from "#units/address";
import { ip } from "./linux-net.ts";

const SOCK_STREAM = 1;

const streamIn = (namespace: Namespace, family: number = AF_INET): number =>
  namespace.within(() => {
    const fd = libc.socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) throw new Error("socket");
    return fd;
  });

/** A server on a port of every address, and the connections that it has. */
export interface TcpServer {
  readonly connections: Socket[];
  readonly received: string[];
  [Symbol.dispose](): void;
}

/** @param on all addresses of IPv4, or of both families */
export async function listenIn(
  namespace: Namespace,
  port: number,
  on: "0.0.0.0" | "::" = "0.0.0.0",
): Promise<TcpServer> {
  const family = on === "::" ? AF_INET6 : AF_INET;
  const fd = streamIn(namespace, family);
  const where = new Uint8Array(on === "::" ? SOCKADDR_IN6.size : SOCKADDR_IN.size);
  const view = new DataView(where.buffer);
  view.setUint16(SOCKADDR_IN.family, family, true);
  view.setUint16(SOCKADDR_IN.port, port);
  if (libc.bind(fd, where, where.length) !== 0) throw new Error("bind");
  const connections: Socket[] = [];
  const received: string[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (data: Buffer) => received.push(data.toString()));
  });
  await new Promise<void>((resolve) => server.listen({ fd }, resolve));
  return {
    connections,
    received,
    [Symbol.dispose]() {
      server.close();
      for (const one of connections) one.destroy();
    },
  };
}

export interface TcpClient {
  readonly socket: Socket;
  readonly received: string[];
  /** Connected, ended by the other side, or the name of the error. */
  readonly events: string[];
  [Symbol.dispose](): void;
}

export function connectIn(namespace: Namespace, host: string, port: number): TcpClient {
  const family = isIpv6(ip(host)) ? AF_INET6 : AF_INET;
  const socket = new Socket({ fd: streamIn(namespace, family), allowHalfOpen: true });
  const events: string[] = [];
  const received: string[] = [];
  socket.on("connect", () => events.push("connect"));
  socket.on("end", () => events.push("end"));
  socket.on("error", (error: NodeJS.ErrnoException) => events.push(error.code ?? "?"));
  socket.on("data", (data: Buffer) => received.push(data.toString()));
  socket.connect({ host: printIp(ip(host)), port });
  return { socket, received, events, [Symbol.dispose]: () => socket.destroy() };
}

/** Waits until it is so; at the longest `milliseconds`. */
export async function untilTrue(isSo: () => boolean, milliseconds = 5_000): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (!isSo()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return true;
}
