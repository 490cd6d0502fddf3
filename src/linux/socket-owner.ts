/**
 * Which user's program is at the other end of a TCP connection of this machine with itself: the
 * kernel knows the user of each socket (inet_diag), so no other has to be believed.
 */
import { readIpv4 } from "#units/address";
import { AF_INET, AF_INET6 } from "./abi.ts";
import * as libc from "./ffi.ts";
import { MessageBuilder, messagesOf } from "./netlink.ts";
import { NETLINK_SOCK_DIAG, openNetlink } from "./netlink-socket.ts";
import { emitGetSocket, SOCK_DIAG_BY_FAMILY, userOf } from "./socket-diag-messages.ts";

const SEQUENCE = 1;
const ANSWER_LENGTH = 4_096;

export interface SocketEnd {
  /** `127.0.0.1`, `::1` */
  readonly address: string;
  readonly port: number;
}

/**
 * The number of the user who has the end `local` of the connection to `remote`.
 * Undefined: there is no such connection here (any more), or the kernel cannot say.
 */
export function socketUser(local: SocketEnd, remote: SocketEnd): number | undefined {
  const [from, to] = [bytesOf(local.address), bytesOf(remote.address)];
  if (from === undefined || to?.length !== from.length) return undefined;
  const family = from.length === 4 ? AF_INET : AF_INET6;
  const ends = { family, from, fromPort: local.port, to, toPort: remote.port };
  const fd = openNetlink(NETLINK_SOCK_DIAG, 0);
  if (!fd.ok) return undefined;
  try {
    const request = emitGetSocket(new MessageBuilder(), SEQUENCE, ends);
    if (libc.send(fd.value, request, request.length, 0) < 0) return undefined;
    const buffer = new Uint8Array(ANSWER_LENGTH);
    const length = libc.recv(fd.value, buffer, buffer.length, 0);
    if (length < 0) return undefined;
    for (const message of messagesOf(buffer.subarray(0, length)))
      if (message.type === SOCK_DIAG_BY_FAMILY && message.sequence === SEQUENCE)
        return userOf(message);
    return undefined;
  } finally {
    libc.close(fd.value);
  }
}

/** Of the address, as on the wire: of IPv6 only `::1` is asked for. */
function bytesOf(address: string): Uint8Array | undefined {
  if (address === "::1") return Uint8Array.of(...Array.from({ length: 15 }, () => 0), 1);
  const value = readIpv4(address);
  if (value === undefined) return undefined;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
