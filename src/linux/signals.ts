/**
 * Real-time signals, which Node.js does not know and which end the process by default. keepalived
 * uses some of them: JSON is SIGRTMIN+2, STATS_CLEAR is SIGRTMAX-1.
 *
 * A handler runs between any two instructions of any thread, so it cannot be JavaScript; it is an
 * async-signal-safe function of the C library. `abs` does nothing: the signal is caught and has no
 * effect. `eventfd_write(number, …)` is one write(2) of 8 bytes to the descriptor with the signal's
 * number, which is the end of a pipe: libuv reports that the pipe is readable.
 *
 * The signals are caught, not ignored: programs that are executed inherit ignored signals, and
 * scripts must find the default.
 */
import { Socket } from "node:net";
import { OK, type Outcome } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import { openPipe } from "./descriptors.ts";
import * as libc from "./ffi.ts";

/** glibc keeps 32 and 33 for itself. */
const FIRST = 34;
const LAST = 64;

function handle(number: number, handler: bigint): Outcome {
  const action = new Uint8Array(abi.SIGACTION.size);
  const view = new DataView(action.buffer);
  view.setBigUint64(abi.SIGACTION.handler, handler, true);
  view.setInt32(abi.SIGACTION.flags, abi.SA_RESTART | abi.SA_SIGINFO, true);
  return libc.sigaction(number, action, null) === 0 ? OK : libc.failure(`sigaction(${number})`);
}

/** From here on no real-time signal ends this process. */
export function catchRealtimeSignals(): Outcome {
  for (let number = FIRST; number <= LAST; number++) {
    const outcome = handle(number, libc.doNothing());
    if (!outcome.ok) return outcome;
  }
  return OK;
}

/**
 * Calls `notify` for this signal. After a failure (no descriptors, or that one in use) it has no
 * effect.
 */
export function listenRealtime(number: number, notify: () => void): Outcome {
  if (libc.fcntl(number, abi.F_GETFD, 0) >= 0)
    return { ok: false, errno: "EBUSY", call: `descriptor ${number}` };
  const pipe = openPipe();
  if (!pipe.ok) return pipe;
  const { read, write } = pipe.value;
  const moved = libc.dup3(write, number, abi.O_CLOEXEC);
  const failure = moved < 0 ? libc.failure("dup3") : undefined;
  libc.close(write);
  if (failure !== undefined) {
    libc.close(read);
    return failure;
  }
  // A full pipe must not hold up the handler: unread bytes say enough.
  libc.fcntl(number, abi.F_SETFL, abi.O_NONBLOCK);
  let socket: Socket;
  try {
    socket = new Socket({ fd: read, readable: true, writable: false });
  } catch {
    libc.close(read);
    libc.close(number);
    return { ok: false, errno: "EINVAL", call: `reading a pipe for signal ${number}` };
  }
  socket.unref();
  socket.on("data", notify);
  socket.on("error", () => undefined);
  return handle(number, libc.writeToDescriptor());
}

/**
 * Node.js with `--disable-sigusr1` blocks SIGUSR1 for good, so that it never opens its debugger;
 * what has come meanwhile is delivered to whoever handles it now.
 */
export function unblockSignal(number: number): Outcome {
  const set = new Uint8Array(abi.SIGSET_SIZE);
  const bit = number - 1;
  set[bit >> 3] = 1 << (bit & 7);
  // Returns the error number instead of setting it.
  const errno = libc.pthread_sigmask(abi.SIG_UNBLOCK, set, null);
  return errno === 0 ? OK : libc.failureOf(errno, "pthread_sigmask");
}
