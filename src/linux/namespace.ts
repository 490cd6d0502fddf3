/**
 * Network namespaces, held by a file descriptor of this process: when it ends, however it ends, the
 * kernel takes them down with every device in them. Nothing is left under /run/netns, nothing has
 * to be cleaned.
 */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { assert } from "#units/assert";
import { programUrl } from "#units/installation";
import { OK } from "#vrrp/engine/world";
import * as abi from "./abi.ts";
import * as libc from "./ffi.ts";
import { LinuxError, mustDo } from "./result.ts";

const OWN = "/proc/thread-self/ns/net";

export class Namespace {
  readonly name: string;
  readonly fd: number;
  #isOpen = true;

  constructor(name: string, fd: number) {
    this.name = name;
    this.fd = fd;
  }

  /**
   * Sockets opened by `work` belong to this namespace for good. Synchronous: an await would come
   * back elsewhere.
   */
  within<T>(work: () => T): T {
    const home = openOwn();
    try {
      mustDo(
        libc.setns(this.fd, abi.CLONE_NEWNET) === 0 ? OK : libc.failure(`setns(${this.name})`),
      );
      try {
        const result = work();
        assert(!(result instanceof Promise), "what runs inside a namespace must be synchronous");
        return result;
      } finally {
        mustDo(libc.setns(home, abi.CLONE_NEWNET) === 0 ? OK : libc.failure("setns(home)"));
      }
    } finally {
      libc.close(home);
    }
  }

  /** A second call does nothing, because the number may belong to another file by then. */
  close(): void {
    if (this.#isOpen) libc.close(this.fd);
    this.#isOpen = false;
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A new, empty namespace. Throws LinuxError where that is not allowed (needs root, or a user
 * namespace).
 */
export function createNamespace(name: string): Namespace {
  const home = openOwn();
  try {
    if (libc.unshare(abi.CLONE_NEWNET) !== 0)
      throw new LinuxError(libc.failure("unshare(CLONE_NEWNET)"));
    try {
      return new Namespace(name, openOwn());
    } finally {
      mustDo(libc.setns(home, abi.CLONE_NEWNET) === 0 ? OK : libc.failure("setns(home)"));
    }
  } finally {
    libc.close(home);
  }
}

function openOwn(): number {
  const fd = libc.open(OWN, abi.O_RDONLY | abi.O_CLOEXEC);
  if (fd < 0) throw new LinuxError(libc.failure(`open(${OWN})`));
  return fd;
}

/**
 * What the program sees instead of the machine's own folders. It also gets /dev/null in place
 * of /dev/console: keepalived -l writes its log there too (LOG_CONS), and a serial console that
 * nobody drains stops the writer.
 */
export interface PrivateMounts {
  /** Empty folders of its own, in memory; made where they do not exist. */
  readonly tmpfs: readonly string[];
  /** `[from, to]`: after the tmpfs mounts; files are bound to files, folders to folders. */
  readonly bind: readonly (readonly [string, string])[];
}

export interface SpawnInOptions {
  readonly mounts?: PrivateMounts;
  /** The program and what it starts see this name of the machine; nobody else does. */
  readonly hostname?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdio?: StdioOptions;
  readonly detached?: boolean;
  /**
   * SIGKILL the program when the calling process ends, however it ends. False unless said
   * otherwise.
   */
  readonly diesWithParent?: boolean;
}

const HELPER = fileURLToPath(programUrl("linux/enter-namespace"));
/** The descriptor on which the helper finds the namespace. */
export const NAMESPACE_FD = 9;

/**
 * Runs a program in the namespace. The child first is a Node.js that enters it and then becomes the
 * program (execve), so the PID is the program's. Stdio beyond descriptor 8 is not available to the
 * caller.
 */
export function spawnIn(
  namespace: Namespace,
  argv: readonly string[],
  options: SpawnInOptions = {},
): ChildProcess {
  const given = options.stdio ?? "pipe";
  const stdio = (Array.isArray(given) ? [...given] : [given, given, given]) as (
    | string
    | number
    | null
  )[];
  while (stdio.length < NAMESPACE_FD) stdio.push("ignore");
  stdio[NAMESPACE_FD] = namespace.fd;
  const order = JSON.stringify({
    argv,
    mounts: options.mounts ?? { tmpfs: [], bind: [] },
    hostname: options.hostname ?? "",
    parent: options.diesWithParent === true ? process.pid : 0,
  });
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", HELPER, order], {
    stdio: stdio as StdioOptions,
    env: { ...(options.env ?? process.env) },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: options.detached ?? false,
  });
}
