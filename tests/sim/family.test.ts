/** Clusters over IPv6: they are drawn, they really speak it, and nothing else of a seed changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { drawFamily, isOfIpv6 } from "#sim/draw-family";
import {
  addressCountOf,
  arpSender,
  arpTarget,
  destinationOf,
  listedAddressOf,
  sourceOf,
} from "#sim/frame-fields";
import { generateScenario } from "#sim/generate";
import { answerFrame, questionFrame, readNeighbourMessage } from "#sim/neighbour-frames";
import { runScenario } from "#sim/run";
import type { Scenario } from "#sim/scenario";
import { Simulation } from "#sim/simulation";
import {
  BROADCAST_MAC,
  type IpAddress,
  isIpv6,
  isLinkLocal,
  type Mac,
  readIp,
  readMac,
} from "#units/address";
import { createRng } from "#units/rng";

const ip = (text: string): IpAddress => readIp(text) as IpAddress;
const [MAC, OTHER] = ["02:00:00:00:00:01", "02:00:00:00:00:02"].map(
  (one) => readMac(one) as Mac,
) as [Mac, Mac];

const ofIpv6 = (count: number): readonly Scenario[] => {
  const found: Scenario[] = [];
  for (let seed = 0; found.length < count; seed++) {
    const scenario = generateScenario(seed);
    if (isOfIpv6(scenario)) found.push(scenario);
  }
  return found;
};

test("about every seventh cluster is of IPv6, some of them with an IPv4 address besides", () => {
  const scenarios = Array.from({ length: 1_000 }, (_, seed) => generateScenario(seed));
  const six = scenarios.filter(isOfIpv6);
  assert.ok(six.length > 80 && six.length < 250, String(six.length));
  const instances = six.flatMap(({ machines }) => machines.flatMap((one) => one.instances));
  for (const { family, addresses, transport, router } of instances) {
    assert.equal(family, 6);
    assert.equal(router.version, 3);
    assert.ok(addresses.every(({ address }) => isIpv6(address)));
    if (transport.kind === "multicast") assert.equal(transport.group, "ff02::12");
    else assert.ok(transport.peers.every(({ address }) => isLinkLocal(address)));
  }
  const both = instances.filter(({ excludedAddresses }) =>
    excludedAddresses.some(({ address }) => !isIpv6(address)),
  );
  assert.ok(both.length > 20, String(both.length));
});

test("no address of IPv4 is left but those beside the advertised ones", () => {
  for (const { machines, faults } of ofIpv6(40)) {
    const text = JSON.stringify({
      machines: machines.map((one) => ({
        ...one,
        instances: one.instances.map((each) => ({ ...each, excludedAddresses: [] })),
      })),
      faults: faults.filter(({ kind }) => kind !== "reload"),
    });
    assert.doesNotMatch(text, /"(?:address|group|source|peer)":\d/);
  }
});

test("where keepalived or the cloud takes part, or version 2, it stays IPv4", () => {
  const scenarios = Array.from({ length: 400 }, (_, seed) => generateScenario(seed));
  for (const one of scenarios) {
    const { rivals, platform } = one;
    if (rivals !== undefined || platform !== undefined) assert.ok(!isOfIpv6(one), `${one.seed}`);
  }
  const [first] = scenarios.filter((one) => !isOfIpv6(one));
  assert.ok(first !== undefined);
  const drawn = Array.from({ length: 20 }, (_, n) => drawFamily(createRng(n), first));
  for (const one of drawn) assert.ok(one === first || isOfIpv6(one));
});

test("the machines of such a cluster speak IPv6 and announce by neighbour advertisements", () => {
  const [scenario] = ofIpv6(1);
  assert.ok(scenario !== undefined);
  const simulation = new Simulation(scenario);
  let adverts = 0;
  let announcements = 0;
  simulation.cluster.observers.add({
    advertSent: (_machine, _vrid, _priority, packet) => {
      adverts += 1;
      assert.ok(isLinkLocal(sourceOf(packet)) && isIpv6(destinationOf(packet)));
      assert.ok(addressCountOf(packet) > 0 && isIpv6(listedAddressOf(packet, 0)));
    },
    arpSent: () => {
      announcements += 1;
    },
  });
  simulation.run();
  assert.ok(adverts > 10 && announcements > 0, `${adverts} ${announcements}`);
  assert.deepEqual(runScenario(scenario).violations, []);
});

test("a question of either family is answered, and says who asks unless nobody may learn it", () => {
  for (const [asker, target, nobody] of [
    ["10.0.0.11", "10.0.0.12", "0.0.0.0"],
    ["fe80::b", "fe80::c", "::"],
  ] as const) {
    for (const from of [asker, nobody]) {
      const asked = questionFrame(MAC, ip(from), ip(target), BROADCAST_MAC);
      const question = readNeighbourMessage(asked.bytes);
      assert.ok(question !== undefined);
      assert.equal(question.kind, "question");
      assert.equal(question.sender, from === nobody ? undefined : ip(from));
      assert.equal(arpSender(asked.bytes), ip(from));
      assert.equal(arpTarget(asked.bytes), ip(target));
      const answered = answerFrame(OTHER, question, asked.bytes);
      const answer = readNeighbourMessage(answered.bytes);
      assert.deepEqual([answer?.kind, answer?.sender, answer?.mac], ["answer", ip(target), OTHER]);
      if (from === asker) assert.deepEqual([answered.to, answer?.target], [MAC, ip(asker)]);
    }
  }
});
