/**
 * Numbers of the Linux system call interface. Only what is the same on x64 and arm64 (O_DIRECTORY
 * and O_NOFOLLOW, for example, are not). tests/linux/abi.test.ts compares them with the kernel's
 * headers where those are installed.
 */

// sys/socket.h, netinet/in.h
export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_PRIORITY = 12;
export const SO_PEERCRED = 17;
export const SO_RCVTIMEO = 20;
export const SO_BINDTODEVICE = 25;
export const SO_ATTACH_FILTER = 26;
export const SO_RCVBUFFORCE = 33;
export const SO_TIMESTAMPNS = 35;
/** struct mmsghdr: a struct msghdr of 56 bytes with what it points to, then the length received. */
export const MMSGHDR = {
  size: 64,
  name: 0,
  nameLength: 8,
  vector: 16,
  vectorLength: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
  length: 56,
} as const;
export const IOVEC = { size: 16, base: 0, length: 8 } as const;
/** struct cmsghdr: length u64, level i32, type i32; its data follows. */
export const CMSGHDR = { size: 16, length: 0, level: 8, type: 12 } as const;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_TRUNC = 0x20;
export const IPPROTO_IP = 0;
export const IPPROTO_ICMP = 1;
export const IPPROTO_UDP = 17;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_VRRP = 112;
export const IP_HDRINCL = 3;
export const IP_MULTICAST_IF = 32;
export const IP_MULTICAST_LOOP = 34;
export const IP_ADD_MEMBERSHIP = 35;
export const IP_DROP_MEMBERSHIP = 36;
export const IP_MULTICAST_ALL = 49;
export const IPPROTO_IPV6 = 41;
export const IPV6_MULTICAST_IF = 17;
export const IPV6_MULTICAST_LOOP = 19;
export const IPV6_ADD_MEMBERSHIP = 20;
export const IPV6_DROP_MEMBERSHIP = 21;
export const IPV6_HDRINCL = 36;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
export const IPV6_RECVHOPLIMIT = 51;
export const IPV6_HOPLIMIT = 52;

/**
 * struct sockaddr_in: family u16 (host), port u16, address u32 (network order), 8 bytes of padding.
 */
export const SOCKADDR_IN = { size: 16, family: 0, port: 2, address: 4 } as const;
/** struct sockaddr_in6: also port u16 at 2 and flow u32 at 4; the scope in host order. */
export const SOCKADDR_IN6 = { size: 28, family: 0, address: 8, scope: 24 } as const;
/** struct ipv6_mreq: group, interface index (host order). */
export const IPV6_MREQ = { size: 20, group: 0, ifindex: 16 } as const;
/** struct ip_mreqn: group, local address, interface index (host order). */
export const IP_MREQN = { size: 12, group: 0, address: 4, ifindex: 8 } as const;

// linux/icmp.h, linux/icmpv6.h: a bit for each type; those that are set are not received.
export const SOL_RAW = 255;
export const ICMP_FILTER = 1;
export const ICMPV6_FILTER = 1;

// linux/if_packet.h, linux/if_ether.h
export const SOL_PACKET = 263;
export const PACKET_ADD_MEMBERSHIP = 1;
export const PACKET_STATISTICS = 6;
export const PACKET_IGNORE_OUTGOING = 23;
export const PACKET_MR_PROMISC = 1;
export const PACKET_HOST = 0;
export const PACKET_OUTGOING = 4;
export const ETH_P_ALL = 0x0003;
export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_IPV6 = 0x86dd;
/** struct sockaddr_ll; `protocol` is in network order. */
export const SOCKADDR_LL = { size: 20, family: 0, protocol: 2, ifindex: 4, pkttype: 10 } as const;
/** struct packet_mreq */
export const PACKET_MREQ = { size: 16, ifindex: 0, type: 4 } as const;
/** struct tpacket_stats */
export const TPACKET_STATS = { size: 8, packets: 0, drops: 4 } as const;

// linux/filter.h: struct sock_filter { u16 code; u8 jt; u8 jf; u32 k }, struct sock_fprog { u16
// len; pointer }
export const SOCK_FILTER = { size: 8, code: 0, jt: 2, jf: 3, k: 4 } as const;
export const SOCK_FPROG = { size: 16, length: 0, filter: 8 } as const;

// linux/if.h, linux/sockios.h, linux/ethtool.h
export const IFF_UP = 0x1;
export const IFF_LOOPBACK = 0x8;
export const IFF_RUNNING = 0x40;
export const IFF_NOARP = 0x80;
export const IFF_MULTICAST = 0x1000;
export const IFNAMSIZ = 16;
export const SIOCGIFFLAGS = 0x8913;
export const SIOCSIFFLAGS = 0x8914;
export const SIOCETHTOOL = 0x8946;
export const ETHTOOL_STXCSUM = 0x17;
export const ETHTOOL_STSO = 0x1f;
export const ETHTOOL_SGSO = 0x24;
/** struct ifreq: the name, then a union of 24 bytes. */
export const IFREQ = { size: 40, name: 0, union: 16 } as const;

// poll.h: struct pollfd { int fd; short events; short revents }
export const POLLIN = 0x1;
export const POLLOUT = 0x4;
export const POLLNVAL = 0x20;
export const POLLFD = { size: 8, fd: 0, events: 4, revents: 6 } as const;

// time.h: struct timespec { i64 seconds; i64 nanoseconds }
export const CLOCK_MONOTONIC = 1;
export const CLOCK_REALTIME = 0;
export const CLOCK_THREAD_CPUTIME_ID = 3;
export const CLOCK_BOOTTIME = 7;
export const TIMESPEC_SIZE = 16;

// sched.h
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWUTS = 0x04000000;
export const CLONE_NEWNET = 0x40000000;
export const SCHED_OTHER = 0;
export const SCHED_RR = 2;
/** Children of a real-time process start as ordinary ones. */
export const SCHED_RESET_ON_FORK = 0x40000000;

// fcntl.h, sys/mount.h, sys/mman.h, sys/prctl.h, sys/resource.h, signal.h
export const O_RDONLY = 0;
export const O_CLOEXEC = 0o2000000;
export const CLOSE_RANGE_CLOEXEC = 4;
export const F_GETFD = 1;
export const F_SETFD = 2;
export const F_SETFL = 4;
export const O_NONBLOCK = 0o4000;
export const FD_CLOEXEC = 1;
export const MS_NOSUID = 0x2;
export const MS_NODEV = 0x4;
export const MS_NOEXEC = 0x8;
export const MS_RDONLY = 0x1;
export const MS_REMOUNT = 0x20;
export const MS_BIND = 0x1000;
export const MS_REC = 0x4000;
export const MS_PRIVATE = 0x40000;
export const MLOCK_ONFAULT = 1;
export const MADV_DONTNEED = 4;
export const MADV_POPULATE_READ = 22;
export const MADV_DONTNEED_LOCKED = 24;
export const PR_SET_PDEATHSIG = 1;
export const PR_SET_NAME = 15;
export const PR_SET_TIMERSLACK = 29;
export const PRIO_PROCESS = 0;
export const SIG_DFL = 0;
export const SIG_IGN = 1;
export const SIG_UNBLOCK = 1;
export const SA_SIGINFO = 0x4;
export const SA_RESTART = 0x10000000;
/** sigset_t of the C libraries; the kernel's own has 8 bytes. */
export const SIGSET_SIZE = 128;
/** struct sigaction of glibc and musl on 64-bit machines: handler, mask, flags, restorer. */
export const SIGACTION = { size: 152, handler: 0, mask: 8, flags: 136 } as const;
