/**
 * One file for each process, in dist/run: 300 modules cost 14 MB and 0.1 s of every start that
 * their code in one file does not. bin/baton takes it for `baton run` as long as no file of src/ is
 * newer, so a checkout that is worked on runs what stands there (docs/adr/0024).
 *
 * Made by `npm ci` where the developer tools are installed too. The archive of a release has none
 * yet. A package has all programs bundled, and no source (tools/package-main.ts).
 */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DAEMON = [
  "src/cli/main.ts",
  "src/daemon/engine-start-main.ts",
  "src/daemon/event-writer-main.ts",
];
/** Every program that a command starts (src/units/installation.ts has where they are). */
export const PROGRAMS = [
  ...DAEMON,
  "src/linux/enter-namespace.ts",
  "src/lab/vpc/lab-main.ts",
  "src/lab/network/switch-main.ts",
  "src/lab/measure/address-watch-main.ts",
  "src/lab/measure/answer-watch-main.ts",
  "src/probes/icmp-probe-main.ts",
  "src/probes/arp-probe-main.ts",
  "src/probes/connect-probe-main.ts",
];

/**
 * @param {string} root
 * @returns {string | undefined} why not
 */
export function bundleDaemon(root) {
  return bundle(root, DAEMON, join(root, "dist", "run"), ["--packages=external"]);
}

/**
 * All programs, with the packages they use, except koffi, which finds its library by its own place.
 *
 * @param {string} root
 * @param {string} folder
 * @param {string} metafile gets esbuild's account of what went into each file
 * @returns {string | undefined} why not
 */
export function bundlePrograms(root, folder, metafile) {
  return bundle(root, PROGRAMS, folder, [
    "--external:koffi",
    // commander and yaml are CommonJS, and require nothing but what Node.js has itself.
    "--banner:js=const require = process.getBuiltinModule;",
    `--metafile=${metafile}`,
  ]);
}

function bundle(root, entries, folder, options) {
  const esbuild = join(root, "node_modules", ".bin", "esbuild");
  rmSync(folder, { recursive: true, force: true });
  if (!existsSync(esbuild)) return "esbuild, a developer tool, is not installed";
  const { status, stderr, error } = spawnSync(
    esbuild,
    [
      ...entries,
      "--bundle",
      "--splitting",
      "--platform=node",
      "--format=esm",
      "--target=node24",
      // No --charset=utf8: V8 keeps the text of a module, at two bytes a character if one of them
      // is Chinese, and of these files one in a hundred is.
      "--legal-comments=none",
      "--entry-names=[name]",
      "--log-level=error",
      `--outdir=${folder}`,
      ...options,
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
