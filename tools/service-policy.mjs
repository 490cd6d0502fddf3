/**
 * Installing nginx, Redis or Prometheus for a test starts them, on Debian: now, and whenever the
 * machine starts. Here they are installed and nothing else.
 *
 * `invoke-rc.d` and `deb-systemd-invoke` ask /usr/sbin/policy-rc.d whether a service may be
 * started; 101 forbids it. Ours is there for the time of the install. If this process dies before
 * it has taken it away, it takes itself away when it is next asked.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

export const POLICY = "/usr/sbin/policy-rc.d";
const MARK = "# Made by Baton's setup";
const UNITS = "/etc/systemd/system";
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** What was there before waits under this name. */
const earlier = (path) => `${path}.before-baton`;

/** Clock ticks since the machine was started: with the PID they name one process for ever. */
const startOf = (pid) =>
  readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /s, "").split(" ")[19];

const script = (path, pid) => `#!/bin/sh
${MARK}: the packages that it installs start no services.
start=$(sed 's/.*) //' /proc/${pid}/stat 2>/dev/null | cut -d' ' -f20)
[ "$start" = ${startOf(pid)} ] && exit 101
# It has ended without taking this away.
if [ -e '${earlier(path)}' ]; then
    mv -f '${earlier(path)}' '${path}'
    exec '${path}' "$@"
fi
rm -f '${path}'
exit 0
`;

const isOurs = (path) => {
  try {
    return readFileSync(path, "utf8").includes(MARK);
  } catch {
    return false;
  }
};

/** Puts back what was there. One that somebody else has put in its place meanwhile stays. */
function takeAway(path) {
  if (!isOurs(path)) return;
  if (existsSync(earlier(path))) renameSync(earlier(path), path);
  else rmSync(path, { force: true });
}

/**
 * Does the work with services forbidden. Where the folder cannot be written it is done all the
 * same.
 *
 * @param {() => void} work installs, in programs that this process waits for
 */
export function withoutServices(work, path = POLICY, pid = process.pid) {
  // While a program is waited for signals wait too, and end this process after that.
  const end = (signal) => process.exit(signal === "SIGINT" ? 130 : 143);
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    // Of a setup that was killed.
    takeAway(path);
    const next = `${path}.baton-${pid}`;
    writeFileSync(next, script(path, pid), { mode: 0o755 });
    rmSync(earlier(path), { force: true });
    try {
      linkSync(path, earlier(path));
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
    renameSync(next, path);
  } catch {
    // Nobody's services are worth more than that.
  }
  try {
    work();
  } finally {
    takeAway(path);
    for (const signal of SIGNALS) process.off(signal, end);
  }
}

/** What is started with the machine: UNIT of every TARGET.wants. */
export function enabledUnits(folder = UNITS) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".wants"))
    .flatMap((name) => readdirSync(join(folder, name)));
}

/** After `work` nothing is started with the machine that was not before. */
export function withoutNewUnits(work, isSystemd = existsSync("/run/systemd/system")) {
  const before = new Set(enabledUnits());
  work();
  const added = [...new Set(enabledUnits())].filter((unit) => !before.has(unit));
  // Where systemd has just come with the packages, its own units are among them.
  if (isSystemd && added.length > 0)
    spawnSync("systemctl", ["disable", "--quiet", ...added], { stdio: "ignore" });
}

export const CLUSTER_SETTINGS = "/etc/postgresql-common/createcluster.conf";

/** Does the work, and no PostgreSQL cluster comes of it. */
export function withoutCluster(work, path = CLUSTER_SETTINGS) {
  const before = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  if (before === undefined) return work();
  const during = `${before}\ncreate_main_cluster = false ${MARK}\n`;
  writeFileSync(path, during);
  try {
    return work();
  } finally {
    // What the packages have made of it meanwhile stays.
    if (readFileSync(path, "utf8") === during) writeFileSync(path, before);
  }
}
