/**
 * A copy of this machine's files in which anything may be installed: an overlay on its root, in
 * namespaces of its own for mounts, processes and, without any interface, the network. Nothing of
 * it is left.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const INSIDE = `
set -e
mount -t tmpfs tmpfs "$PLACE"
mkdir "$PLACE/upper" "$PLACE/work" "$PLACE/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$PLACE/upper,workdir=$PLACE/work" "$PLACE/root"
mount -t proc proc "$PLACE/root/proc"
mount --bind /dev "$PLACE/root/dev"
mount -t tmpfs tmpfs "$PLACE/root/run"
mkdir "$PLACE/root/run/given"
mount --bind "$GIVEN" "$PLACE/root/run/given"
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C chroot "$PLACE/root" sh -c "$SCRIPT" 2>&1
`;

export interface Ran {
  readonly status: number | null;
  /** Of both streams. */
  readonly output: string;
}

/** Why there cannot be one here; undefined if there can. */
export function whyNoOverlay(): string | undefined {
  const [, , count] = readFileSync("/proc/self/uid_map", "utf8").trim().split(/\s+/);
  if (process.getuid?.() !== 0 || count !== "4294967295") return "needs the machine's root";
  const { status, output } = runInOverlay("true", tmpdir());
  return status === 0 ? undefined : `needs overlay mounts: ${output.trim()}`;
}

/** @param given a folder that is /run/given inside */
export function runInOverlay(script: string, given: string): Ran {
  const place = mkdtempSync(join(tmpdir(), "baton-overlay-"));
  const namespaces = ["--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation"];
  const { status, stdout, stderr } = spawnSync(
    "unshare",
    [...namespaces, "private", "sh", "-c", INSIDE],
    {
      env: { ...process.env, PLACE: place, GIVEN: given, SCRIPT: script },
      encoding: "utf8",
      timeout: 600_000,
    },
  );
  rmSync(place, { recursive: true });
  return { status, output: `${stdout}${stderr}` };
}
