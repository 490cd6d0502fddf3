/**
 * The hand-over for a dead engine, on a real kernel: one address on two devices, which share
 * the rule of the lease.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { addHostAddress, changeLink, createBridge } from "#linux/links";
import { mustDo } from "#linux/result";
import { address, layCable, linkOf } from "../support/linux-net.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/**
 * Both instances of the dead engine owned the address; the next engine becomes MASTER of the
 * first.
 */
const PROGRAM = `
  import { openNftGuard } from "#linux/nft-guard";
  import { must, mustDo } from "#linux/result";
  import { openRtnetlink } from "#linux/rtnetlink";
  import { centis } from "#units/time";
  import { Emergency } from "./src/daemon/emergency.ts";
  import { wordsOf } from "./src/daemon/words.ts";
  import { instance } from "./tests/support/bench.ts";
  import { keepLog } from "./tests/support/daemon-bench.ts";
  import { linkOf } from "./tests/support/linux-net.ts";
  const requests = must(openRtnetlink());
  const guard = must(openNftGuard());
  const configs = ["eth0", "br0"].map((device, i) =>
    instance({ router: { name: "VI_" + i, advertInterval: centis(10) }, interface: device }),
  );
  const addresses = configs[0].addresses.map((one) => one.address);
  mustDo(guard.open(addresses));
  for (const device of ["eth0", "br0"])
    mustDo(requests.setAddress(linkOf(requests, device).index, configs[0].addresses[0], 60));
  const { log, lines } = keepLog();
  const emergency = new Emergency(requests, log, wordsOf("en"));
  const left = () => [must(requests.addresses()).filter((one) => one.address === addresses[0]).length, must(guard.guarded()).length];
  emergency.handOver(configs);
  emergency.taken(configs[0]);
  await emergency.finished();
  const first = left();
  emergency.handOver(configs.slice(0, 1));
  await emergency.finished();
  console.log(JSON.stringify([first, left(), lines.filter((one) => one.startsWith("error"))]));
`;

test("the address goes from one device, and on the other one it stays guarded", () => {
  using cable = layCable();
  const { namespace, rtnetlink } = cable.left;
  mustDo(createBridge(rtnetlink, "br0"));
  const bridge = linkOf(rtnetlink, "br0").index;
  mustDo(changeLink(rtnetlink, bridge, { up: true }));
  mustDo(addHostAddress(rtnetlink, bridge, address("198.51.100.1"), 24));
  const argv = ["--input-type=module-typescript", "--eval", PROGRAM];
  const run = namespace.within(() => spawnSync(process.execPath, argv, { cwd: ROOT }));
  assert.equal(run.stdout.toString().trim(), "[[1,1],[0,0],[]]", run.stderr.toString());
});
