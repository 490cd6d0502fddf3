/** The kernel's settings against a configuration, on machines that are made up here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assessSettings, type Kernel, readRoutes } from "#cli/check-live-settings";
import { toDiagnostic } from "#diagnostics/render/to-diagnostic";
import { readConfiguration } from "#keepalived/read";
import { type Ipv4, readIpv4 } from "#units/address";

const address = (text: string): Ipv4 => readIpv4(text) ?? assert.fail(text);

interface Given {
  readonly settings?: Readonly<Record<string, number>>;
  readonly addresses?: readonly string[];
  readonly routes?: Readonly<Record<string, string>>;
}

/** A kernel's own values, unless a case says otherwise; `eth0 10.0.0.1/24` is an address. */
function machine({ settings = {}, addresses = ["eth0 10.0.0.1/24"], routes = {} }: Given): Kernel {
  const usual: Readonly<Record<string, number>> = {
    "net.ipv4.ip_nonlocal_bind": 1,
    "net.ipv4.ip_forward": 0,
    "net.ipv4.igmp_max_memberships": 20,
  };
  return {
    setting: (key) =>
      settings[key] ?? usual[key] ?? (/^net\.ipv4\.conf\.[^.]+\.\w+$/.test(key) ? 0 : undefined),
    addresses: addresses.map((text) => {
      const [device = "", cidr = ""] = text.split(" ");
      const [host = "", prefix = ""] = cidr.split("/");
      return { interface: device, address: address(host), prefix: Number(prefix) };
    }),
    routeTo: (to) => Object.entries(routes).find(([text]) => address(text) === to)?.[1],
  };
}

const conf = (device: string, word: string): string => `net.ipv4.conf.${device}.${word}`;

function assess(text: string, given: Given): readonly string[] {
  const { model } = readConfiguration([{ name: "a.conf", text }]);
  return assessSettings(model, machine(given)).map((one) => {
    for (const language of ["en", "zh-CN"] as const)
      assert.notEqual(toDiagnostic(one, language).message, "");
    if (one.code !== "VR5112") return one.code;
    const lines = one.facts.settings.map(({ key, wanted }) => `${key}=${wanted}`);
    return `${one.facts.effect.kind}: ${lines.join(" ")}`;
  });
}

const instance = (name: string, id: number, body: string, vip = "10.0.0.50/24"): string =>
  `vrrp_instance ${name} {
  interface eth0
  virtual_router_id ${id}
  ${body}
  virtual_ipaddress {
    ${vip}
  }
}
`;
const plain = instance("A", 1, "");
const unicast = instance("A", 1, "unicast_src_ip 10.0.0.1\n  unicast_peer {\n    10.0.0.2\n  }");

test("of a kernel's own values there is nothing to report", () => {
  assert.deepEqual(assess(plain, {}), []);
  assert.deepEqual(assess(unicast, { routes: { "10.0.0.2": "eth0" } }), []);
});

test("arp_ignore: the greater of `all` and the interface counts", () => {
  assert.deepEqual(assess(plain, { settings: { [conf("eth0", "arp_ignore")]: 2 } }), []);
  assert.deepEqual(
    assess(plain, {
      settings: { [conf("all", "arp_ignore")]: 8, [conf("eth0", "arp_ignore")]: 1 },
    }),
    [`never-answers: ${conf("all", "arp_ignore")}=0 ${conf("eth0", "arp_ignore")}=0`],
  );
  const elsewhere = instance("A", 1, "", "10.0.0.50/32 dev lo");
  assert.deepEqual(assess(elsewhere, { settings: { [conf("eth0", "arp_ignore")]: 1 } }), [
    `held-elsewhere: ${conf("eth0", "arp_ignore")}=0`,
  ]);
  const host = instance("A", 1, "", "10.0.0.50/32 scope host");
  assert.deepEqual(assess(host, { settings: { [conf("eth0", "arp_ignore")]: 3 } }), [
    `host-scope: ${conf("eth0", "arp_ignore")}=0`,
  ]);
});

test("two interfaces in one network", () => {
  const addresses = ["eth0 10.0.0.1/24", "eth1.7 10.0.0.9/24"];
  assert.deepEqual(assess(plain, { addresses }), [
    `other-answers: ${conf("eth1/7", "arp_ignore")}=1`,
    `other-asks: ${conf("eth1/7", "arp_announce")}=2`,
  ]);
  const quiet = { [conf("all", "arp_ignore")]: 1, [conf("all", "arp_announce")]: 2 };
  assert.deepEqual(assess(plain, { addresses, settings: quiet }), []);
  assert.deepEqual(
    assess(plain, { addresses, settings: { ...quiet, [conf("eth0", "arp_filter")]: 1 } }),
    [`answers-by-route: ${conf("eth0", "arp_filter")}=0`],
  );
});

test("rp_filter: strict, and the way back to the peer leads elsewhere", () => {
  const strict = { [conf("all", "rp_filter")]: 1 };
  const wrong = [`peer-elsewhere: ${conf("eth0", "rp_filter")}=2`];
  assert.deepEqual(assess(unicast, { settings: strict, routes: { "10.0.0.2": "eth1" } }), wrong);
  assert.deepEqual(assess(unicast, { settings: strict }), wrong, "no route at all");
  assert.deepEqual(assess(unicast, { settings: strict, routes: { "10.0.0.2": "eth0" } }), []);
  const loose = { ...strict, [conf("eth0", "rp_filter")]: 2 };
  assert.deepEqual(assess(unicast, { settings: loose, routes: { "10.0.0.2": "eth1" } }), []);
});

test("accept_local: a peer that is an address of this machine", () => {
  const addresses = ["eth0 10.0.0.1/24", "eth1 10.0.0.2/32"];
  assert.deepEqual(assess(unicast, { addresses }), [
    `local-peer: ${conf("eth0", "accept_local")}=1`,
  ]);
  assert.deepEqual(
    assess(unicast, { addresses, settings: { [conf("all", "accept_local")]: 1 } }),
    [],
  );
});

test("ip_forward: only for what is clearly a gateway", () => {
  const two =
    plain + instance("B", 2, "", "10.1.0.50/24").replace("interface eth0", "interface eth1");
  const grouped = `${two}vrrp_sync_group G {\n  group {\n    A\n    B\n  }\n}\n`;
  assert.deepEqual(assess(two, {}), []);
  assert.deepEqual(assess(grouped, {}), ["no-forwarding: net.ipv4.ip_forward=1"]);
  assert.deepEqual(assess(grouped, { settings: { "net.ipv4.ip_forward": 1 } }), []);
});

test("promote_secondaries: two instances in a network of their own", () => {
  const two = instance("A", 1, "", "10.5.0.50/24") + instance("B", 2, "", "10.5.0.51/24");
  const wrong = [`secondaries-go: ${conf("eth0", "promote_secondaries")}=1`];
  assert.deepEqual(assess(two, {}), wrong);
  assert.deepEqual(assess(two, { addresses: ["eth0 10.5.0.1/24"] }), [], "the own address stays");
  assert.deepEqual(assess(two, { settings: { [conf("all", "promote_secondaries")]: 1 } }), []);
  const one = instance("A", 1, "", "10.5.0.50/24\n    10.5.0.51/24");
  assert.deepEqual(assess(one, {}), [], "one instance removes all of its addresses anyway");
});

test("igmp_max_memberships: groups of one interface", () => {
  const many = Array.from({ length: 3 }, (_, index) =>
    instance(
      `I${index}`,
      index + 1,
      `mcast_dst_ip 239.0.0.${index + 1}`,
      `10.0.0.${index + 50}/32`,
    ),
  ).join("");
  assert.deepEqual(assess(many, {}), []);
  assert.deepEqual(assess(many, { settings: { "net.ipv4.igmp_max_memberships": 2 } }), [
    "too-many-groups: net.ipv4.igmp_max_memberships=3",
  ]);
});

test("ip_nonlocal_bind is a remark", () => {
  assert.deepEqual(assess(plain, { settings: { "net.ipv4.ip_nonlocal_bind": 0 } }), ["VR5117"]);
});

test("routes as the kernel prints them: the longest prefix, then the smallest metric", () => {
  const routeTo = readRoutes(
    [
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
      "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0",
      "eth1\t00000000\t0100000A\t0003\t0\t0\t50\t00000000\t0\t0\t0",
      "eth2\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    ].join("\n"),
  );
  assert.equal(routeTo(address("10.0.0.7")), "eth2");
  assert.equal(routeTo(address("192.0.2.1")), "eth1");
  assert.equal(readRoutes("")(address("192.0.2.1")), undefined);
});
