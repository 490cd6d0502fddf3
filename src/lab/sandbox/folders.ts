/**
 * Folders of the lab. Every node has its own /etc/keepalived, /var/log, /var/keepalived,
 * /var/lib/baton and /run, which are plain folders under one temporary folder, bound into the
 * node's private mounts: the daemons see the paths of the tutorial, and we or a curious user read
 * the same files from outside.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { doLocked } from "#linux/lock-file";
import type { PrivateMounts } from "#linux/namespace";
import { isInsideSandbox } from "./sandbox.ts";

/** Path inside the node → folder name outside. */
export const NODE_FOLDERS: Readonly<Record<string, string>> = {
  "/etc/keepalived": "etc",
  "/var/log": "log",
  "/var/keepalived": "var",
  "/var/lib/baton": "lib",
  "/run": "run",
};

/**
 * Mount points under these do not exist on every machine, and we must not create them there.
 */
const SHADOWED = ["/etc", "/var"];
/** In one of them: a folder of its own, with entries that lead to the originals likewise. */
const SHADOWED_WITHIN = "/var/lib";
const DONE = "/etc/.baton-lab";
/**
 * Where the real folders stay reachable: never below a folder that is removed recursively. Who
 * mounts something there hides /etc and /var from every lab of the same sandbox.
 */
export const PARKING: readonly string[] = ["/mnt", "/media", "/srv", "/dev/shm"];

/** mount(8), in the sandbox's own mounts. @throws with what it says */
export function mount(...args: readonly string[]): void {
  const result = spawnSync("mount", args, { encoding: "utf8" });
  if (result.status !== 0) {
    throw new Error(
      `mount ${args.join(" ")} failed: ${result.stderr?.trim() || (result.error?.message ?? "")}`,
    );
  }
}

/**
 * Replaces /etc and /var, in the cage only, by a tmpfs with entries that lead to the originals,
 * so that folders can be created beside them. (An overlay would be shorter, but is refused
 * inside many containers.)
 */
export function shadowSystemFolders(): void {
  // Elsewhere they would be covered for every program of the machine.
  if (!isInsideSandbox()) throw new Error("/etc and /var may only be covered in a cage");
  if (existsSync(DONE)) return;
  // Two test files of one cage may begin at the same moment.
  doLocked("/proc/self/ns/mnt", () => {
    if (!existsSync(DONE)) shadow();
  });
}

function shadow(): void {
  const inUse = [import.meta.dirname, process.cwd(), process.execPath, tmpdir()];
  const parking = PARKING.find(
    (folder) => existsSync(folder) && !inUse.some((path) => path.startsWith(`${folder}/`)),
  );
  if (parking === undefined)
    throw new Error(`none of ${PARKING.join(", ")} is free to park /etc in`);
  mount("-t", "tmpfs", "none", parking);
  for (const folder of SHADOWED) {
    const original = join(parking, folder);
    mkdirSync(original, { recursive: true });
    mount("--rbind", folder, original);
    mount("-t", "tmpfs", "-o", "mode=755", "none", folder);
    linkEntries(original, folder);
  }
  for (const folder of Object.keys(NODE_FOLDERS)) mkdirSync(folder, { recursive: true });
  writeFileSync(DONE, "");
}

/** Those that a node has its own of are left out. */
function linkEntries(original: string, folder: string): void {
  for (const name of readdirSync(original)) {
    const path = join(original, name);
    const here = join(folder, name);
    if (here in NODE_FOLDERS) continue;
    const isLink = lstatSync(path).isSymbolicLink();
    if (here === SHADOWED_WITHIN && !isLink) {
      mkdirSync(here);
      linkEntries(path, here);
    } else symlinkSync(isLink ? readlinkSync(path) : path, here);
  }
}

export function makeNodeFolders(folder: string): void {
  for (const name of Object.values(NODE_FOLDERS)) {
    mkdirSync(join(folder, name), { recursive: true });
    chmodSync(join(folder, name), 0o755);
  }
}

/** The private mounts of one node. */
export function nodeMounts(folder: string): PrivateMounts {
  const own = Object.entries(NODE_FOLDERS).map(([to, name]) => [join(folder, name), to] as const);
  // keepalived -l also writes to the console (LOG_CONS), which on a serial line stalls the
  // whole machine.
  return { tmpfs: [], bind: [...own, ["/dev/null", "/dev/console"]] };
}
