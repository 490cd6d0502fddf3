/**
 * Packages as their tools see them: lintian and rpmlint, and installed into a copy of this machine
 * that has no network.
 *
 * Needs: lintian, rpmlint, rpmbuild, xz
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { debTree, makeDeb } from "../../tools/package/deb.ts";
import { make } from "../../tools/package/make.ts";
import { sha256 } from "../../tools/package/pins.ts";
import { makeRpm, rpmTree } from "../../tools/package/rpm.ts";
import { type Ran, runInOverlay, whyNoOverlay } from "../support/overlay.ts";

const root = join(import.meta.dirname, "../..");
const skip = whyNoOverlay() ?? false;
const folder = mkdtempSync(join(tmpdir(), "baton-package-test-"));
after(() => rmSync(folder, { recursive: true }));
const deb = join(folder, "baton.deb");
const rpm = join(folder, "baton.rpm");
const made = make(root, "9.8.7", 1_700_000_000);
writeFileSync(deb, makeDeb(made, 0));
writeFileSync(rpm, makeRpm(made, 0));

function run(program: string, ...args: readonly string[]): Ran {
  const env = { PATH: process.env["PATH"], LANG: "C.UTF-8", HOME: folder };
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", env });
  return { status, output: `${stdout}${stderr}` };
}

/** Beside the tests before theirs: they read 126 MB of Node.js. */
async function start(program: string, ...args: readonly string[]): Promise<Ran> {
  const env = { PATH: process.env["PATH"], LANG: "C.UTF-8", HOME: folder };
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => {
      output += part.toString();
    });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { status, output };
}
const lintian = start("lintian", "--tag-display-limit", "0", "--allow-root", deb);
const rpmlint = start("rpmlint", "-c", join(root, "packaging/rpm/rpmlint.toml"), rpm);

test("the same files are the same bytes of a package", () => {
  const small = { deb: debTree(made), rpm: rpmTree(made) } as const;
  const withoutNode = (kind: "deb" | "rpm") =>
    small[kind].filter(({ path }) => path !== "usr/lib/baton/node");
  const [first, second] = [1, 2].map(() => [
    sha256(makeDeb(made, 0, withoutNode("deb"))),
    sha256(makeRpm(made, 0, withoutNode("rpm"))),
  ]);
  assert.deepEqual(first, second);
});

test("dpkg-deb finds the fields of a package, and only root's files", () => {
  const fields = run("dpkg-deb", "--field", deb, "Package", "Version", "Architecture", "Depends");
  assert.match(fields.output, /^Package: baton\nVersion: 9\.8\.7\nArchitecture: amd64\n/);
  assert.match(fields.output, /libc6 \(>= 2\.28\)/);
  const lines = run("dpkg-deb", "--contents", deb).output.trim().split("\n");
  assert.equal(lines.length, debTree(made).length);
  assert.deepEqual(
    lines.filter((line) => !/^[-dl]\S+ root\/root /.test(line)),
    [],
  );
});

const USE = `
baton --version
baton explain VR1002 >/dev/null && echo explained
baton run; echo "without a configuration: $?"
`;

test("the Debian package installs, runs offline, and leaves nothing when it is purged", {
  skip,
}, () => {
  // This machine may have run a Baton: a purge removes what that one has kept too.
  const script = `
rm -rf /var/lib/baton /run/baton
find /etc /usr /var /run -path /var/log -prune -o -print | sort >/before
dpkg -i /run/given/baton.deb || exit 1
${USE}
getent group baton
dpkg -V baton && echo verified
echo changed >>/etc/default/baton
dpkg -r baton
ls -d /etc/default/baton /usr/lib/baton /run/baton /usr/bin/baton
dpkg -P baton
getent group baton || echo no group
find /etc /usr /var /run -path /var/log -prune -o -print | sort >/after
diff /before /after && echo nothing is left
`;
  const { output } = runInOverlay(script, folder);
  assert.match(output, /^baton 9\.8\.7$/m);
  assert.match(output, /^explained$/m);
  assert.match(output, /there is no file `\/etc\/keepalived\/keepalived\.conf`/);
  assert.match(output, /^without a configuration: 4$/m);
  assert.match(output, /^baton:x:\d+:$/m);
  assert.match(output, /^verified$/m);
  assert.match(output, /^\/etc\/default\/baton$/m);
  assert.match(output, /cannot access '\/usr\/lib\/baton'/);
  assert.match(output, /^no group$/m);
  assert.match(output, /^nothing is left$/m, output);
});

test("a package in another root, without chroot, leaves this machine alone", { skip }, () => {
  const script = `
mkdir -p /other/lib64 /other/etc /other/run/baton /other/var/log /other/var/lib/dpkg/info /other/var/lib/dpkg/updates
touch /other/lib64/ld-linux-x86-64.so.2 /other/var/lib/dpkg/status /other/var/lib/dpkg/available
cp /etc/passwd /etc/login.defs /other/etc; grep -v ^baton: /etc/group >/other/etc/group; touch /other/etc/gshadow
groupadd --system baton
mkdir -p /run/baton /var/lib/baton
touch /run/baton/own /var/lib/baton/own /var/log/baton.log
there() { dpkg --root=/other --force-script-chrootless --force-depends "$@"; }
umask 077
there -i /run/given/baton.deb 2>&1
grep ^baton: /other/etc/group | sed 's/^/there: /'
stat -c 'mode %a %n' /other/usr/bin /other/usr/lib/baton/bin/baton
touch /other/run/baton/x /other/var/log/baton.log
there -P baton 2>&1
grep -q ^baton: /other/etc/group || echo no group there
getent group baton
ls /run/baton/own /var/lib/baton/own /var/log/baton.log
ls -d /other/run/baton /other/var/log/baton.log /other/usr/lib/baton
`;
  const { output } = runInOverlay(script, folder);
  assert.match(output, /^there: baton:x:\d+:$/m, output);
  assert.match(output, /^mode 755 \/other\/usr\/bin$/m);
  assert.match(output, /^mode 755 \/other\/usr\/lib\/baton\/bin\/baton$/m);
  assert.match(output, /^no group there$/m, output);
  assert.match(output, /^baton:x:\d+:$/m);
  for (const own of ["/run/baton/own", "/var/lib/baton/own", "/var/log/baton.log"])
    assert.ok(output.includes(`\n${own}\n`), output);
  assert.equal(output.match(/^ls: cannot access '\/other\//gm)?.length, 3, output);
});

test("the rpm installs into a root of its own, runs offline and passes rpm -V", { skip }, () => {
  // The database of this root is empty, so rpm cannot know what Debian's packages bring.
  const script = `
rpm -i --nodeps /run/given/baton.rpm || exit 1
${USE}
rpm -V --nodeps baton && echo verified
rpm -qc baton
getent group baton
rpm -e baton
ls -d /usr/lib/baton /etc/sysconfig/baton /usr/bin/baton
`;
  const { output } = runInOverlay(script, folder);
  assert.match(output, /^baton 9\.8\.7$/m);
  assert.match(output, /^without a configuration: 4$/m);
  assert.match(output, /^verified$/m);
  assert.match(output, /^\/etc\/sysconfig\/baton$/m);
  assert.match(output, /^baton:x:\d+:$/m);
  assert.match(output, /cannot access '\/usr\/lib\/baton'/);
});

test("neither package is unpacked on CentOS 7, and each says why", { skip }, () => {
  const script = `
mkdir -p /lib64; touch /lib64/libc-2.17.so
dpkg -i /run/given/baton.deb; echo "dpkg: $?"
rpm -i --nodeps /run/given/baton.rpm; echo "rpm: $?"
ls -d /usr/lib/baton
`;
  const { output } = runInOverlay(script, folder);
  assert.equal(output.match(/this system has glibc 2\.17/g)?.length, 2, output);
  assert.match(output, /^dpkg: 1$/m);
  assert.match(output, /^rpm: 1$/m);
  assert.match(output, /cannot access '\/usr\/lib\/baton'/);
});

test("a daemon that runs needs none of its files: an upgrade replaces them", { skip }, () => {
  const script = `
dpkg -i /run/given/baton.deb >/dev/null
ip link set lo up
ip link add d0 type veth peer name d1
ip link set d0 up; ip link set d1 up
ip address add 192.0.2.1/24 dev d0
cp -a /usr/lib/baton /copy
cat >/keepalived.conf <<END
vrrp_instance A {
  interface d0
  virtual_router_id 51
  priority 200
  version 3
  advert_int 0.1
  virtual_ipaddress {
    192.0.2.100/24
  }
}
END
/usr/bin/baton run -f /keepalived.conf >/log &
daemon=$!
for try in $(seq 200); do
  baton status 2>/dev/null | grep -q MASTER && break
  sleep 0.05
done
rm -rf /usr/lib/baton
/copy/bin/baton status
/copy/bin/baton explain A
echo "unknown_keyword" >>/keepalived.conf
/copy/bin/baton reload; echo "with an error: $?"
sed -i '/unknown/d; s/priority 200/priority 150/' /keepalived.conf
/copy/bin/baton reload; echo "corrected: $?"
kill -TERM $daemon; wait $daemon; echo "ended: $?"
ip -br address show d0
cat /log
`;
  const { output } = runInOverlay(script, folder);
  assert.match(output, /^A +MASTER /m, output);
  assert.match(output, /^A is MASTER on d0/m);
  assert.match(output, /unknown keyword `unknown_keyword`/);
  assert.match(output, /^with an error: 1$/m);
  assert.match(output, /^corrected: 0$/m);
  assert.match(output, /^ended: 0$/m, output);
  assert.doesNotMatch(output.slice(output.indexOf("ended: 0")), /^d0.*192\.0\.2\.100/m);
});

test("lintian finds no error and no warning", async () => {
  const { status, output } = await lintian;
  const found = output.split("\n").filter((line) => /^[EWX]: /.test(line));
  assert.deepEqual(found, []);
  assert.equal(status, 0, output);
});

test("rpmlint finds no error", async () => {
  const { output } = await rpmlint;
  assert.match(output, / 0 errors/);
});
