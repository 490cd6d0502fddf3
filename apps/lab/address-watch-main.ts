/**
 * Watches one address in several network namespaces from a single thread and says on file descriptor 3 when it appears
 * and disappears: `{"host":"a","present":true,"at":microseconds of CLOCK_BOOTTIME}`, one line each. Reported before is what is
 * there at the start.
 *
 * Usage: address-watch-main.ts ADDRESS HOST…   (the namespace of the n-th host on descriptor 4 + n)
 */

import { CLONE_NEWNET } from "#linux/abi";
import { now } from "#linux/clock";
import * as libc from "#linux/ffi";
import { LinePipe } from "#linux/line-pipe";
import { Reactor } from "#linux/reactor";
import { LinuxError, must } from "#linux/result";
import { openMonitor, openRtnetlink } from "#linux/rtnetlink";
import type { AddressInfo } from "#ports/world";
import { readIpv4 } from "#units/address";
import { FIRST_NAMESPACE_FD, OUTPUT_FD } from "./instrument-fds.ts";
import type { PresenceChange } from "./presence.ts";

const [text = "", ...hosts] = process.argv.slice(2);
const address = readIpv4(text);
if (address === undefined) throw new Error(`${text} is not an IPv4 address`);

const pipe = new LinePipe(OUTPUT_FD);
const reactor = new Reactor();
reactor.add(pipe.fd, () => void pipe.read());

function watch(host: string, namespaceFd: number): void {
  if (libc.setns(namespaceFd, CLONE_NEWNET) !== 0)
    throw new LinuxError(libc.failure(`setns(${host})`));
  const monitor = must(openMonitor());
  using requests = must(openRtnetlink());
  const isOurs = (info: AddressInfo): boolean => info.address === address;
  const tell = (present: boolean): void => {
    const change: PresenceChange = { host, present, at: now() };
    pipe.write(change, false);
  };
  reactor.add(monitor.fd, () => {
    for (const event of monitor.read()) {
      if (event.kind === "resync") tell(event.addresses.some(isOurs));
      else if (event.kind === "address" && isOurs(event.address)) tell(true);
      else if (event.kind === "addressGone" && isOurs(event.address)) tell(false);
    }
  });
  tell(must(requests.addresses()).some(isOurs));
}

for (const [place, host] of hosts.entries()) watch(host, FIRST_NAMESPACE_FD + place);
while (!pipe.ended) reactor.wait(undefined);
