/**
 * Real keepalived in the same network namespace: `baton check --live` and the log of `baton run`
 * name it, in both languages, and neither does when it is gone.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { KEEPALIVED, skipKeepalived } from "../support/keepalived.ts";

const BATON = join(import.meta.dirname, "../../bin/baton");

const config = (vrid: number, address: string): string => `vrrp_instance A {
  interface eth0
  virtual_router_id ${vrid}
  version 3
  advert_int 0.1
  virtual_ipaddress {
    ${address}/24
  }
}
`;

/** `$0` Baton, `$1` keepalived, `$2` a folder. `run NAME LANGUAGE`: a Baton, until it is BACKUP. */
const SCRIPT = `set -e
cd "$2"
until_there() {
  tries=0
  until grep -q "$1" "$2" 2>/dev/null; do
    tries=$((tries + 1)); [ $tries -lt 1200 ] || { echo "no $1 in $2" >&2; exit 1; }
    sleep 0.05
  done
}
run() {
  "$0" run -f baton.conf --runtime-dir "$2/run" --lang "$4" >"$3.log" 2>&1 & baton=$!
  until_there "Entering BACKUP STATE" "$3.log"
  kill $baton; wait $baton
}
ip link set lo up
ip link add eth0 type veth peer name other
ip link set other up
ip link set eth0 up
ip addr add 10.0.0.1/24 dev eth0
"$1" -n -l -f keepalived.conf -p main.pid -r vrrp.pid -c check.pid >keepalived.log 2>&1 & keepalived=$!
until_there ":0070 " /proc/self/net/raw
echo $keepalived >pid
"$0" check --json --live baton.conf >beside.json
run "$1" "$2" beside en
run "$1" "$2" beside-zh zh-CN
kill $keepalived; wait $keepalived || true
"$0" check --json --live baton.conf >alone.json
run "$1" "$2" alone en
`;

test("keepalived in this namespace is named by `check --live` and by `run`", {
  skip: skipKeepalived,
}, (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-beside-"));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "keepalived.conf"), config(1, "10.0.0.51"));
  writeFileSync(join(folder, "baton.conf"), config(2, "10.0.0.52"));
  const args = ["-n", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const { status, stderr } = spawnSync(
    "unshare",
    [...args, "sh", "-c", SCRIPT, BATON, KEEPALIVED, folder],
    { encoding: "utf8", timeout: 120_000 },
  );
  assert.equal(status, 0, stderr);
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const pid = read("pid").trim();
  const findings = (name: string): readonly string[] => {
    const report = JSON.parse(read(name)) as { findings: { code: string; message: string }[] };
    return report.findings.filter(({ code }) => code === "VR5119").map(({ message }) => message);
  };
  const lines = (name: string): readonly string[] =>
    read(name)
      .split("\n")
      .filter((line) => line.includes("keepalived"));

  const [found, ...more] = findings("beside.json");
  assert.ok(found?.includes(`(PID ${pid})`) === true && more.length === 0, found);
  const [logged, ...others] = lines("beside.log");
  assert.match(logged ?? "", new RegExp(`warning: .*\\(PID ${pid}\\).*systemctl stop keepalived`));
  assert.deepEqual(others, [], "one line");
  assert.match(lines("beside-zh.log").join("\n"), new RegExp(`（PID ${pid}）.*请停止 keepalived`));
  assert.deepEqual(findings("alone.json"), []);
  assert.deepEqual(lines("alone.log"), []);
});
