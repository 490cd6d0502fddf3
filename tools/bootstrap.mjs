/**
 * The one way in: every `npm run …` that needs more than Node.js comes here first.
 *
 * Plain JavaScript without dependencies, because it runs on whatever Node.js (20 or later) the
 * machine has, before anything is installed. It installs the packages that are missing and says so,
 * finds the Node.js 24 that the lock file brings along, and hands over to the TypeScript programs,
 * which run unbuilt.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installTools, missingTools, toolsFor, toolsOf } from "./setup.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const QUIET = "--disable-warning=ExperimentalWarning";
const LABS = "tests/namespaces";

/** Verb → program. */
const PROGRAMS = {
  start: "src/lab/demo/demo-main.ts",
  bench: "src/lab/measure/bench-main.ts",
  sim: "tools/sim-main.ts",
  fuzz: "tools/fuzz-main.ts",
  mutants: "tools/mutants-main.ts",
  explore: "tools/explore-main.ts",
  "build:console": "tools/build-console.ts",
  package: "tools/package-main.ts",
  "test:package": "tools/package-life-main.ts",
  release: "tools/release-main.ts",
  "keywords-page": "tools/keywords-page.ts",
  "man-pages": "tools/man-pages.ts",
  "events-drill": "tools/events-drill.ts",
  "shadow-drill": "tools/shadow-drill.ts",
  "bench-engine": "tools/bench-engine.ts",
  "bench-switch": "tools/bench-switch.ts",
  "bench-cloud": "tools/bench-cloud.ts",
};
const USAGE = `usage: node tools/bootstrap.mjs ${Object.keys(PROGRAMS).join("|")}|setup [arguments]
       node tools/bootstrap.mjs check|test [FILE or FOLDER …]
       node tools/bootstrap.mjs test:one PATTERN [FILE or FOLDER …]`;

/** Compiled code of the tools, and of every program that a test starts, beside bin/baton's. */
process.env.NODE_COMPILE_CACHE ??= join(modules, ".cache", "baton");

const say = (text) => process.stdout.write(`${text}\n`);
/** @param status 2 is wrong usage */
function fail(text, status = 1) {
  process.stderr.write(`${text}\n`);
  process.exit(status);
}

/**
 * npm writes `.package-lock.json` at the end of every install, so its age is the age of the
 * installation.
 */
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
    // Ctrl-C reaches the whole foreground group already; a second delivery would be taken for
    // impatience.
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => fail(`${node} cannot be started: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(signal === null ? code : 1));
}

/** One check without tests: prints nothing but its name, unless it fails. */
function stage(name, program, args) {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = spawn(join(modules, ".bin", program), args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (part) => output.push(part));
    const end = (passed) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      say(`${passed ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
      if (!passed) process.stdout.write(`${Buffer.concat(output).toString()}\n`);
      resolve(passed);
    };
    child.on("error", (error) => {
      output.push(Buffer.from(error.message));
      end(false);
    });
    child.on("close", (code) => end(code === 0));
  });
}

/** One after the other, beside the tests: each takes every processor for a second or two. */
async function checkSources() {
  const problems = [];
  if (!(await stage("format and import order (biome)", "biome", ["check", "."]))) {
    problems.push("format (npx biome check --write . corrects it)");
  }
  // The console's page knows a browser and no Node.js, everything else the other way round.
  for (const project of [".", "src/console"]) {
    if (!(await stage(`types (tsc -p ${project})`, "tsc", ["-p", project]))) problems.push("types");
  }
  const folders = ["src", "tests", "tools"];
  if (!(await stage("lint (oxlint --type-aware)", "oxlint", ["--type-aware", ...folders]))) {
    problems.push("lint");
  }
  return problems;
}

function runTests(node, args) {
  const child = spawn(node, [QUIET, join(root, "tools/run-tests.ts"), ...args], {
    cwd: process.cwd(),
    stdio: "inherit",
  });
  return new Promise((resolve) => {
    child.on("error", (error) => fail(`${node} cannot be started: ${error.message}`));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** @param files only these, and then nothing but tests */
async function check(node, withNamespaces, files) {
  const problems = [];
  const labs = withNamespaces && files.length === 0 ? [LABS] : files;
  const missing = missingTools(toolsOf(root, labs));
  if (missing.length > 0 && !installTools(missing, say)) {
    problems.push(`tests in namespaces that need ${missing.join(", ")}`);
  }
  const sources = files.length === 0 ? checkSources() : Promise.resolve([]);
  const tests = runTests(node, [...(withNamespaces ? ["--namespaces"] : []), ...files]);
  problems.push(...(await sources));
  const status = await tests;
  if (problems.length > 0) {
    process.stderr.write(`\nFailed apart from the tests: ${problems.join("; ")}\n`);
  }
  process.exit(problems.length > 0 ? 1 : status);
}

/** Everything that is installed outside of node_modules, and what makes the first start quick. */
function setUp(node) {
  const missing = missingTools(toolsOf(root, [LABS]));
  if (missing.length > 0 && !installTools(missing, say)) process.exit(1);
  say("Ready: packages, Node.js and what the tests in network namespaces need.");
  become(node, [join(root, "tools/warm-cache.mjs")]);
}

const [verb = "", ...rest] = process.argv.slice(2);
const isTest = ["test", "check", "test:one"].includes(verb);
if (!isTest && verb !== "setup" && !(verb in PROGRAMS)) fail(USAGE, 2);
if (verb === "test:one" && (rest.length === 0 || rest[0] === "")) {
  fail(
    "which tests? npm run test:one -- PATTERN [FILE …]: a part of the test's name, or /expression/",
    2,
  );
}
if (process.platform !== "linux") fail(`Baton runs on Linux; this is ${process.platform}.`);
installDependencies();
const node = findNode();
if (verb === "setup") setUp(node);
else if (verb === "test:one") {
  const [pattern, ...files] = rest;
  const status = await runTests(node, ["--namespaces", `--name=${pattern}`, ...files]);
  process.exit(status);
} else if (isTest) await check(node, verb === "test", rest);
else {
  const missing = missingTools(toolsFor(verb, rest));
  if (missing.length > 0 && !installTools(missing, say)) process.exit(1);
  become(node, [join(root, PROGRAMS[verb]), ...rest]);
}
