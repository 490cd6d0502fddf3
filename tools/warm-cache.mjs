/**
 * Bundles the daemon where it can (bundle.mjs), compiles every module once after installation and
 * keeps the result beside the packages (see bin/baton), so that the first start of a command or of
 * the daemon is as quick as the next ones. Harmless where it cannot: then they compile.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleDaemon } from "./bundle.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const node = join(root, "node_modules", `node-linux-${process.arch}`, "bin", "node");
const isProgram = (name) => /^(?:.*-)?main\.[jt]s$/.test(name) || name === "enter-namespace.ts";

if (process.argv[2] === "--inside") {
  const { flushCompileCache } = await import("node:module");
  const { globSync } = await import("node:fs");
  const files = globSync(["src/**/*.ts", "dist/run/*.js"], { cwd: root });
  for (const file of files) {
    // Programs run when they are imported; what they import is compiled all the same.
    if (isProgram(file.slice(file.lastIndexOf("/") + 1))) continue;
    try {
      await import(join(root, file));
    } catch {
      // Needs something this machine does not have; its user gets the error.
    }
  }
  flushCompileCache();
  process.exit(0);
} else if (existsSync(node) && readdirSync(join(root, "src")).length > 0) {
  // Without it the daemon runs all the same.
  if (!existsSync(join(root, "dist", "run", "main.js"))) bundleDaemon(root);
  const env = { ...process.env, NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "baton") };
  spawnSync(
    node,
    ["--disable-warning=ExperimentalWarning", fileURLToPath(import.meta.url), "--inside"],
    {
      cwd: root,
      env,
      stdio: "ignore",
      timeout: 60_000,
    },
  );
  // The program itself, which is not imported by anything: else the first start loads the compiler
  // for one file.
  spawnSync(
    node,
    ["--disable-warning=ExperimentalWarning", join(root, "src", "cli", "main.ts"), "version"],
    { cwd: root, env, stdio: "ignore", timeout: 60_000 },
  );
}
