/**
 * Floods that come from the daemon's own machine: other programs that change addresses, and clients
 * of the control socket.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { addHostAddress, createBridge } from "#linux/links";
import { must, mustDo } from "#linux/result";
import { openRtnetlink } from "#linux/rtnetlink";
import { mustReadIpv4 } from "#probes/must-read";
import { ipv4 } from "#units/address";
import { askSocket } from "../sandbox/ask-socket.ts";
import type { FloodAnswer } from "./flood-sender.ts";
import type { ScaleMachine } from "./scale-machine.ts";

const EVERY_MILLISECONDS = 10;
const ANSWER_MILLISECONDS = 5_000;
const STORM_NET = mustReadIpv4("198.18.0.0");
const STORM_ADDRESSES = 200;
/** Writes 100 MB, which takes some 0.1 s. */
export const LOUD_SCRIPT = "yes | head -c 100000000";

/** Calls `one` so many times a second until it is stopped. */
function repeat(rate: number, one: () => void): () => Promise<FloodAnswer> {
  const begin = performance.now();
  let sent = 0;
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      const due = ((performance.now() - begin) * rate) / 1_000;
      for (; sent < due; sent++) one();
      await sleep(EVERY_MILLISECONDS);
    }
  })();
  return async () => {
    isOver = true;
    await running;
    return { sent, seconds: (performance.now() - begin) / 1_000 };
  };
}

/** Addresses come and go on another device of the daemon's machine. */
export function startAddressStorm(machine: ScaleMachine, rate: number): () => Promise<FloodAnswer> {
  const rtnetlink = machine.within(() => must(openRtnetlink()));
  const named = (): number | undefined =>
    must(rtnetlink.links()).find(({ name }) => name === "storm")?.index;
  if (named() === undefined) mustDo(createBridge(rtnetlink, "storm"));
  const index = named() ?? 0;
  let turn = 0;
  const stop = repeat(rate, () => {
    const address = ipv4(STORM_NET + ((turn >> 1) % STORM_ADDRESSES) + 1);
    if (turn % 2 === 0) mustDo(addHostAddress(rtnetlink, index, address, 32));
    else mustDo(rtnetlink.removeAddress(index, { address, prefix: 32, scope: 0 }));
    turn += 1;
  });
  return async () => {
    const answer = await stop();
    rtnetlink.close();
    return answer;
  };
}

/** So many clients a second ask for the status; those that got an answer count. */
export function startClients(machine: ScaleMachine, rate: number): () => Promise<FloodAnswer> {
  const path = join(machine.folder, "run/baton/control.sock");
  let answered = 0;
  const waiting = new Set<Promise<void>>();
  const stop = repeat(rate, () => {
    const one = (async () => {
      const line = await askSocket(path, { command: "status" }, ANSWER_MILLISECONDS);
      if (line?.startsWith('{"ok":true') === true) answered += 1;
    })();
    waiting.add(one);
    void one.finally(() => waiting.delete(one));
  });
  return async () => {
    const { seconds } = await stop();
    await Promise.all(waiting);
    return { sent: answered, seconds };
  };
}
