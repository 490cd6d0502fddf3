/**
 * The numbers of abi.ts and of the netlink files against the kernel's and the C library's own
 * headers.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as abi from "#linux/abi";
import * as netlink from "#linux/netlink";
import * as sockets from "#linux/netlink-socket";
import * as nft from "#linux/nft-messages";
import * as messages from "#linux/rtnetlink-messages";

const HEADERS = [
  "sched.h",
  "fcntl.h",
  "poll.h",
  "signal.h",
  "time.h",
  "stddef.h",
  "stdio.h",
  "net/if.h",
  "netinet/in.h",
  "sys/ioctl.h",
  "sys/mman.h",
  "sys/mount.h",
  "sys/prctl.h",
  "sys/resource.h",
  "sys/socket.h",
  "linux/ethtool.h",
  "linux/filter.h",
  "linux/icmp.h",
  "linux/icmpv6.h",
  "linux/if_ether.h",
  "linux/if_packet.h",
  "linux/neighbour.h",
  "linux/netfilter.h",
  "linux/netfilter/nf_tables.h",
  "linux/netlink.h",
  "linux/rtnetlink.h",
  "linux/sockios.h",
];

/** Ours that no header has, or has only in newer versions than a distribution may carry. */
const NOT_IN_HEADERS = [
  "IPPROTO_VRRP",
  "TIMESPEC_SIZE",
  "SIGSET_SIZE",
  "SIGSET_SIZE",
  "IFA_PROTO",
  "PACKET_IGNORE_OUTGOING",
];

/** C expressions for the layouts: the type, and the member behind each of our offsets. */
const LAYOUTS: Readonly<
  Record<string, { readonly type: string; readonly members: Readonly<Record<string, string>> }>
> = {
  SIGACTION: {
    type: "struct sigaction",
    members: { handler: "sa_handler", mask: "sa_mask", flags: "sa_flags" },
  },
  SOCKADDR_IN: {
    type: "struct sockaddr_in",
    members: { family: "sin_family", port: "sin_port", address: "sin_addr" },
  },
  IPV6_MREQ: {
    type: "struct ipv6_mreq",
    members: { group: "ipv6mr_multiaddr", ifindex: "ipv6mr_interface" },
  },
  IP_MREQN: {
    type: "struct ip_mreqn",
    members: { group: "imr_multiaddr", address: "imr_address", ifindex: "imr_ifindex" },
  },
  SOCKADDR_LL: {
    type: "struct sockaddr_ll",
    members: {
      family: "sll_family",
      protocol: "sll_protocol",
      ifindex: "sll_ifindex",
      pkttype: "sll_pkttype",
    },
  },
  PACKET_MREQ: {
    type: "struct packet_mreq",
    members: { ifindex: "mr_ifindex", type: "mr_type" },
  },
  TPACKET_STATS: {
    type: "struct tpacket_stats",
    members: { packets: "tp_packets", drops: "tp_drops" },
  },
  SOCK_FILTER: {
    type: "struct sock_filter",
    members: { code: "code", jt: "jt", jf: "jf", k: "k" },
  },
  SOCK_FPROG: { type: "struct sock_fprog", members: { length: "len", filter: "filter" } },
  IFREQ: { type: "struct ifreq", members: { name: "ifr_name", union: "ifr_flags" } },
  MMSGHDR: {
    type: "struct mmsghdr",
    members: {
      name: "msg_hdr.msg_name",
      nameLength: "msg_hdr.msg_namelen",
      vector: "msg_hdr.msg_iov",
      vectorLength: "msg_hdr.msg_iovlen",
      control: "msg_hdr.msg_control",
      controlLength: "msg_hdr.msg_controllen",
      flags: "msg_hdr.msg_flags",
      length: "msg_len",
    },
  },
  SOCKADDR_IN6: {
    type: "struct sockaddr_in6",
    members: { family: "sin6_family", address: "sin6_addr", scope: "sin6_scope_id" },
  },
  IOVEC: { type: "struct iovec", members: { base: "iov_base", length: "iov_len" } },
  CMSGHDR: {
    type: "struct cmsghdr",
    members: { length: "cmsg_len", level: "cmsg_level", type: "cmsg_type" },
  },
  POLLFD: { type: "struct pollfd", members: { fd: "fd", events: "events", revents: "revents" } },
};

interface Definition {
  readonly name: string;
  readonly expression: string;
  readonly value: number;
}

function claims(): readonly Definition[] {
  const found: Definition[] = [];
  const all = { ...abi, ...netlink, ...sockets, ...nft, ...messages };
  for (const [name, value] of Object.entries<unknown>(all)) {
    if (typeof value === "number" && !NOT_IN_HEADERS.includes(name)) {
      found.push({ name, expression: name, value });
    }
    const layout = LAYOUTS[name];
    if (layout === undefined) continue;
    const offsets = value as Readonly<Record<string, number>>;
    for (const [member, offset] of Object.entries(offsets)) {
      const expression =
        member === "size"
          ? `sizeof(${layout.type})`
          : `offsetof(${layout.type}, ${layout.members[member] ?? "?"})`;
      found.push({ name: `${name}.${member}`, expression, value: offset });
    }
  }
  found.push({
    name: "TIMESPEC_SIZE",
    expression: "sizeof(struct timespec)",
    value: abi.TIMESPEC_SIZE,
  });
  return found;
}

test("every layout of abi.ts is compared", () => {
  const layouts = Object.entries<unknown>(abi)
    .filter(([, value]) => typeof value === "object")
    .map(([name]) => name);
  assert.deepEqual(layouts.toSorted(), Object.keys(LAYOUTS).toSorted());
});

test("numbers and layouts are those of the installed headers", (t) => {
  const hasHeaders = existsSync("/usr/include/linux/rtnetlink.h");
  if (spawnSync("cc", ["--version"]).status !== 0 || !hasHeaders) {
    t.skip("needs a C compiler and the kernel's headers (apt install gcc libc6-dev)");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "baton-abi-"));
  try {
    const wanted = claims();
    const lines = [
      "#define _GNU_SOURCE",
      ...HEADERS.map((name) => `#include <${name}>`),
      "int main(void) {",
      ...wanted.map(
        ({ expression }) => `  printf("%lld\\n", (long long)(unsigned int)(${expression}));`,
      ),
      "  return 0;",
      "}",
    ];
    writeFileSync(join(folder, "abi.c"), lines.join("\n"));
    const program = join(folder, "abi");
    const compiled = spawnSync("cc", ["-w", "-o", program, join(folder, "abi.c")], {
      encoding: "utf8",
    });
    assert.equal(compiled.status, 0, compiled.stderr);
    const values = spawnSync(program, { encoding: "utf8" }).stdout.trim().split("\n").map(Number);
    assert.equal(values.length, wanted.length);
    assert.ok(wanted.length > 100, "the comparison covers the numbers");
    const wrong = wanted.filter(({ value }, place) => values[place] !== value);
    assert.deepEqual(wrong, []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
