/**
 * What keepalived 2.2.7 has in the kernel's tables for each line of `virtual_routes` and
 * `virtual_rules`, and what Baton has there. What Baton does otherwise is listed with its reason.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Reading, readConfiguration } from "#keepalived/read";
import { createNamespace, type Namespace } from "#linux/namespace";
import { must } from "#linux/result";
import { KernelRouting } from "#linux/routing-table";
import { openRtnetlink } from "#linux/rtnetlink";
import { routingItems } from "#vrrp/engine/routing";
import type { Outcome } from "#vrrp/engine/world";
import type { RoutingItem } from "#vrrp/router/routes";
import { until } from "../support/daemon-bench.ts";
import { KEEPALIVED, skipKeepalived } from "../support/keepalived.ts";
import { ROUTES, RULES } from "../support/routing-lines.ts";

const skip = skipKeepalived;

/** The same in every namespace; the address is the one that would be virtual. */
const NETWORK = `
ip link set lo up
ip link add eth0 type veth peer name eth1
sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
ip link set eth0 up; ip link set eth1 up
ip address add 192.0.2.1/24 dev eth0
ip -6 address add 2001:db8::1/64 dev eth0 nodad
`;

const configOf = (routes: readonly string[], rules: readonly string[]): string => `
vrrp_instance A {
  state MASTER
  interface eth0
  virtual_router_id 51
  priority 200
  version 3
  advert_int 0.1
  virtual_ipaddress {
    192.0.2.100/24
  }
  virtual_routes {
    ${routes.join("\n    ")}
  }
  virtual_rules {
    ${rules.join("\n    ")}
  }
}
`;

function shell(namespace: Namespace, script: string): string {
  const ran = namespace.within(() => spawnSync("sh", ["-ec", script], { encoding: "utf8" }));
  assert.equal(ran.status, 0, `${script}\n${ran.stderr}`);
  return ran.stdout;
}

/** Of what somebody added: everything but the kernel's own, one line for each, sorted. */
function tablesOf(namespace: Namespace): readonly string[] {
  const listed = ["-4 route show table all", "-6 route show table all", "-4 rule", "-6 rule"];
  return listed
    .flatMap((what) => {
      const text = shell(namespace, `ip -d -j ${what}`);
      const rows = JSON.parse(text === "" ? "[]" : text) as Record<string, unknown>[];
      return rows
        .filter(({ protocol }) => protocol !== "kernel" && protocol !== "unspec")
        .map(({ expires, ...row }) =>
          JSON.stringify({ what, ...row, ...(expires !== undefined && { expires: true }) }),
        );
    })
    .toSorted();
}

/** keepalived as master, until it has added everything. */
async function underKeepalived(text: string, last: RegExp): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "baton-routes-"));
  const namespace = createNamespace("keepalived");
  const file = join(folder, "keepalived.conf");
  writeFileSync(file, text);
  shell(namespace, NETWORK);
  const argv = ["-n", "-l", "-P", "-f", file, "-p", join(folder, "p"), "-r", join(folder, "r")];
  const child = namespace.within(() => spawn(KEEPALIVED, argv, { stdio: "ignore" }));
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    await until("keepalived has added the last rule", () =>
      last.test(shell(namespace, "ip -4 rule")),
    );
    return tablesOf(namespace);
  } finally {
    child.kill("SIGTERM");
    await ended;
    namespace.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Added {
  readonly tables: readonly string[];
  readonly refused: readonly { readonly item: RoutingItem; readonly outcome: Outcome }[];
  /** What is left when all has been removed. */
  readonly left: readonly string[];
}

function underBaton(reading: Reading): Added {
  const [instance] = reading.plan.instances;
  assert.ok(instance !== undefined);
  const namespace = createNamespace("baton");
  try {
    shell(namespace, `${NETWORK}\nip address add 192.0.2.100/24 dev eth0`);
    const rtnetlink = namespace.within(() => must(openRtnetlink()));
    const links = must(rtnetlink.links());
    const indexOf = (device: string): number | undefined =>
      links.find(({ name }) => name === device)?.index;
    const routing = new KernelRouting(rtnetlink);
    const items = routingItems(instance.config);
    const outcomes = items.map((item) => ({ item, outcome: routing.add(item, indexOf) }));
    const tables = tablesOf(namespace);
    // Twice: what a dead engine has left is ours.
    const added = outcomes.filter(({ outcome }) => outcome.ok);
    for (const { item } of added) {
      const isAppended = item.kind === "route" && item.route.isAppended === true;
      if (!isAppended)
        assert.deepEqual({ item, ...routing.add(item, indexOf) }, { item, ok: true });
    }
    assert.deepEqual(tablesOf(namespace), tables);
    for (const { item } of added.toReversed())
      assert.deepEqual(routing.remove(item, indexOf), { ok: true });
    rtnetlink.close();
    const refused = outcomes.filter(({ outcome }) => !outcome.ok);
    return { tables, refused, left: tablesOf(namespace) };
  } finally {
    namespace.close();
  }
}

const read = (text: string): Reading => readConfiguration([{ name: "a.conf", text }]);

test("every line does in the kernel what it does under keepalived, and nothing stays", {
  skip,
}, async () => {
  const text = configOf(ROUTES, RULES);
  const theirs = await underKeepalived(text, /lookup 126/);
  const reading = read(text);
  const codes = reading.findings.map(({ code }) => code).filter((code) => code === "VR2140");
  assert.equal(codes.length, 6, "lines left out");
  const { tables, refused, left } = underBaton(reading);
  assert.deepEqual(tables, theirs);
  assert.deepEqual(left, []);
  const names = refused.map(({ item }) =>
    item.kind === "route" ? item.route.text : item.rule.text,
  );
  assert.deepEqual(names, ROUTES.slice(53, 56));
});

test("what is meant is done where keepalived 2.2.7 refuses a line, swallows a word or resets it", {
  skip,
}, () => {
  const routes = [
    // 2.2.7 gives it the table main and the scope global, which the kernel refuses.
    "local 10.38.0.0/16 dev eth0",
    // 2.2.7 resets the protocol: it would not know the route again.
    "10.25.0.0/16 via 192.0.2.2 protocol static",
    // 2.2.7 refuses it.
    "inet6 default via 2001:db8::2",
    // 2.2.7 refuses it; RFC 5549.
    "10.55.0.0/16 via inet6 2001:db8::2 dev eth0",
    "10.56.0.0/16 nexthop via 192.0.2.2 weight 2 nexthop via 192.0.2.3 no_track",
  ];
  const rules = [
    "inet from 10.75.0.0/16 table 123",
    "inet6 table 127",
    "ipproto 6 dport 80 table 124",
    "from 10.78.0.0/16 pref 5000 table 128",
    "from 10.69.0.0/16 table 115 protocol 99 priority 5001",
  ];
  const reading = read(configOf(routes, rules));
  assert.deepEqual(
    reading.findings.filter(({ code }) => code === "VR2140"),
    [],
  );
  const { tables, refused, left } = underBaton(reading);
  assert.deepEqual(refused, []);
  assert.deepEqual(left, []);
  const isThere = (...parts: readonly RegExp[]): void =>
    assert.ok(
      tables.some((line) => parts.every((part) => part.test(line))),
      `${parts.join(" ")}\n${tables.join("\n")}`,
    );
  isThere(/"type":"local"/, /10\.38\.0\.0\/16/, /"table":"local"/, /"scope":"host"/);
  isThere(/10\.25\.0\.0\/16/, /"protocol":"static"/);
  isThere(/-6 route/, /"dst":"default"/, /2001:db8::2/);
  isThere(/10\.55\.0\.0\/16/, /"via":\{"family":"inet6","host":"2001:db8::2"\}/);
  isThere(/10\.56\.0\.0\/16/, /"weight":2/);
  isThere(/-4 rule/, /10\.75\.0\.0/, /"table":"123"/);
  isThere(/-6 rule/, /"table":"127"/);
  isThere(/"table":"124"/, /"dport":80/, /"ipproto":"(tcp|ipproto-6)"/);
  isThere(/"priority":5000/, /"table":"128"/);
  isThere(/"priority":5001/, /"protocol":"(99|openr)"/);
});

test("names of tables and protocols are those of the machine's files", { skip }, () => {
  const protocols = readFileSync("/etc/iproute2/rt_protos", "utf8");
  assert.match(protocols, /bird/);
  const reading = read(
    configOf(
      ["10.1.0.0/16 via 192.0.2.2 protocol bird", "10.2.0.0/16 via 192.0.2.2 table nosuch"],
      ["from 10.3.0.0/16 table local priority 7", "iif nosuch0 table 9 priority 8"],
    ),
  );
  const { tables, refused } = underBaton(reading);
  assert.ok(
    tables.some((line) => /"protocol":"bird"/.test(line)),
    tables.join("\n"),
  );
  assert.ok(
    tables.some((line) => /"table":"local"/.test(line)),
    tables.join("\n"),
  );
  const [first, ...more] = refused.map(({ outcome }) => outcome);
  assert.deepEqual(more, []);
  assert.deepEqual(first, {
    ok: false,
    errno: "ENOENT",
    call: "RTM_NEWROUTE",
    detail: "nosuch is not in rt_tables of iproute2",
  });
});
