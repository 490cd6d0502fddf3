/** `baton check --live` on a machine that is made for it: a network namespace with one interface. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
const skip = process.getuid?.() === 0 ? false : "needs root";

const SETUP = [
  "ip link set lo up",
  "ip link add eth0 type veth peer name other",
  "ip link set other up && ip link set eth0 up",
  "ip addr add 10.0.0.1/24 dev eth0",
  "ip addr add 10.0.0.100/24 dev eth0",
  "ip link add eth1 type veth peer name another",
  'exec "$0" check --json --live "$1"',
].join("\n");

function check(text: string, folder: string): readonly string[] {
  const path = join(folder, "keepalived.conf");
  writeFileSync(path, text);
  const args = ["-n", "sh", "-c", SETUP, join(root, "bin/baton"), path];
  let out = "";
  try {
    out = execFileSync("unshare", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    // Errors in the file give a status other than 0.
    out = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
  }
  const report = JSON.parse(out) as { findings: { code: string; line: number }[] };
  return report.findings
    .filter(({ code }) => code.startsWith("VR51"))
    .map(({ code, line }) => `${code}@${line}`)
    .toSorted();
}

const instance = (device: string, source: string, address: string, more = ""): string =>
  `vrrp_instance A {
    interface ${device}
    virtual_router_id 1
    unicast_src_ip ${source}
    unicast_peer {
        10.0.0.2
    }
    virtual_ipaddress {
        ${address}
    }
${more}}
`;

test("--live sees interfaces, addresses, scripts and accounts of this machine", {
  skip,
}, (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-live-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [instance("eth0", "10.0.0.1", "10.0.0.50"), []],
    [instance("eth9", "10.0.0.1", "10.0.0.50"), ["VR5101@2"]],
    [instance("eth1", "10.0.0.1", "10.0.0.50"), ["VR5102@2", "VR5103@4", "VR5104@9"]],
    [instance("eth0", "10.0.0.77", "10.0.0.50"), ["VR5103@4"]],
    [instance("eth0", "10.0.0.1", "192.168.7.7"), ["VR5104@9"]],
    [instance("eth0", "10.0.0.1", "10.0.0.100"), ["VR5111@9"]],
    [instance("eth0", "10.0.0.1", "10.0.0.50", '    notify "/no/such/script"\n'), ["VR5105@11"]],
    [instance("eth0", "10.0.0.1", "10.0.0.50", '    notify "/etc/passwd"\n'), ["VR5106@11"]],
    [
      instance("eth0", "10.0.0.1", "10.0.0.50", '    notify "/bin/true" nobody-here\n'),
      ["VR5108@11"],
    ],
  ];
  for (const [text, expected] of cases) assert.deepEqual(check(text, folder), expected, text);
});
