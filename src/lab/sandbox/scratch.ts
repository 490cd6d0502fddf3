/**
 * A folder for the files of one run. Its lock ends with the process that made it, even by `kill
 * -9`; the next run removes folders of ours that are no longer locked.
 */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFile } from "#linux/lock-file";

const PREFIX = "baton-lab-";
const LOCK = "lock";
/** The suffix that mkdtemp(3) makes. */
const OURS = /^baton-lab-[A-Za-z0-9]{6}$/;

export interface Scratch {
  readonly folder: string;
  readonly remove: () => void;
}

export function makeScratch(parent: string = tmpdir()): Scratch {
  clearDead(parent);
  const folder = mkdtempSync(join(parent, PREFIX));
  const locked = lockFile(join(folder, LOCK));
  return {
    folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
      if (locked.kind === "locked") locked.release();
    },
  };
}

function clearDead(parent: string): void {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    // Nobody else can have put anything into a folder of ours that only we may enter.
    if (!OURS.test(name) || !isOwn(folder) || !isFile(join(folder, LOCK))) continue;
    const locked = lockFile(join(folder, LOCK));
    if (locked.kind !== "locked") continue;
    rmSync(folder, { recursive: true, force: true });
    locked.release();
  }
}

function isOwn(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return (
    stats?.isDirectory() === true && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0
  );
}

const isFile = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
