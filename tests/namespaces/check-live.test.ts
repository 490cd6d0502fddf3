/**
 * `baton check --live` on a machine that is made for it: a network namespace with one
 * interface.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");
const skip = process.getuid?.() === 0 ? false : "needs root";

const SETUP: readonly string[] = [
  "ip link set lo up",
  "ip link add eth0 type veth peer name other",
  "ip link set other up && ip link set eth0 up",
  "ip addr add 10.0.0.1/24 dev eth0",
  "ip addr add 10.0.0.100/24 dev eth0",
  "ip link add eth1 type veth peer name another",
];

/** A router that talks meanwhile (`$sender`) is ended before the answer. */
const CHECK =
  '"$0" check --json --live "$1"; status=$?; [ -z "$sender" ] || kill "$sender"; exit $status';

interface Found {
  readonly code: string;
  readonly severity: string;
  readonly line: number;
  readonly message: string;
  readonly help?: string;
}

interface Answer {
  readonly findings: readonly Found[];
  readonly stderr: string;
}

function run(
  text: string,
  folder: string,
  setup: readonly string[] = [],
  command: string = CHECK,
): Answer {
  const path = join(folder, "keepalived.conf");
  writeFileSync(path, text);
  const script = [...SETUP, ...setup, command].join("\n");
  const args = ["-n", "sh", "-c", script, join(root, "bin/baton"), path];
  const { stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8", timeout: 60_000 });
  const report = JSON.parse(stdout) as { findings: Found[] };
  return { findings: report.findings.filter(({ code }) => code.startsWith("VR51")), stderr };
}

const check = (text: string, folder: string): readonly string[] =>
  run(text, folder)
    .findings.filter(({ severity }) => severity !== "info")
    .map(({ code, line }) => `${code}@${line}`)
    .toSorted();

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
${more}    version 3
    advert_int 0.1
}
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

const set = (key: string, value: number): string =>
  `echo ${value} > /proc/sys/net/ipv4/${key.replaceAll(".", "/")}`;

test("--live: settings of the kernel that break something here, and none that do not", {
  skip,
}, (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-live-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const text = instance("eth0", "10.0.0.1", "10.0.0.50");
  const helps = (setup: readonly string[], of = text): readonly (string | undefined)[] =>
    run(of, folder, setup)
      .findings.filter(({ code }) => code === "VR5112")
      .map(({ help }) => help);
  const key = (word: string, device = "eth0"): string => `conf.${device}.${word}`;

  assert.deepEqual(helps([]), []);
  assert.deepEqual(helps([set(key("arp_ignore"), 1), set(key("arp_announce"), 2)]), []);
  assert.deepEqual(helps([set(key("arp_ignore"), 8)]), [
    "sysctl -w net.ipv4.conf.eth0.arp_ignore=0",
  ]);
  assert.deepEqual(helps([set(key("arp_ignore", "all"), 8)]), [
    "sysctl -w net.ipv4.conf.all.arp_ignore=0",
  ]);
  const second = [
    "ip link set eth1 up",
    "ip link set another up",
    "ip addr add 10.0.0.9/24 dev eth1",
  ];
  assert.deepEqual(helps([...second, set(key("arp_announce", "eth1"), 0)]), [
    "sysctl -w net.ipv4.conf.eth1.arp_ignore=1",
    "sysctl -w net.ipv4.conf.eth1.arp_announce=2",
  ]);
  const quiet = [set(key("arp_ignore", "eth1"), 1), set(key("arp_announce", "eth1"), 2)];
  assert.deepEqual(helps([...second, ...quiet]), []);
  const far = text.replace("10.0.0.2", "10.9.0.2");
  const strict = set(key("rp_filter"), 1);
  assert.deepEqual(helps([strict]), [], "the peer is in eth0's own network");
  assert.deepEqual(helps([strict, "ip addr add 10.9.0.9/24 dev other"], far), [
    "sysctl -w net.ipv4.conf.eth0.rp_filter=2",
  ]);
});

const multicast = instance("eth0", "10.0.0.1", "10.0.0.50").replace(/ {4}unicast_[^}]*}\n/, "");

test("--live: who is master on the interface now, and whether that is in our way", {
  skip,
}, (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-live-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const sender = join(root, "tests/support/advert-sender.ts");
  /** The check listens for a while only: it begins when the other router has begun. */
  const talk = (advert: string): string =>
    [
      ': >"$1.sending"',
      `${process.execPath} --disable-warning=ExperimentalWarning ${sender} other 10.0.0.9 ${advert} >"$1.sending" & sender=$!`,
      'until [ -s "$1.sending" ]; do kill -0 $sender || exit 1; sleep 0.05; done',
    ].join("\n");
  const heard = (advert: string): readonly string[] =>
    run(multicast, folder, [talk(advert)])
      .findings.filter(({ code }) => code !== "VR5117")
      .map(({ code }) => code)
      .toSorted();

  assert.deepEqual(
    run(multicast, folder).findings.map(({ code }) => code),
    ["VR5117"],
  );
  assert.deepEqual(heard("1 3 150 10 10.0.0.50"), ["VR5115"], "the peer, as it should be");
  assert.deepEqual(heard("2 3 150 10 10.0.0.51"), ["VR5115"], "another VRID");
  assert.deepEqual(heard("1 3 150 10 10.0.0.51"), ["VR5113", "VR5115"], "other addresses");
  assert.deepEqual(heard("1 2 150 100 10.0.0.50"), ["VR5113", "VR5115"], "another version");
  assert.deepEqual(heard("1 3 150 50 10.0.0.50"), ["VR5114", "VR5115"], "another interval");
  const found = run(multicast, folder, [talk("1 3 150 10 10.0.0.50")]).findings.find(
    ({ code }) => code === "VR5115",
  );
  assert.match(
    found?.message ?? "",
    /10\.0\.0\.9 .*`eth0`.*VRID 1, version 3, priority 150, every 0\.1 s, 10\.0\.0\.50/,
  );
});

/**
 * Root without the one capability that raw sockets need; an ordinary user would have the same
 * answer.
 */
const WITHOUT_RAW =
  'exec setpriv --bounding-set=-net_raw --inh-caps=-net_raw "$0" check --json --live "$1"';

test("--live: who may not open a raw socket learns that nobody was listened for, and all the rest", {
  skip,
}, (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-live-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const { findings } = run(instance("eth0", "10.0.0.1", "192.168.7.7"), folder, [], WITHOUT_RAW);
  assert.deepEqual(findings.map(({ code }) => code).toSorted(), ["VR5104", "VR5116", "VR5117"]);
  const found = findings.find(({ code }) => code === "VR5116");
  assert.equal(found?.line, 1);
  assert.match(found?.message ?? "", /`eth0`.*EPERM/);
});

test("--live: a wait of more than two seconds says what it is for", { skip }, (context) => {
  const folder = mkdtempSync(join(tmpdir(), "baton-live-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const slow = run(multicast.replace("advert_int 0.1", "advert_int 1"), folder);
  assert.match(slow.stderr, /^listening for VRRP on eth0, 2 s more$/m);
  assert.equal(run(multicast, folder).stderr, "");
});
