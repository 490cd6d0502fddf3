/** `tcp HOST:PORT`: does it accept a connection? Nothing is sent. */
import { connect, isIP, type Socket } from "node:net";
import { resolveHost } from "./names.ts";
import { bad, codeOf, type Found, good, type Probe } from "./probe.ts";
import * as texts from "./texts.ts";

export const tcpProbe =
  (host: string, port: number): Probe =>
  async (run) => {
    const resolved = await resolveHost(host, run);
    if (resolved.kind !== "address") return resolved;
    const { address } = resolved;
    const where = isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
    return await new Promise<Found>((resolve) => {
      const socket = connect({ host: address, port });
      const end = (found: Found): void => {
        run.signal.removeEventListener("abort", giveUp);
        socket.destroy();
        resolve(found);
      };
      const giveUp = (): void => end(bad(texts.stopped));
      run.signal.addEventListener("abort", giveUp, { once: true });
      socket.once("connect", () =>
        end(isItself(socket) ? bad(texts.refused(where, "ECONNREFUSED")) : good(texts.connected)),
      );
      // For as long as it exists: a second one would end the process.
      socket.on("error", (error) => {
        const code = codeOf(error);
        end(bad(texts.refused(where, code), code));
      });
      if (run.signal.aborted) giveUp();
    });
  };

/**
 * To a port of this machine where nobody listens, the kernel may choose the same port to connect
 * from: then both ends are one socket (RFC 9293, simultaneous open).
 */
const isItself = ({ localPort, remotePort, localAddress, remoteAddress }: Socket): boolean =>
  localPort === remotePort && localAddress === remoteAddress;
