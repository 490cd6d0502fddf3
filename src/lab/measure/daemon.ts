/**
 * The two daemons that the lab knows: how each is started in a node, and which process is
 * which.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { resourceUrl } from "#units/installation";
import { childrenOf, readCommandLine } from "../sandbox/proc.ts";

export type DaemonKind = "baton" | "keepalived";
export const KINDS: readonly DaemonKind[] = ["baton", "keepalived"];

export const CONFIG_FILE = "/etc/keepalived/keepalived.conf";
export const RUNTIME_DIR = "/run/baton";
/** Another one than the checkout's is measured if BATON_PROGRAM names it: a package's. */
export const BATON: string =
  process.env["BATON_PROGRAM"] ?? fileURLToPath(resourceUrl("bin/baton"));
const KEEPALIVED_PATHS = ["/usr/sbin/keepalived", "/usr/local/sbin/keepalived", "/sbin/keepalived"];

export const findKeepalived = (): string | undefined => KEEPALIVED_PATHS.find(existsSync);

export const HOW_TO_INSTALL_KEEPALIVED = "apt-get install keepalived (or dnf, yum, apk)";

/** @param asksCloud Baton asks the platform whether it agrees; keepalived cannot */
export function daemonArgv(kind: DaemonKind, asksCloud = false): readonly string[] {
  switch (kind) {
    case "baton":
      return [
        BATON,
        "run",
        "-f",
        CONFIG_FILE,
        "--runtime-dir",
        RUNTIME_DIR,
        ...(asksCloud ? ["--cloud"] : []),
      ];
    case "keepalived": {
      const program = findKeepalived();
      if (program === undefined) throw new Error("keepalived is not installed");
      const pidFiles = ["-p", "/run/keepalived.pid", "-r", "/run/keepalived-vrrp.pid"];
      return [program, "-n", "-l", "-D", "-f", CONFIG_FILE, ...pidFiles];
    }
  }
}

export interface DaemonPids {
  /** Parent: scripts and supervision (`baton run`, keepalived's main process). */
  readonly supervisor: number;
  /** Child that speaks VRRP; undefined while it is being restarted. */
  readonly engine: number | undefined;
}

export function daemonPids(kind: DaemonKind, supervisor: number): DaemonPids {
  const isEngine = (pid: number): boolean => {
    const line = readCommandLine(pid);
    switch (kind) {
      case "baton":
        return line.some((word) => /engine-(?:start-)?main\.(ts|js)$/.test(word));
      case "keepalived":
        // Its children keep the parent's command line, script children have one of their own.
        return line[0]?.endsWith("keepalived") === true;
    }
  };
  return { supervisor, engine: childrenOf(supervisor).find(isEngine) };
}
