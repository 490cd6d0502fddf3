/** The emulator as a library: `const { url, close } = await startCloud({ port: 0 })`. */
import type { Server } from "node:http";
import type { Cloud, CloudOptions } from "./cloud.ts";
import { openCloud } from "./cloud.ts";
import { makeServer } from "./server.ts";

export interface StartOptions extends CloudOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0 picks a free one. */
  readonly port: number;
  /** Names by which clients may call it, besides addresses, `localhost` and `host`. */
  readonly names?: readonly string[] | undefined;
}

export interface RunningCloud {
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly url: string;
  readonly cloud: Cloud;
  /** Idle connections end at once; calls in progress get a second. */
  close(): Promise<void>;
}

const GRACE_MS = 1_000;

/** Rejects if the port is not available or the store cannot be opened. */
export async function startCloud(options: StartOptions): Promise<RunningCloud> {
  const { host = "127.0.0.1", port, names = [] } = options;
  const cloud = openCloud(options);
  const log = options.log ?? ((): void => undefined);
  const server = makeServer(
    (request) => cloud.handle(request),
    (error) => log("error", error instanceof Error ? (error.stack ?? error.message) : "failed"),
    [host, ...names],
  );
  try {
    await listen(server, port, host);
  } catch (error) {
    cloud[Symbol.dispose]();
    throw error;
  }
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    cloud,
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      const grace = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      await closed;
      clearTimeout(grace);
      cloud[Symbol.dispose]();
    },
  };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
