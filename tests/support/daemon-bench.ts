/**
 * Small things that the daemon's tests share: scripts in a folder of their own, a log that is kept,
 * waiting for facts.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Launcher } from "#daemon/launcher";
import type { Log } from "#daemon/log";
import { RunningGroups } from "#daemon/running-groups";

export interface Folder {
  readonly path: string;
  /** Writes an executable shell script and returns its path. */
  script(name: string, body: string): string;
}

export function makeFolder(context: TestContext): Folder {
  const path = mkdtempSync(join(tmpdir(), "baton-daemon-"));
  // Scripts run as other users too.
  chmodSync(path, 0o755);
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    script(name, body) {
      const file = join(path, name);
      writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
      return file;
    },
  };
}

export interface KeptLog {
  readonly log: Log;
  readonly lines: string[];
}

export function keepLog(): KeptLog {
  const lines: string[] = [];
  const log = (level: string, text: string): void => void lines.push(`${level}: ${text}`);
  return { lines, log: Object.assign(log, { dropped: () => 0 }) };
}

export const makeLauncher = (log: Log, folder?: string, prefix: readonly string[] = []): Launcher =>
  new Launcher(new RunningGroups(folder), log, "en", prefix);

/** Waits for something that will be true some time; how soon is not what a test asserts. */
export async function until(what: string, isTrue: () => boolean, seconds = 30): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
