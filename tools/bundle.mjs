/**
 * One file for each process, in dist/run: 300 modules cost 14 MB and 0.1 s of every start that
 * their code in one file does not. bin/baton takes it for `baton run` as long as no file of src/ is
 * newer, so a checkout that is worked on runs what stands there (docs/adr/0024).
 *
 * Made by `npm ci` where the developer tools are installed too. The archive of a release has none
 * yet. A package has all programs bundled, and no source (tools/package-main.ts).
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DAEMON = [
  "src/cli/main.ts",
  "src/daemon/engine-start-main.ts",
  "src/daemon/event-writer-main.ts",
  "src/daemon/databases-main.ts",
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
 * What is used of the packages is bundled too; koffi finds its library by its own place. commander
 * and yaml are CommonJS, and require nothing but what Node.js has itself.
 */
const PACKAGES = ["--external:koffi", "--banner:js=const require = process.getBuiltinModule;"];

/**
 * @param {string} root
 * @returns {string | undefined} why not
 */
export function bundleDaemon(root) {
  return bundle(root, DAEMON, join(root, "dist", "run"), PACKAGES);
}

/**
 * All programs.
 *
 * @param {string} root
 * @param {string} folder
 * @param {string} metafile gets esbuild's account of what went into each file
 * @returns {string | undefined} why not
 */
export function bundlePrograms(root, folder, metafile) {
  return bundle(root, PROGRAMS, folder, [...PACKAGES, `--metafile=${metafile}`]);
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
      "--legal-comments=none",
      "--entry-names=[name]",
      "--log-level=error",
      `--outdir=${folder}`,
      ...options,
    ],
    { cwd: root, encoding: "utf8", timeout: 60_000 },
  );
  if (status === 0) {
    escapeWide(folder);
    return undefined;
  }
  rmSync(folder, { recursive: true, force: true });
  return error?.message ?? stderr.trim();
}

/**
 * V8 keeps the text of a module, at two bytes a character as soon as one needs them. esbuild
 * escapes those in strings; what is left is in regular expressions and comments. (After a backslash
 * it would mean something else.)
 */
function escapeWide(folder) {
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".js"))) {
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    const narrow = text.replaceAll(
      /(?<!\\)[\u0100-\uffff]/g,
      (wide) => `\\u${wide.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    if (narrow !== text) writeFileSync(path, narrow);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const failed = bundleDaemon(join(import.meta.dirname, ".."));
  if (failed !== undefined) {
    process.stderr.write(`${failed}\n`);
    process.exitCode = 1;
  }
}
