/**
 * The C library, as far as Baton needs it. This is the only file that uses koffi.
 *
 * Every function is the plain system call: it returns what C returns, -1 for failure, and
 * `lastErrno()` then names the error. Structures are byte offsets into buffers that the caller owns
 * (abi.ts), not koffi structures: a call with numbers and a buffer allocates nothing and costs 0.1
 * µs more than in C. koffi hands the memory of a buffer to C as it is, so C may write into it, but
 * must not keep the pointer after the call.
 *
 * Everything is synchronous and runs on the calling thread; `setns` and `unshare` therefore change
 * the main thread of Node.js only, not the threads it uses for files and DNS.
 */
import koffi from "koffi";
import type { Failure } from "#vrrp/engine/world";
import { errnoName } from "./errno.ts";

/** Memory that C reads or writes during the call. */
export type Bytes = Uint8Array | Int32Array;

// The running program itself: Node.js is linked with the C library it found, be it glibc or musl.
const libc = koffi.load(null);

/** The type argument is our promise that it says the same as the C declaration beside it. */
function bind<T>(declaration: string): T {
  return libc.func(declaration) as unknown as T;
}

function bindIfThere<T>(declaration: string): T | undefined {
  try {
    return bind<T>(declaration);
  } catch {
    return undefined;
  }
}

export const socket: (domain: number, type: number, protocol: number) => number = bind(
  "int socket(int, int, int)",
);
/** Names of a file's extended attributes, each with a zero behind it. */
export const listxattr: (path: string, names: Bytes, length: number) => number = bind(
  "intptr_t listxattr(const char *, void *, size_t)",
);
export const close: (fd: number) => number = bind("int close(int)");
const bindSocket: (fd: number, address: Bytes, length: number) => number = bind(
  "int bind(int, void *, uint32_t)",
);

export { bindSocket as bind };
export const getsockname: (fd: number, address: Bytes, length: Int32Array) => number = bind(
  "int getsockname(int, void *, void *)",
);
export const setsockopt: (
  fd: number,
  level: number,
  name: number,
  value: Bytes,
  length: number,
) => number = bind("int setsockopt(int, int, int, void *, uint32_t)");
export const getsockopt: (
  fd: number,
  level: number,
  name: number,
  value: Bytes,
  length: Int32Array,
) => number = bind("int getsockopt(int, int, int, void *, void *)");
export const send: (fd: number, bytes: Bytes, length: number, flags: number) => number = bind(
  "long send(int, void *, size_t, int)",
);
export const sendto: (
  fd: number,
  bytes: Bytes,
  length: number,
  flags: number,
  address: Bytes,
  addressLength: number,
) => number = bind("long sendto(int, void *, size_t, int, void *, uint32_t)");
export const recv: (fd: number, into: Bytes, length: number, flags: number) => number = bind(
  "long recv(int, void *, size_t, int)",
);
export const recvfrom: (
  fd: number,
  into: Bytes,
  length: number,
  flags: number,
  address: Bytes,
  addressLength: Int32Array,
) => number = bind("long recvfrom(int, void *, size_t, int, void *, void *)");
/** `count` of abi.MMSGHDR; how many were sent, fewer where one was refused. */
export const sendmmsg: (fd: number, messages: Bytes, count: number, flags: number) => number = bind(
  "int sendmmsg(int, void *, unsigned int, int)",
);
export const recvmmsg: (
  fd: number,
  messages: Bytes,
  count: number,
  flags: number,
  timeout: null,
) => number = bind("int recvmmsg(int, void *, unsigned int, int, void *)");
export const ppoll: (fds: Bytes, count: number, timeout: Bytes | null, mask: null) => number = bind(
  "int ppoll(void *, unsigned long, void *, void *)",
);
/**
 * The third argument is a `struct ifreq`. The request has 32 bits here: musl declares an int, glibc
 * a long.
 */
export const ioctl: (fd: number, request: number, argument: Bytes) => number = bind(
  "int ioctl(int, unsigned long, void *)",
);

export const clock_gettime: (clock: number, into: Int32Array) => number = bind(
  "int clock_gettime(int, void *)",
);
export const unshare: (flags: number) => number = bind("int unshare(int)");
export const sethostname: (name: Uint8Array, length: number) => number = bind(
  "int sethostname(const uint8_t *, size_t)",
);
export const setns: (fd: number, type: number) => number = bind("int setns(int, int)");
export const open: (path: string, flags: number) => number = bind("int open(const char *, int)");
export const read: (fd: number, into: Bytes, length: number) => number = bind(
  "long read(int, void *, size_t)",
);
export const write: (fd: number, bytes: Bytes, length: number) => number = bind(
  "long write(int, void *, size_t)",
);
export const fcntl: (fd: number, command: number, argument: number) => number = bind(
  "int fcntl(int, int, long)",
);
export const mount: (
  source: string,
  target: string,
  type: string | null,
  flags: number,
  data: string | null,
) => number = bind(
  "int mount(const char *, const char *, const char *, unsigned long, const char *)",
);
export const umount2: (target: string, flags: number) => number = bind(
  "int umount2(const char *, int)",
);
/** Both arrays must end with null. Returns only on failure. */
export const execve: (
  path: string,
  argv: readonly (string | null)[],
  env: readonly (string | null)[],
) => number = bind("int execve(const char *, const char **, const char **)");
/** `handler` is SIG_DFL or SIG_IGN. */
export const signal: (number: number, handler: number) => bigint | number = bind(
  "intptr_t signal(int, intptr_t)",
);
/** Layout of the second: abi.SIGACTION. */
export const sigaction: (number: number, action: Bytes, old: Bytes | null) => number = bind(
  "int sigaction(int, void *, void *)",
);
/** Of the calling thread. Returns the error number. */
export const pthread_sigmask: (how: number, set: Bytes, old: Bytes | null) => number = bind(
  "int pthread_sigmask(int, void *, void *)",
);
/**
 * Addresses of functions that may be signal handlers (src/linux/signals.ts): `abs` has no effect.
 */
export const doNothing = (): bigint => BigInt(koffi.address(libc.symbol("abs", "void")));
/** `eventfd_write(signal number, …)`: one write(2) of 8 bytes. */
export const writeToDescriptor = (): bigint =>
  BigInt(koffi.address(libc.symbol("eventfd_write", "void")));
export const dup3: (from: number, to: number, flags: number) => number =
  bind("int dup3(int, int, int)");
export const kill: (pid: number, signal: number) => number = bind("int kill(int, int)");
/** Ends every thread, without waiting for one. */
export const _exit: (status: number) => void = bind("void _exit(int)");
export const getpid: () => number = bind("int getpid(void)");
export const getppid: () => number = bind("int getppid(void)");
export const prctl: (option: number, argument: number) => number = bind(
  "int prctl(int, unsigned long)",
);
const prctlBytes: (option: number, argument: Bytes) => number = bind("int prctl(int, void *)");

export { prctlBytes };
export const if_nametoindex: (name: string) => number = bind(
  "unsigned int if_nametoindex(const char *)",
);
export const setpriority: (which: number, who: number, value: number) => number = bind(
  "int setpriority(int, unsigned int, int)",
);
export const sched_setscheduler: (pid: number, policy: number, parameter: Bytes) => number = bind(
  "int sched_setscheduler(int, int, void *)",
);
/** glibc has it since 2.27; a C library without it must not keep the program from starting. */
export const mlock2: ((address: number, length: number, flags: number) => number) | undefined =
  bindIfThere("int mlock2(uintptr_t, size_t, unsigned int)");

export const madvise: (address: number, length: number, advice: number) => number = bind(
  "int madvise(uintptr_t, size_t, int)",
);
/** glibc's alone. */
export const malloc_trim: ((pad: number) => number) | undefined =
  bindIfThere("int malloc_trim(size_t)");

/** Linux 5.9, `CLOSE_RANGE_CLOEXEC` 5.11; glibc 2.34. */
export const closeRange: ((first: number, last: number, flags: number) => number) | undefined =
  bindIfThere("int close_range(unsigned int, unsigned int, int)");

/** The error number of the last failed call on this thread; meaningless after a success. */
export const errno = (): number => koffi.errno();

/** The last failure as a value; `call` says what was asked, as a person would look it up. */
export function failure(call: string, detail?: string): Failure {
  return failureOf(koffi.errno(), call, detail);
}

export function failureOf(number: number, call: string, detail?: string): Failure {
  const said = { ok: false, errno: errnoName(number), call } as const;
  return detail === undefined ? said : { ...said, detail };
}

/**
 * Where a buffer lies, for the few structures that hold a pointer (struct sock_fprog). The buffer
 * must stay referenced until the call is over.
 */
export const addressOf = (bytes: Bytes): bigint => BigInt(koffi.address(bytes));
export const mkfifo: (path: string, mode: number) => number = bind(
  "int mkfifo(const char *, unsigned int)",
);
/** Writes two descriptors into `into`: the read end and the write end. */
export const pipe2: (into: Int32Array, flags: number) => number = bind("int pipe2(void *, int)");
export const dup2: (from: number, to: number) => number = bind("int dup2(int, int)");
/** Of stdio; null: all streams. */
export const fflush: (stream: null) => number = bind("int fflush(void *)");
export const flock: (fd: number, operation: number) => number = bind("int flock(int, int)");
