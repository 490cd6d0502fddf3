/**
 * One file for each process of the daemon, in dist/run: 300 modules cost 14 MB and 0.1 s of every
 * start that their code in one file does not. bin/baton takes it for `baton run` as long as no file
 * of src/ is newer, so a checkout that is worked on runs what stands there (docs/adr/0024).
 *
 * Made by `npm ci` where the developer tools are installed too. The archive of a release has none
 * yet.
 */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ENTRIES = ["src/cli/main.ts", "src/daemon/engine-start-main.ts"];

/**
 * @param {string} root
 * @returns {string | undefined} why not
 */
export function bundleDaemon(root) {
  const esbuild = join(root, "node_modules", ".bin", "esbuild");
  const folder = join(root, "dist", "run");
  rmSync(folder, { recursive: true, force: true });
  if (!existsSync(esbuild)) return "esbuild, a developer tool, is not installed";
  const { status, stderr, error } = spawnSync(
    esbuild,
    [
      ...ENTRIES,
      "--bundle",
      "--splitting",
      "--platform=node",
      "--format=esm",
      "--target=node24",
      "--packages=external",
      "--charset=utf8",
      "--entry-names=[name]",
      "--log-level=error",
      `--outdir=${folder}`,
    ],
    { cwd: root, encoding: "utf8", timeout: 60_000 },
  );
  if (status === 0) return undefined;
  rmSync(folder, { recursive: true, force: true });
  return error?.message ?? stderr.trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const failed = bundleDaemon(join(import.meta.dirname, ".."));
  if (failed !== undefined) {
    process.stderr.write(`${failed}\n`);
    process.exitCode = 1;
  }
}
