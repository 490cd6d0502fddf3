/** Advice that depends on where a machine is, and remarks that depend on more than one line. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { command as runCheck } from "#cli/check";
import { detectCloud } from "#cli/detect-cloud";
import { readConfiguration } from "#keepalived/read";

const folder = mkdtempSync(join(tmpdir(), "baton-advice-"));
after(() => rmSync(folder, { recursive: true }));

interface Parts {
  readonly before?: string;
  readonly addresses?: readonly string[];
  readonly lines?: readonly string[];
}

const config = ({ before = "", addresses = ["172.16.0.135"], lines = [] }: Parts): string =>
  [
    before,
    "vrrp_instance VI_1 {",
    "    state BACKUP",
    "    interface eth0",
    "    virtual_router_id 51",
    "    priority 100",
    ...lines.map((line) => `    ${line}`),
    `    virtual_ipaddress {\n${addresses.map((one) => `        ${one}`).join("\n")}\n    }`,
    "}\n",
  ].join("\n");

const UNICAST = ["unicast_src_ip 172.16.0.16", "unicast_peer {", "    172.16.0.14", "}"];

const codes = (parts: Parts): readonly string[] =>
  readConfiguration([{ name: "a.conf", text: config(parts) }]).findings.map(({ code }) => code);

async function check(text: string, args: readonly string[] = []): Promise<string> {
  const file = join(folder, "a.conf");
  writeFileSync(file, text);
  let out = "";
  const keep = (more: string): void => {
    out += more;
  };
  await runCheck([file, ...args], { stdout: keep, stderr: keep, env: {}, isTty: false });
  return out;
}

test("the clouds' advice comes with a comment, a havip block or a word, also for multicast", () => {
  const many = Array.from({ length: 6 }, (_, at) => `172.16.0.${100 + at}`);
  const all = ["VR3012", "VR3013", "VR3014", "VR3015"];
  const advised = (parts: Parts): readonly string[] =>
    codes({ ...parts, addresses: many })
      .filter((code) => all.includes(code))
      .toSorted();
  assert.deepEqual(advised({}), []);
  assert.deepEqual(advised({ before: "# 腾讯云 HAVIP" }), all);
  assert.deepEqual(advised({ lines: ["havip {", "}"] }), all);
  assert.deepEqual(advised({ before: "! qcloud" }), all);
  assert.deepEqual(advised({ before: "# aliyun HaVip", lines: UNICAST }), all.slice(1));
});

test("without a word of a cloud, one line names --cloud, in both languages", async () => {
  assert.match(await check(config({})), /`--cloud tencent`/);
  assert.match(await check(config({}), ["--lang=zh-CN"]), /加上 `--cloud tencent`/);
  assert.doesNotMatch(await check(config({}), ["--cloud=none"]), /--cloud/);
  assert.doesNotMatch(await check(config({}), ["--cloud=tencent"]), /--cloud/);
  assert.doesNotMatch(await check("global_defs {\n}\n"), /--cloud/);
});

test("where gratuitous ARP moves nothing, that is said, and once more if no script does", async () => {
  for (const cloud of ["aws", "azure", "gcp"]) {
    const out = await check(config({ lines: UNICAST }), [`--cloud=${cloud}`]);
    assert.match(out, /VR3024/, cloud);
    assert.match(out, /does not move by gratuitous ARP/, cloud);
    const script = [...UNICAST, 'notify_master "/etc/keepalived/move.sh"'];
    const better = await check(config({ lines: script }), [`--cloud=${cloud}`]);
    assert.doesNotMatch(better, /VR3024/);
    assert.match(better, /does not move by gratuitous ARP/);
    assert.match(
      await check(config({ lines: script }), [`--cloud=${cloud}`, "--lang=zh"]),
      /免费 ARP/,
    );
  }
});

test("--live knows the cloud from the firmware, or from who answers for the metadata", async () => {
  const put = (vendor: string): string => {
    const root = mkdtempSync(join(folder, "root-"));
    const dmi = join(root, "sys/class/dmi/id");
    mkdirSync(dmi, { recursive: true });
    writeFileSync(join(dmi, "sys_vendor"), `${vendor}\n`);
    return root;
  };
  assert.equal(await detectCloud({ env: {}, root: put("Tencent Cloud") }), "tencent");
  assert.equal(await detectCloud({ env: {}, root: put("Amazon EC2") }), "aws");
  assert.equal(await detectCloud({ env: {}, root: put("QEMU") }), undefined);
  assert.equal(await detectCloud({ env: {}, root: folder }), undefined);
  const server = createServer((_, response) => response.end("ins-12345678"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const env = { BATON_METADATA_URL: `http://127.0.0.1:${port}` };
  assert.equal(await detectCloud({ env, root: put("QEMU") }), "tencent");
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await detectCloud({ env, root: put("QEMU") }), undefined);
});

test("an address beside all the others is a remark; one with a prefix or in their network is none", () => {
  const isAdvised = (parts: Parts): boolean => codes(parts).includes("VR3023");
  assert.equal(isAdvised({ addresses: ["172.16.1.135"], lines: UNICAST }), true);
  assert.equal(isAdvised({ addresses: ["172.16.0.135"], lines: UNICAST }), false);
  assert.equal(isAdvised({ addresses: ["172.16.1.135/16"], lines: UNICAST }), false);
  assert.equal(isAdvised({ addresses: ["172.16.1.135 dev eth1"], lines: UNICAST }), false);
  assert.equal(isAdvised({ addresses: ["172.16.1.135"] }), false, "nothing to compare with");
  const wide = ["unicast_src_ip 172.16.0.16", "unicast_peer {", "    172.16.9.14", "}"];
  assert.equal(isAdvised({ addresses: ["172.16.1.135"], lines: wide }), false, "a larger network");
  const mistyped = ["unicast_peer {", "    172.16.0.14", "}"];
  assert.equal(isAdvised({ addresses: ["172.16.1.135"], lines: mistyped }), true);
});

test("IPv6: the first address is one of the link, and all of them fit into a packet", () => {
  const link = "fe80::100/64";
  const many = (count: number): string[] =>
    Array.from({ length: count }, (_, at) => `2001:db8::${(at + 256).toString(16)}/64`);
  const has = (code: string, addresses: string[]): boolean => codes({ addresses }).includes(code);
  assert.equal(has("VR3027", ["2001:db8::100/64", link]), true);
  assert.equal(has("VR3027", [link, "2001:db8::100/64"]), false);
  assert.equal(has("VR3027", ["10.0.0.100/24"]), false);
  assert.equal(has("VR3028", [link, ...many(90)]), true);
  assert.equal(has("VR3028", [link, ...many(89)]), false);
});

test("an interval of five seconds is reported with the time it takes to notice", () => {
  assert.ok(codes({ lines: ["advert_int 5"] }).includes("VR3019"));
  assert.ok(!codes({ lines: ["advert_int 3"] }).includes("VR3019"));
});

test("mail of real servers is sent unless it is switched off", () => {
  const mail = (more = ""): string =>
    `global_defs {\n notification_email {\n  a@b\n }\n smtp_server 192.0.2.1\n ${more}\n}\n`;
  const server = "virtual_server 10.0.0.1 80 {\n real_server 10.0.0.2 80 {\n }\n}\n";
  assert.ok(codes({ before: mail() }).includes("VR3010"));
  assert.ok(!codes({ before: mail() + server }).includes("VR3010"));
  assert.ok(codes({ before: mail("smtp_alert_checker off") + server }).includes("VR3010"));
  assert.ok(codes({ before: mail("smtp_alert off") + server }).includes("VR3010"));
});
