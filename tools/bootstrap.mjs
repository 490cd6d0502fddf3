/**
 * The one way in: `npm start`, `npm test`, `npm run check` and `npm run bench` come here first.
 *
 * Plain JavaScript with no dependency, because it runs on whatever Node.js (20 or later) the machine has, before
 * anything is installed. It installs what is missing and says so, finds the Node.js 24 that the lock file brings along,
 * and hands over to the TypeScript programs, which run unbuilt.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const QUIET = "--disable-warning=ExperimentalWarning";

/** What the interoperability tests measure against, and what starts the unit file: program → Debian package. */
const INTEROP_TOOLS = { keepalived: "keepalived", tshark: "tshark", systemctl: "systemd" };

/** `npm run …` → program and its fixed arguments. */
const PROGRAMS = {
  start: ["src/lab/demo/demo-main.ts"],
  bench: ["src/lab/measure/bench-main.ts"],
  sim: ["tools/sim-main.ts"],
  fuzz: ["tools/fuzz-main.ts"],
};

const say = (text) => process.stdout.write(`${text}\n`);
const isRoot = () => process.getuid?.() === 0;
const finds = (program) =>
  (process.env.PATH ?? "")
    .split(":")
    .concat("/usr/sbin", "/sbin")
    .some((folder) => folder !== "" && existsSync(join(folder, program)));

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

/** npm writes `.package-lock.json` at the end of every install, so its age is the age of the installation. */
function installDependencies() {
  const installed = join(modules, ".package-lock.json");
  const lock = join(root, "package-lock.json");
  const missing = !existsSync(installed);
  if (!missing && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say(
    missing
      ? "Dependencies are missing: running `npm ci` (koffi, Node.js 24 and the developer tools, into node_modules only)."
      : "package-lock.json is newer than node_modules: running `npm ci`.",
  );
  const npm = process.env.npm_execpath;
  const [program, ...first] = npm?.endsWith("js") ? [process.execPath, npm] : ["npm"];
  const args = [...first, "ci", "--no-audit", "--no-fund", "--include=dev", "--include=optional"];
  const result = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (result.status !== 0) fail("`npm ci` failed (see above), so nothing can be run.");
}

/** The Node.js of the lock file, else this one if it is new enough to run TypeScript unbuilt. */
function findNode() {
  const packaged = join(modules, `node-linux-${process.arch}`, "bin", "node");
  if (existsSync(packaged)) return packaged;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  return fail(
    `No Node.js 24: the package node-linux-${process.arch} is not in node_modules (were optional packages left out?)` +
      ` and this is Node.js ${process.versions.node}. Run \`npm ci --include=optional\`, or use Node.js 24.`,
  );
}

/** Becomes the program as nearly as Node.js can: same terminal, signals passed on, same end. */
function become(node, args) {
  const child = spawn(node, [QUIET, ...args], { cwd: process.cwd(), stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // Ctrl-C reaches the whole foreground group already; a second delivery would be taken for impatience.
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => fail(`${node} cannot be started: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(signal === null ? code : 1));
}

/** Installs the interoperability tools where we may. Returns what is still missing. */
function installInteropTools() {
  const missing = () => Object.keys(INTEROP_TOOLS).filter((tool) => !finds(tool));
  if (missing().length === 0) return [];
  const packages = missing().map((tool) => INTEROP_TOOLS[tool]);
  if (isRoot() && finds("apt-get")) {
    say(
      `Installing Debian packages for the interoperability tests: ${packages.join(" ")} (apt-get update first).`,
    );
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const options = { env, stdio: ["ignore", "ignore", "inherit"] };
    spawnSync("apt-get", ["-q", "update"], options);
    spawnSync("apt-get", ["-q", "install", "-y", "--no-install-recommends", ...packages], options);
  }
  return missing();
}

/** One check without tests: prints nothing but its name, unless it fails or is slow. */
function stage(name, program, args) {
  const startedAt = performance.now();
  const result = spawnSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const passed = result.status === 0;
  say(`${passed ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (!passed)
    process.stdout.write(
      `${result.error?.message ?? ""}${result.stdout ?? ""}${result.stderr ?? ""}\n`,
    );
  return passed;
}

function check(node, withNamespaces, rest) {
  const bin = (name) => join(modules, ".bin", name);
  const problems = [];
  if (withNamespaces) {
    const missing = installInteropTools();
    if (missing.length > 0) {
      problems.push(
        `${missing.join(" and ")} missing and not installable here${isRoot() ? "" : " (not root)"}: tests/namespaces` +
          ` cannot all run. Install with: apt-get install ${missing.map((tool) => INTEROP_TOOLS[tool]).join(" ")}`,
      );
    }
  }
  if (rest.length === 0) {
    if (!stage("format and import order (biome)", bin("biome"), ["check", "."]))
      problems.push("format");
    if (!stage("types (tsc)", bin("tsc"), ["-p", "."])) problems.push("types");
    if (
      !stage("lint (oxlint --type-aware)", bin("oxlint"), ["--type-aware", "src", "tests", "tools"])
    ) {
      problems.push("lint");
    }
  }
  const command = [node, QUIET, join(root, "tools/run-tests.ts")];
  if (withNamespaces) command.push("--namespaces");
  for (const problem of problems) say(`PROBLEM: ${problem}`);
  const tests = spawnSync(command[0], [...command.slice(1), ...rest], {
    cwd: root,
    stdio: "inherit",
  });
  if (problems.length > 0)
    process.stderr.write(`\nFailed apart from the tests: ${problems.join("; ")}\n`);
  process.exit(problems.length > 0 ? 1 : (tests.status ?? 1));
}

const [verb = "", ...rest] = process.argv.slice(2);
if (!(verb in PROGRAMS) && verb !== "test" && verb !== "check") {
  fail("usage: node tools/bootstrap.mjs start|bench|sim|fuzz|test|check [arguments]");
}
if (process.platform !== "linux") fail(`Baton runs on Linux; this is ${process.platform}.`);
installDependencies();
const node = findNode();
if (verb in PROGRAMS)
  become(node, [join(root, PROGRAMS[verb][0]), ...PROGRAMS[verb].slice(1), ...rest]);
else check(node, verb === "test", rest);
