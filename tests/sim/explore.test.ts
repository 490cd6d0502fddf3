/** Every interleaving of a few steps of the shipping core (`npm run explore` goes deeper). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { explorations } from "#sim/explorations";
import { type Exploration, explore } from "#sim/explore";
import type { RouterConfig } from "#vrrp/router/config";

const STATES = 12_000;

for (const exploration of explorations()) {
  test(exploration.name, () => {
    const result = explore({ ...exploration, statesMax: STATES });
    const { finding } = result;
    const trace = `${finding?.invariant}: ${finding?.text}\n${finding?.path.join("\n")}`;
    assert.equal(finding, undefined, trace);
    assert.ok(result.states > 500, `only ${result.states} states were seen`);
    assert.ok(result.recoveries > 10, "recovery was hardly tried");
  });
}

const find = (part: string): Exploration => {
  const found = explorations().find((one) => one.name.includes(part));
  assert.ok(found !== undefined, part);
  return found;
};

test("the explorer finds what plain VRRP does: the tie-break moves the address to a rebooted node", () => {
  const plain = find("pair, equal, nopreempt, owner at work: the other reboots behind a late port");
  const configs = plain.configs.map((one): RouterConfig => ({ ...one, preempt: true }));
  const { finding } = explore({ ...plain, configs });
  assert.equal(finding?.invariant, "ownership");
  assert.match(finding?.text ?? "", /higher-address/);
});

test("the explorer finds a lease that is too long: a peer with fewer down_timer_adverts than the owner", () => {
  const hung = find("weaker owner at work: the other hangs");
  const [weak, strong] = hung.configs;
  assert.ok(weak !== undefined && strong !== undefined);
  const configs = [weak, { ...strong, downTimerAdverts: 2 }];
  const { finding } = explore({ ...hung, configs, keepsOwnership: false });
  assert.equal(finding?.invariant, "lease");
  assert.match(finding?.text ?? "", /routers 0 \(hung\) and 1 both own/);
});

test("the explorer finds two that serve: nobody is asked whether the owner still answers", () => {
  const lossy = find("pair with gates, owner at work: enough losses");
  const configs = lossy.configs.map((one): RouterConfig => {
    assert.ok(one.gate !== undefined);
    return { ...one, gate: { ...one.gate, probe: "off" } };
  });
  const { finding } = explore({ ...lossy, configs, keepsOwnership: false });
  assert.equal(finding?.invariant, "gate");
  assert.match(finding?.text ?? "", /both serve/);
});
