/**
 * What the tests need that npm does not bring: keepalived to compare with, tshark to dissect
 * packets, systemd to start the unit file. A test says so itself, in a line of its head comment:
 * "Needs: keepalived, tshark". Nothing else asks for a Debian package.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { withoutCluster, withoutNewUnits, withoutServices } from "./service-policy.mjs";

/** Program → Debian package. */
export const TOOLS = {
  keepalived: "keepalived",
  aiosmtpd: "python3-aiosmtpd",
  tshark: "tshark",
  systemctl: "systemd",
  rsyslogd: "rsyslog",
  logrotate: "logrotate",
  mariadbd: "mariadb-server-core",
  mariadb: "mariadb-client-core",
  "redis-server": "redis-server",
  "redis-cli": "redis-tools",
  postgres: "postgresql",
  mandoc: "mandoc",
  prometheus: "prometheus",
  promtool: "prometheus",
  groff: "groff-base",
  lexgrog: "man-db",
  zsh: "zsh",
  fish: "fish",
  rpmbuild: "rpm",
  rpmlint: "rpmlint",
  lintian: "lintian",
  xz: "xz-utils",
  chromium: "chromium",
  openssl: "openssl",
  nginx: "nginx",
  bird: "bird2",
  bfdd: "frr",
};
const NEEDS = /^ \* Needs: (.+)$/m;

const isRoot = () => process.getuid?.() === 0;
/** Debian keeps the programs of each version apart, and outside PATH. */
function postgresqlFolders() {
  const versions = "/usr/lib/postgresql";
  if (!existsSync(versions)) return [];
  return readdirSync(versions).map((version) => join(versions, version, "bin"));
}
const finds = (program) =>
  (process.env.PATH ?? "")
    .split(":")
    .concat("/usr/sbin", "/sbin", "/usr/lib/frr", postgresqlFolders())
    .some((folder) => folder !== "" && existsSync(join(folder, program)));

function testsIn(root, name) {
  const path = [process.cwd(), process.env.INIT_CWD ?? root, root]
    .map((place) => resolve(place, name))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join(path, file));
}

/** The programs of one file's head comment. */
export function neededBy(text) {
  const [, list = ""] = NEEDS.exec(text.slice(0, text.indexOf("*/"))) ?? [];
  return list.split(/[ ,.]+/).filter((name) => name !== "");
}

/** @param names test files or folders; what does not exist is reported by who runs them */
export function toolsOf(root, names) {
  const files = names.flatMap((name) => testsIn(root, name));
  return [...new Set(files.flatMap((file) => neededBy(readFileSync(file, "utf8"))))];
}

/** What a command needs, by its arguments: everything else that it starts comes with npm. */
export function toolsFor(verb, args) {
  if (verb === "bench" && args.includes("database")) return ["mariadbd", "mariadb", "keepalived"];
  if (verb !== "start" || !args.includes("--mysql")) return [];
  const isCompared = args.some((one) => /^--vs(=|$)/.test(one));
  return ["mariadbd", "mariadb", ...(isCompared ? ["keepalived"] : [])];
}

export const missingTools = (tools) => tools.filter((tool) => !finds(tool));

/** Installs with apt where we may, else says what to do. Whether nothing is missing now. */
export function installTools(missing, say) {
  const packages = missing.map((tool) => TOOLS[tool] ?? tool);
  if (isRoot() && finds("apt-get")) {
    say(`Missing: ${missing.join(", ")}. Installing with apt-get: ${packages.join(" ")}`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const options = { env, stdio: ["ignore", "ignore", "inherit"] };
    const apt = (...args) => spawnSync("apt-get", ["-q", ...args], options);
    apt("update");
    const install = (...names) => apt("install", "-y", "--no-install-recommends", ...names);
    withoutNewUnits(() =>
      withoutServices(() => {
        if (!packages.includes("postgresql")) return install(...packages);
        // Brings the file that says whether the other one makes a cluster.
        install("postgresql-common");
        return withoutCluster(() => install(...packages));
      }),
    );
    if (missingTools(missing).length === 0) return true;
  }
  const why = isRoot() ? "apt-get did not bring them" : "only root may install them";
  say(
    `Missing: ${missing.join(", ")}; ${why}. Install the packages ${packages.join(" ")} by hand.`,
  );
  return false;
}
