/**
 * One address that is listened on: an HTTP server with limits for everything that a client decides,
 * and the app behind it.
 */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import type { ServerOptions as TlsOptions } from "node:https";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { AppEnv } from "./app.ts";
import { connectionOf, type Entrance } from "./connection.ts";
import type { SecureFiles } from "./secure-files.ts";
import type { Unsent } from "./unsent.ts";
import type { UserShare } from "./user-share.ts";

const LIMITS: ServerOptions = {
  maxHeaderSize: 8_192,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAlive: true,
};
const HEADERS_MAX = 64;
/** Requests of one connection that are answered at a time; who sends more is not served. */
const AT_ONCE_MAX = 8;
/** What is under way at the end gets so long. */
const LINGER_MS = 2_000;

export interface ListenerParts {
  readonly entrance: Entrance;
  /** Undefined for HTTP without TLS. */
  readonly secure: SecureFiles | undefined;
  readonly app: Hono<AppEnv>;
  readonly connectionsMax: number;
  /** Undefined: it makes no difference which user they are of. */
  readonly share: UserShare | undefined;
  /** Of all listeners. */
  readonly unsent: Unsent;
  readonly failed: (what: string, error: unknown) => void;
}

export class Listener {
  readonly entrance: Entrance;
  readonly #parts: ListenerParts;
  readonly #server: Server;
  readonly #atOnce = new WeakMap<Socket, number>();

  constructor(parts: ListenerParts) {
    this.entrance = parts.entrance;
    this.#parts = parts;
    // Fetched like this, since `import` evaluates every getter of a module.
    this.#server =
      parts.secure === undefined
        ? process.getBuiltinModule("node:http").createServer(LIMITS)
        : process.getBuiltinModule("node:https").createServer({
            ...LIMITS,
            ...tlsOptions(parts.secure),
          });
    this.#server.maxHeadersCount = HEADERS_MAX;
    this.#server.maxConnections = parts.connectionsMax;
    this.#server.on("request", this.#requestListener());
    const { share } = parts;
    if (share !== undefined)
      this.#server.on("connection", (socket: Socket) => {
        if (!share.admit(socket)) socket.destroy();
      });
    // Whoever waits for nothing makes room for whoever comes next.
    this.#server.on("drop", () => {
      this.#server.closeIdleConnections();
      parts.unsent.makeRoom();
    });
  }

  /** Rejects if it cannot listen there. */
  async listen(): Promise<void> {
    const { address } = this.entrance;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      const listening = (): void => {
        this.#server.off("error", reject);
        // Without free descriptors nobody can ask, but nothing else is affected.
        this.#server.on("error", (error) => this.#parts.failed("server", error));
        resolve();
      };
      if (address.kind === "tcp")
        this.#server.listen({ host: address.host, port: address.port, ipv6Only: true }, listening);
      else listenPrivately(this.#server, address.path, listening);
    });
  }

  /** New files; connections that there are keep what they have. */
  secure(files: SecureFiles): void {
    const server = this.#server;
    if ("setSecureContext" in server && typeof server.setSecureContext === "function")
      server.setSecureContext(files);
  }

  /** No new connections; what is under way is finished, streams are ended after a moment. */
  close(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
    setTimeout(() => this.#server.closeAllConnections(), LINGER_MS).unref();
  }

  #requestListener(): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
    const { app, entrance, failed, unsent } = this.#parts;
    const answer = getRequestListener(
      async (request, env) => {
        const { incoming, outgoing } = env as {
          incoming: IncomingMessage;
          outgoing: ServerResponse;
        };
        return await app.fetch(request, {
          connection: connectionOf(incoming, entrance),
          drop: () => outgoing.destroy(),
          isGone: () => outgoing.destroyed,
          send: (status, headers, parts) => {
            if (outgoing.destroyed || outgoing.headersSent) return;
            const length = parts.reduce((all, part) => all + Buffer.byteLength(part), 0);
            unsent.add(outgoing, length);
            outgoing.writeHead(status, { ...headers, "Content-Length": length });
            sendParts(outgoing, parts);
          },
        });
      },
      { overrideGlobalObjects: false },
    );
    return (incoming, outgoing) => {
      // Writing to a connection that has just been closed is an error that nobody waits for.
      incoming.on("error", ignore);
      outgoing.on("error", ignore);
      if (!this.#enter(incoming.socket, outgoing)) return;
      answer(incoming, outgoing).catch((error: unknown) => failed("request", error));
    };
  }

  /** False: its connection is closed, since it asks more at a time than anybody has to. */
  #enter(socket: Socket, outgoing: ServerResponse): boolean {
    const count = (this.#atOnce.get(socket) ?? 0) + 1;
    if (count > AT_ONCE_MAX) {
      socket.destroy();
      return false;
    }
    this.#atOnce.set(socket, count);
    outgoing.once("close", () =>
      this.#atOnce.set(socket, Math.max(0, (this.#atOnce.get(socket) ?? 1) - 1)),
    );
    return true;
  }
}

const ignore = (): void => undefined;

/** Bytes that are encoded at a time. */
const CHUNK = 65_536;

/**
 * As its client takes them, so that what waits is encoded when its turn comes. A `Response` would
 * be read as a stream: 2 ms for 300 KB. Nothing is joined, since that would be garbage.
 */
function sendParts(outgoing: ServerResponse, parts: readonly string[]): void {
  let place = 0;
  const next = (): void => {
    while (!outgoing.destroyed) {
      const begin = place;
      let size = 0;
      while (place < parts.length && size < CHUNK) size += Buffer.byteLength(parts[place++] ?? "");
      const bytes = Buffer.allocUnsafe(size);
      for (let at = 0, part = begin; part < place; part++) at += bytes.write(parts[part] ?? "", at);
      if (place === parts.length) {
        outgoing.end(bytes);
        return;
      }
      if (!outgoing.write(bytes)) {
        outgoing.once("drain", next);
        return;
      }
    }
  };
  next();
}

/** Callers without a certificate get an answer that says what is missing (app.ts). */
const tlsOptions = (files: SecureFiles): TlsOptions => ({
  ...files,
  minVersion: "TLSv1.2",
  requestCert: files.ca !== undefined,
  rejectUnauthorized: false,
});

/** The socket is made inside `listen`, and belongs to its owner alone until somebody says more. */
function listenPrivately(server: Server, path: string, listening: () => void): void {
  const before = process.umask(0o177);
  try {
    server.listen(path, listening);
  } finally {
    process.umask(before);
  }
}
