/** A pair that is not well is not drilled. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type InstanceState, type NodeState, ownerOf, refusalsOf } from "#drill/preconditions";

const INSTANCE: InstanceState = {
  name: "VI_1",
  state: "MASTER",
  interface: "eth0",
  addresses: [{ address: "192.0.2.100/24", owned: true }],
  peers: [{ address: "192.0.2.2", configured: true }],
  havips: [{ address: "192.0.2.100", platform: "agrees" }],
};
const WELL: NodeState = { engineAnswers: true, instances: [INSTANCE] };
const node = (name: string, change: Partial<InstanceState>, state: Partial<NodeState> = {}) => ({
  name,
  state: { ...WELL, instances: [{ ...INSTANCE, ...change }], ...state },
});
const owner = node("a", {});
const backup = node("b", { state: "BACKUP" });
const said = (...nodes: Parameters<typeof refusalsOf>[0]): string =>
  refusalsOf(nodes, "VI_1")
    .map(({ en }) => en)
    .join("; ");

test("a pair that is well has an owner and no refusal", () => {
  assert.equal(said(owner, backup), "");
  assert.equal(ownerOf([owner, backup], "VI_1")?.name, "a");
  assert.equal(
    said(node("a", { havips: [{ address: "192.0.2.100", platform: "not-asked" }] })),
    "",
  );
});

test("each reason not to begin is said, with the node", () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    [said(backup), /none of b owns VI_1/],
    [said(owner, node("b", {})), /two owners: a, b/],
    [said(owner, node("b", { state: "FAULT" })), /VI_1 is FAULT on b/],
    [said(node("a", {}, { engineAnswers: false })), /a: the engine does not answer/],
    [said(owner, node("b", { state: "BACKUP" }, { maintenance: {} })), /b is in maintenance/],
    [said(node("a", { name: "VI_2" })), /a has no instance VI_1; there are: VI_2/],
    [said(node("a", { claim: { address: "192.0.2.100" } })), /claims 192\.0\.2\.100/],
    [
      said(node("a", { havips: [{ address: "192.0.2.100", platform: "disagrees" }] })),
      /the cloud does not agree/,
    ],
    [
      said(
        node("a", {
          peers: [{ address: "192.0.2.2", configured: true, unresolvedSeconds: 3 }],
        }),
      ),
      /no peer answers ARP \(192\.0\.2\.2\)/,
    ],
  ];
  for (const [text, pattern] of rows) assert.match(text, pattern);
});
