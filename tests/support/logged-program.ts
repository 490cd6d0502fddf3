/** Programs in a namespace that end with the test and write to a file. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { type Namespace, type SpawnInOptions, spawnIn } from "#linux/namespace";

/** @param log the file that its output is appended to */
export function spawnLogged(
  namespace: Namespace,
  argv: readonly string[],
  log: string,
  options: Omit<SpawnInOptions, "stdio" | "diesWithParent"> = {},
): ChildProcess {
  const fd = openSync(log, "a");
  const child = spawnIn(namespace, argv, {
    ...options,
    stdio: ["ignore", fd, fd],
    diesWithParent: true,
  });
  closeSync(fd);
  return child;
}

/** Also one that is stopped. */
export async function endProgram(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
