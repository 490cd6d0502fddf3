/** `takeover_probe service`: does the service still answer at one of these addresses? */
import { connect } from "node:net";
import { type IpAddress, printIp } from "#units/address";
import type { FencePort } from "#vrrp/router/config";

/** An owner that is alive answers a connection within a few round trips. */
const ANSWER_MS = 300;

/** The first TCP port is asked. If it is refused nobody is served, whoever has the address. */
export async function anyServes(
  addresses: readonly IpAddress[],
  fence: readonly FencePort[],
): Promise<boolean> {
  const port = fence.find(({ protocol }) => protocol === "tcp")?.port;
  if (port === undefined) return false;
  const asked = addresses.map(async (one) => await serves(one, port));
  const { promise, resolve } = Promise.withResolvers<boolean>();
  for (const one of asked)
    void one.then((isServed) => {
      if (isServed) resolve(true);
    });
  void Promise.all(asked).then(() => resolve(false));
  return await promise;
}

async function serves(address: IpAddress, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: printIp(address), port });
    const end = (isServed: boolean): void => {
      socket.destroy();
      resolve(isServed);
    };
    socket.setTimeout(ANSWER_MS, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
