/** `dns SERVER NAME TYPE`: one question over UDP, repeated while nobody answers. */
import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { isIP } from "node:net";
import type { CheckTarget } from "#keepalived/plan/run-plan";
import { type DnsAnswer, emitQuery, parseAnswer } from "./dns-message.ts";
import { bad, codeOf, type Found, good, type Probe } from "./probe.ts";
import * as texts from "./texts.ts";

/** A datagram may be lost: so many within the time. */
export const SENDS = 3;

type DnsTarget = Extract<CheckTarget, { readonly kind: "dns" }>;

export const dnsProbe =
  ({ server: { host, port }, name, type }: DnsTarget): Probe =>
  async ({ timeoutMs, signal }) =>
    await new Promise<Found>((resolve) => {
      const id = randomInt(0x1_0000);
      const query = emitQuery(id, name, type);
      const socket = createSocket(isIP(host) === 6 ? "udp6" : "udp4");
      let isOver = false;
      const end = (found: Found): void => {
        if (isOver) return;
        isOver = true;
        clearInterval(again);
        signal.removeEventListener("abort", giveUp);
        socket.close();
        resolve(found);
      };
      const giveUp = (): void => end(bad(texts.stopped));
      const fail = (error: unknown): void => {
        const code = codeOf(error);
        end(bad(texts.refused(`${host}:${port}`, code), code));
      };
      const again = setInterval(() => send(socket, query), timeoutMs / SENDS);
      signal.addEventListener("abort", giveUp, { once: true });
      socket.on("error", fail);
      socket.on("message", (bytes) => {
        const answer = parseAnswer(bytes, id, name, type);
        if (answer !== undefined) end(validate(answer, name, type));
      });
      // Only this server's answers are received, and its ICMP errors: that a port is closed. The
      // callback's type lacks the error of a server that there is no route to.
      const connected = (error?: Error): void => {
        if (error !== undefined) return fail(error);
        if (!isOver) send(socket, query);
      };
      socket.connect(port, host, connected as () => void);
      if (signal.aborted) giveUp();
    });

/** Errors come by the event `error`. */
function send(socket: Socket, query: Buffer): void {
  try {
    socket.send(query);
  } catch {
    // Not connected yet.
  }
}

function validate(answer: DnsAnswer, name: string, type: DnsTarget["type"]): Found {
  if (answer.kind === "refused") return bad(texts.dnsRefused(answer.code));
  const { count, isTruncated } = answer;
  if (count > 0) return good(texts.records(count, type));
  return isTruncated ? good(texts.truncated) : bad(texts.noRecord(name, type));
}
