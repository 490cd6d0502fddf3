/** Opening netlink sockets, and reading their acknowledgements. */
import { type Failure, OK, type Outcome } from "#vrrp/engine/world";
import {
  AF_NETLINK,
  SO_RCVTIMEO,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_SOCKET,
} from "./abi.ts";
import { errnoName } from "./errno.ts";
import * as libc from "./ffi.ts";
import {
  attributesOf,
  type NetlinkMessage,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  textOf,
} from "./netlink.ts";
import { type Result, success } from "./result.ts";

export const NETLINK_ROUTE = 0;
export const NETLINK_SOCK_DIAG = 4;
export const NETLINK_NETFILTER = 12;
const SOL_NETLINK = 270;
const NETLINK_EXT_ACK = 11;
const NLMSGERR_ATTR_MSG = 1;
/** struct sockaddr_nl: family u16, pad u16, port u32, groups u32 */
const SOCKADDR_NL_SIZE = 12;
/**
 * The kernel answers inside the system call; an answer that takes longer was dropped for want of
 * memory.
 */
const ANSWER_SECONDS = 1;

/**
 * With `groups` 0 a blocking socket for requests, on which `recv` fails with EAGAIN after a second;
 * otherwise a non-blocking one for notifications of these groups (a bit mask).
 */
export function openNetlink(protocol: number, groups: number): Result<number> {
  const flags = SOCK_RAW | SOCK_CLOEXEC | (groups === 0 ? 0 : SOCK_NONBLOCK);
  const fd = libc.socket(AF_NETLINK, flags, protocol);
  if (fd < 0) return libc.failure(`socket(AF_NETLINK, ${protocol})`);
  const address = new Uint8Array(SOCKADDR_NL_SIZE);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  // Error texts are optional: kernels before 4.12 have none.
  libc.setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, Int32Array.of(1), 4);
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, Int32Array.of(ANSWER_SECONDS, 0, 0, 0), 16);
  if (libc.bind(fd, address, address.length) !== 0) {
    const failure = libc.failure(`bind(AF_NETLINK, ${protocol})`);
    libc.close(fd);
    return failure;
  }
  return success(fd);
}

/** The address that the kernel gave the socket; its messages carry it. */
export function portOf(fd: number): Result<number> {
  const address = new Uint8Array(SOCKADDR_NL_SIZE);
  const length = Int32Array.of(address.length);
  if (libc.getsockname(fd, address, length) !== 0) return libc.failure("getsockname(AF_NETLINK)");
  return success(new DataView(address.buffer).getUint32(4, true));
}

/**
 * What a message of type NLMSG_ERROR or NLMSG_DONE says about the request: both begin with an error
 * number or 0.
 */
export function acknowledged(message: NetlinkMessage, call: string): Outcome {
  const { payload, flags } = message;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const error = payload.length >= 4 ? -view.getInt32(0, true) : 0;
  if (error <= 0) return OK;
  const failure: Failure = { ok: false, errno: errnoName(error), call };
  if ((flags & NLM_F_ACK_TLVS) === 0 || payload.length < 20) return failure;
  // The kernel's error text follows the request it quotes, or only the header of that.
  const quoted = (flags & NLM_F_CAPPED) !== 0 ? 16 : view.getUint32(4, true);
  const detail = textOf(attributesOf(payload, 4 + ((quoted + 3) & ~3)).get(NLMSGERR_ATTR_MSG));
  return detail === undefined ? failure : { ...failure, detail };
}
