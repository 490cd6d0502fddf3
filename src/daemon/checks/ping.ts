/** `ping HOST`: an ICMP echo request, repeated while nobody replies. */
import { randomInt } from "node:crypto";
import { openEchoSocket } from "#linux/echo-socket";
import { resolveHost } from "./names.ts";
import { bad, type Found, good, type Probe, type Run } from "./probe.ts";
import * as texts from "./texts.ts";

const SENDS = 3;
/** Node.js waits for no raw socket: it is read so soon, later and later up to the last. */
const READ_FIRST_MS = 1;
const READ_LAST_MS = 20;

export const pingProbe =
  (host: string): Probe =>
  async (run) => {
    const resolved = await resolveHost(host, run);
    return resolved.kind === "address" ? await ping(resolved.address, run) : resolved;
  };

async function ping(address: string, { timeoutMs, signal }: Run): Promise<Found> {
  if (signal.aborted) return bad(texts.stopped);
  const opened = openEchoSocket(address, randomInt(0x1_0000));
  if (!opened.ok) return bad(texts.refused(address, opened.errno), opened.errno);
  const socket = opened.value;
  return await new Promise<Found>((resolve) => {
    const begun = performance.now();
    let sent = 0;
    let wait = READ_FIRST_MS;
    let timer: NodeJS.Timeout | undefined;
    const end = (found: Found): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      socket.close();
      resolve(found);
    };
    const giveUp = (): void => end(bad(texts.stopped));
    const look = (): void => {
      if (socket.isAnswered()) return end(good(texts.replied));
      if (sent < SENDS && performance.now() - begun >= (sent * timeoutMs) / SENDS) {
        const outcome = socket.send(sent);
        sent += 1;
        if (!outcome.ok) return end(bad(texts.refused(address, outcome.errno), outcome.errno));
      }
      timer = setTimeout(look, wait);
      wait = Math.min(2 * wait, READ_LAST_MS);
    };
    signal.addEventListener("abort", giveUp, { once: true });
    look();
  });
}
