/**
 * News that rules or tables of nf_tables were removed: `nft flush ruleset` or a firewall's reload
 * takes the fence too (nft-fence.ts), and it has to come back. News of elements, of which the lease
 * makes some with each advertisement, is refused by the socket and wakes nobody.
 */
import { MSG_DONTWAIT } from "./abi.ts";
import { butTypes } from "./bpf.ts";
import { errnoName } from "./errno.ts";
import * as libc from "./ffi.ts";
import { NETLINK_NETFILTER, openNetlink } from "./netlink-socket.ts";
import { NEWS_OF_ELEMENTS } from "./nft-messages.ts";
import { attachFilter } from "./packet-socket.ts";
import { type Result, success } from "./result.ts";

/** 1 << (NFNLGRP_NFTABLES - 1) */
const NFTABLES = 1 << 6;

export class FenceWatch {
  readonly fd: number;
  readonly #buffer = new Uint8Array(4_096);

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Takes all that has arrived. True: rules may be missing, also where news was lost. */
  read(): boolean {
    let hasNews = false;
    for (;;) {
      if (libc.recv(this.fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT) >= 0) {
        hasNews = true;
        continue;
      }
      const error = errnoName(libc.errno());
      if (error === "EINTR") continue;
      if (error !== "ENOBUFS") return hasNews;
      hasNews = true;
    }
  }

  [Symbol.dispose](): void {
    libc.close(this.fd);
  }
}

export function openFenceWatch(): Result<FenceWatch> {
  const fd = openNetlink(NETLINK_NETFILTER, NFTABLES);
  if (!fd.ok) return fd;
  const filtered = attachFilter(fd.value, butTypes(NEWS_OF_ELEMENTS));
  if (filtered.ok) return success(new FenceWatch(fd.value));
  libc.close(fd.value);
  return filtered;
}
