/** Opens the port: the application behind Node.js' own server, within limits. */
import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";

export interface Tls {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly tls: Tls | undefined;
}

export interface RunningConsole {
  /** Without a path, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  close(): Promise<void>;
}

/** A person with a few tabs has a dozen connections; nobody else is expected. */
const CONNECTIONS_MAX = 256;
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 30_000,
} as const;

/** Rejects with the error of listen(2): EADDRINUSE, EACCES, EADDRNOTAVAIL. */
export async function serveConsole(
  app: Hono,
  { host, port, tls }: ListenOptions,
): Promise<RunningConsole> {
  const common = { fetch: app.fetch, overrideGlobalObjects: false };
  const server = (
    tls === undefined
      ? createAdaptorServer({ ...common, createServer: createHttp, serverOptions: LIMITS })
      : createAdaptorServer({
          ...common,
          createServer: createHttps,
          serverOptions: { ...LIMITS, ...tls, minVersion: "TLSv1.2" },
        })
  ) as Server & { closeAllConnections(): void };
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(port, host);
  await once(server, "listening");
  const { address, port: actual, family } = server.address() as AddressInfo;
  const shown = family === "IPv6" ? `[${address}]` : address;
  return {
    url: `${tls === undefined ? "http" : "https"}://${shown}:${actual}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      // Event streams end when nobody sends any more, which is now.
      server.closeAllConnections();
      await closed;
    },
  };
}
