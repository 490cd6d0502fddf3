/**
 * A virtual address on another device than the router's: somebody else's claim of it is heard
 * there, and answered.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { VIRTUAL_ADDRESS } from "#lab/measure/lab";
import type { LabNode } from "#lab/measure/node";
import { FAST, printConfig } from "#lab/measure/profile";
import { changeLink, createVeth, deleteLink } from "#linux/links";
import { openNeighbourSocket } from "#linux/neighbour-socket";
import { must, mustDo } from "#linux/result";
import { openRtnetlink, type Rtnetlink } from "#linux/rtnetlink";
import { readMac } from "#units/address";
import { ARP_FRAME_LENGTH, emitArp, gratuitousArp, parseArp } from "#vrrp/wire/arp";
import { until } from "../support/daemon-bench.ts";
import { withLab } from "../support/lab.ts";
import { address, linkOf } from "../support/linux-net.ts";

const CLAIMED = "198.51.100.100";
/** One announcement, no second block and no refresh, so that what is heard later is an answer. */
const PROFILE = {
  ...FAST,
  preempt: true,
  announce: false,
  extraInstanceLines: ["garp_master_delay 0", "garp_master_repeat 1"],
};

function layCable(rtnetlink: Rtnetlink): void {
  mustDo(createVeth(rtnetlink, { name: "eth1" }, { name: "eth2" }));
  for (const name of ["eth1", "eth2"])
    mustDo(changeLink(rtnetlink, linkOf(rtnetlink, name).index, { up: true }));
}

/** Claims the address at the far end of the cable until the daemon says that it is its own. */
async function claimIsAnswered(node: LabNode, rtnetlink: Rtnetlink): Promise<void> {
  const [near, far] = [linkOf(rtnetlink, "eth1"), linkOf(rtnetlink, "eth2")];
  const socket = node.namespace.within(() => must(openNeighbourSocket(far.index)));
  const unknownMac = readMac("02:00:00:00:00:99");
  assert.ok(unknownMac !== undefined);
  const claim = new Uint8Array(ARP_FRAME_LENGTH);
  // The kernel answers a request for its address by itself, with a reply.
  emitArp(claim, gratuitousArp(unknownMac, address(CLAIMED), "reply"));
  const frame = new Uint8Array(1_514);
  const isAnswer = (length: number): boolean => {
    const parsed = parseArp(frame, 0, length);
    return (
      parsed.kind === "arp" &&
      parsed.arp.operation === "request" &&
      parsed.arp.senderAddress === address(CLAIMED) &&
      parsed.arp.senderMac === near.mac
    );
  };
  let answers = 0;
  // Until the link watch has run, the new cable drops frames without a word. One frame may be
  // the new owner's announcement.
  await until("the claims are answered", () => {
    mustDo(socket.send(claim));
    for (let length = socket.receive(frame); length > 0; length = socket.receive(frame))
      if (isAnswer(length)) answers += 1;
    return answers >= 3;
  });
  socket.close();
}

test("a claim on the address's own device is answered, also when the device has been away", async (context) => {
  await withLab(context, { profile: PROFILE, kinds: ["baton"] }, async (lab) => {
    const [node] = lab.nodes;
    assert.ok(node);
    using rtnetlink = node.namespace.within(() => must(openRtnetlink()));
    layCable(rtnetlink);
    const text = printConfig(PROFILE, {
      address: node.address,
      peers: ["172.16.0.250"],
      virtualAddress: VIRTUAL_ADDRESS,
      priority: 50,
    });
    node.configure(
      text.replace(VIRTUAL_ADDRESS, `${VIRTUAL_ADDRESS}\n        ${CLAIMED}/24 dev eth1`),
    );
    await lab.startDaemons();
    const isHere = (): boolean =>
      must(rtnetlink.addresses()).some((one) => one.address === address(CLAIMED));
    await until("both addresses are here", isHere);
    await claimIsAnswered(node, rtnetlink);
    mustDo(deleteLink(rtnetlink, linkOf(rtnetlink, "eth1").index));
    await until("the address went with its device", () => !isHere());
    layCable(rtnetlink);
    await until("it is back", isHere);
    await claimIsAnswered(node, rtnetlink);
    await node.stopDaemon();
    assert.equal(isHere(), false);
  });
});
