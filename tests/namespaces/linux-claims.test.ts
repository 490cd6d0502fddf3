/**
 * Claims of virtual addresses, as the kernel lists them: per network namespace, and gone with
 * their process.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AddressClaims, claimedAddresses, claimsIn, holdersOf } from "#linux/address-claims";
import { claimedBy, claimName } from "#linux/claim-names";
import { createNamespace } from "#linux/namespace";
import { type IpAddress, printIp, writeIp } from "#units/address";
import { createRng } from "#units/rng";
import { hexFromBytes } from "../support/hex.ts";
import { address, ip } from "../support/linux-net.ts";

const VIP = address("192.0.2.100");
/** Every bit counts, the upper four too. */
const MANY = [
  "0.0.0.1",
  "10.255.0.1",
  "127.0.0.255",
  "192.0.2.100",
  "223.255.255.254",
  "2001:db8::100",
  "2001:db8::200",
  "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  "fd00::1",
  "fe80::1",
  "64:ff9b::1",
].map(ip);
const texts = (addresses: Iterable<IpAddress>): readonly string[] =>
  [...addresses].map(printIp).toSorted();
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("an address that is claimed is found by others in the namespace, whatever its bits", () => {
  const here = createNamespace("here");
  here.within(() => {
    using ours = new AddressClaims();
    using theirs = new AddressClaims();
    assert.equal(ours.set(MANY), undefined);
    assert.deepEqual(texts(claimedAddresses()), texts(MANY));
    assert.deepEqual(ours.others(), [], "our own");
    assert.deepEqual(texts(theirs.others().map((one) => one.address)), texts(MANY));
    ours.set([VIP]);
    assert.deepEqual([...claimedAddresses()], [VIP], "the others are taken back");
    assert.deepEqual(
      holdersOf(theirs.others()).map(({ pid }) => pid),
      [process.pid],
    );
  });
  here.within(() => assert.equal(claimedAddresses().size, 0));
  here.close();
});

test("another namespace knows nothing of it", () => {
  const here = createNamespace("here");
  const there = createNamespace("there");
  using claims = new AddressClaims();
  here.within(() => assert.equal(claims.set([VIP]), undefined));
  there.within(() => assert.equal(claimedAddresses().size, 0));
  here.within(() => assert.equal(claimedAddresses().size, 1));
  here.close();
  there.close();
});

test("it ends with a process that is killed", async () => {
  const here = createNamespace("here");
  const program = `
    import { AddressClaims } from "#linux/address-claims";
    const claims = new AddressClaims();
    console.log(claims.set([${VIP}]) ?? "placed");
    setInterval(() => claims.others(), 1000);
  `;
  const argv = ["--input-type=module-typescript", "--eval", program];
  const child = here.within(() => spawn(process.execPath, argv, { cwd: ROOT }));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  assert.equal(said.toString(), "placed\n");
  here.within(() => assert.deepEqual([...claimedAddresses()], [VIP]));
  child.kill("SIGKILL");
  await once(child, "exit");
  here.within(() => assert.equal(claimedAddresses().size, 0));
  here.close();
});

test("without CAP_NET_RAW nobody places one", () => {
  const here = createNamespace("here");
  const program = `
    import { AddressClaims, claimedAddresses } from "#linux/address-claims";
    console.log(new AddressClaims().set([${VIP}])?.errno, claimedAddresses().size);
  `;
  const drop = ["--bounding-set=-net_raw", "--inh-caps=-net_raw", "--no-new-privs", "--"];
  const node = [process.execPath, "--input-type=module-typescript", "--eval", program];
  const run = here.within(() => spawnSync("setpriv", [...drop, ...node], { cwd: ROOT }));
  assert.equal(run.stdout.toString(), "EPERM 0\n", run.stderr.toString());
  here.close();
});

const OWNERSHIP = fileURLToPath(new URL("../../src/daemon/ownership.ts", import.meta.url));

test("too few descriptors for the claims: said, and nothing is claimed that was not before", () => {
  const here = createNamespace("here");
  const program = `
    import { claimedAddresses } from "#linux/address-claims";
    import { Ownership, refusalSentence } from ${JSON.stringify(OWNERSHIP)};
    const plan = (count) => [{
      addresses: Array.from({ length: count }, (_, n) => ({ address: ${VIP} + n })),
      excludedAddresses: [],
    }];
    const ownership = new Ownership((text) => console.log("warned", text));
    const say = (refused) =>
      console.log(refused && refusalSentence(refused, "en"), claimedAddresses().size);
    say(await ownership.take(plan(100)));
    say(await ownership.take(plan(3)));
    say(ownership.change(plan(100)));
  `;
  const node = [process.execPath, "--input-type=module-typescript", "--eval", program];
  const limited = ["-c", 'ulimit -n 64; exec "$@"', "sh", ...node];
  const run = here.within(() => spawnSync("sh", limited, { cwd: ROOT }));
  const sentence =
    "100 addresses take as many descriptors, and there are too few (socket(claim): EMFILE); raise the limit (`ulimit -n`, LimitNOFILE=)";
  assert.equal(
    run.stdout.toString(),
    `${sentence} 0\nundefined 3\n${sentence} 3\n`,
    run.stderr.toString(),
  );
  here.close();
});

test("who is asked to stop waits no longer for an engine that is handing over", async () => {
  const here = createNamespace("here");
  const program = `
    import { AddressClaims } from "#linux/address-claims";
    import { setThreadName } from "#linux/process";
    setThreadName("baton-engine");
    const claims = new AddressClaims();
    console.log(claims.set([${VIP}]) ?? "placed");
    setInterval(() => claims.others(), 1000);
  `;
  const argv = ["--input-type=module-typescript", "--eval", program];
  const child = here.within(() => spawn(process.execPath, argv, { cwd: ROOT }));
  await once(child.stdout, "data");
  const waiting = `
    import { Ownership } from ${JSON.stringify(OWNERSHIP)};
    const plan = [{ addresses: [{ address: ${VIP} }], excludedAddresses: [] }];
    let asked = 0;
    console.log(await new Ownership(console.log).take(plan, 600_000, () => ++asked === 3), asked);
  `;
  const node = ["--input-type=module-typescript", "--eval", waiting];
  const run = here.within(() =>
    spawnSync(process.execPath, node, { cwd: ROOT, timeout: 60_000, killSignal: "SIGKILL" }),
  );
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(run.stdout.toString(), "undefined 3\n", run.stderr.toString());
  here.close();
});

test("lines that are no claim are passed over", () => {
  const header =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
  const line = (bound: string, protocol: string): string =>
    ` 224: ${bound}:${protocol} 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 4711 2 0 0`;
  const text = [
    header,
    line("00000000", "0070"),
    line("640200E0", "00EC"),
    line("640200C0", "00EC"),
    line("640200E0", "00F0"),
    line("zz", "00EC"),
    "",
  ].join("\n");
  assert.deepEqual(claimsIn(text), [{ address: VIP, inode: 4711 }]);
});

test("every IPv6 address that a machine can have has a name of its own, and no other has one", () => {
  const random = createRng(1);
  const names = new Set<string>();
  const all = new Set<IpAddress>();
  for (let turn = 0; turn < 20_000; turn++) {
    const groups = Array.from({ length: 8 }, () => random.between(0, 0xffff));
    groups[0] = random.pick([
      random.between(0x2000, 0x3fff),
      random.between(0xfc00, 0xfdff),
      0xfe80,
    ]);
    const address = ip(groups.map((group) => group.toString(16)).join(":"));
    const name = claimName(address);
    assert.ok(name);
    assert.ok(name.protocol >= 180 && name.protocol <= 224, `${name.protocol}`);
    assert.equal(claimedBy(name), address);
    names.add(`${name.protocol} ${hexFromBytes(name.bound)}`);
    all.add(address);
  }
  assert.equal(names.size, all.size);
  for (const none of ["ff02::1", "4000::1", "fbff::1"])
    assert.equal(claimName(ip(none)), undefined);
  for (const bound of ["ff02::1", "ff0e::1", "2001:db8::1", "ff03::1"]) {
    const bytes = new Uint8Array(16);
    writeIp(ip(bound), bytes, 0);
    for (const protocol of [58, 89, 112, 179, 225, 255])
      assert.equal(claimedBy({ protocol, bound: bytes }), undefined);
  }
});
