/**
 * What must hold before an address is moved for practice. A pair that is not well is not drilled:
 * the drill could turn a hidden fault into an outage.
 */
import type { Text } from "./report.ts";

/** As much of a node's status as a drill looks at (`baton status --json` has it). */
export interface NodeState {
  readonly engineAnswers: boolean;
  readonly maintenance?: { readonly reason?: string | undefined } | null | undefined;
  readonly instances: readonly InstanceState[];
}

export interface InstanceState {
  readonly name: string;
  readonly state: string;
  readonly interface: string | null;
  readonly addresses: readonly { readonly address: string; readonly owned: boolean }[];
  readonly peers: readonly {
    readonly address: string;
    readonly configured: boolean;
    readonly unresolvedSeconds?: number | undefined;
  }[];
  readonly havips: readonly { readonly address: string; readonly platform: string }[];
  readonly claim?: { readonly address: string } | undefined;
  readonly switched?: object | undefined;
}

export interface NamedNode {
  readonly name: string;
  readonly state: NodeState;
}

const says = (en: string, zh: string): Text => ({ en, "zh-CN": zh });

/** Who owns it; undefined: nobody among these nodes, or more than one. */
export function ownerOf<Node extends NamedNode>(
  nodes: readonly Node[],
  instance: string,
): Node | undefined {
  const owners = ownersOf(nodes, instance);
  return owners.length === 1 ? owners[0] : undefined;
}

const ownersOf = <Node extends NamedNode>(
  nodes: readonly Node[],
  instance: string,
): readonly Node[] => nodes.filter(({ state }) => instanceOf(state, instance)?.state === "MASTER");

export const instanceOf = (state: NodeState, name: string): InstanceState | undefined =>
  state.instances.find((one) => one.name === name);

/** Every reason not to begin; empty: it may. */
export function refusalsOf(nodes: readonly NamedNode[], instance: string): readonly Text[] {
  const refusals = nodes.flatMap((node) => nodeRefusals(node, instance));
  if (refusals.length > 0) return refusals;
  const owners = ownersOf(nodes, instance);
  if (owners.length > 1) {
    const names = owners.map(({ name }) => name).join(", ");
    return [says(`${instance} has two owners: ${names}`, `${instance} 有两个持有者：${names}`)];
  }
  const [owner] = owners;
  if (owner === undefined) return [nobody(nodes, instance)];
  return ownerRefusals(owner, instance);
}

function nobody(nodes: readonly NamedNode[], instance: string): Text {
  const names = nodes.map(({ name }) => name).join(", ");
  return says(
    `none of ${names} owns ${instance}: run it on the owner's node, or name that with --node`,
    `${names} 都不持有 ${instance}：请在持有者节点上运行，或用 --node 指定该节点`,
  );
}

function nodeRefusals({ name, state }: NamedNode, instance: string): readonly Text[] {
  if (!state.engineAnswers)
    return [says(`${name}: the engine does not answer`, `${name}：引擎没有应答`)];
  if (state.maintenance !== undefined && state.maintenance !== null)
    return [
      says(
        `${name} is in maintenance and would not take over (baton maintenance off)`,
        `${name} 处于维护状态，不会接管（baton maintenance off）`,
      ),
    ];
  const one = instanceOf(state, instance);
  if (one === undefined) {
    const names = state.instances.map((other) => other.name).join(", ");
    return [
      says(
        `${name} has no instance ${instance}; there are: ${names}`,
        `${name} 没有实例 ${instance}；现有：${names}`,
      ),
    ];
  }
  if (one.state === "MASTER" || one.state === "BACKUP") return [];
  return [
    says(
      `${instance} is ${one.state} on ${name}: it could not take over (baton explain ${instance})`,
      `${instance} 在 ${name} 上处于 ${one.state}，无法接管（baton explain ${instance}）`,
    ),
  ];
}

function ownerRefusals({ name, state }: NamedNode, instance: string): readonly Text[] {
  const one = instanceOf(state, instance);
  if (one === undefined) return [];
  const refusals: Text[] = [];
  if (one.claim !== undefined)
    refusals.push(
      says(
        `another machine claims ${one.claim.address} by ARP: there may be two owners already`,
        `另一台机器正在通过 ARP 宣告 ${one.claim.address}：可能已有两个持有者`,
      ),
    );
  const configured = one.peers.filter((peer) => peer.configured);
  const gone = configured.filter(({ unresolvedSeconds }) => unresolvedSeconds !== undefined);
  if (configured.length > 0 && gone.length === configured.length)
    refusals.push(
      says(
        `${name}: no peer answers ARP (${gone.map(({ address }) => address).join(", ")})`,
        `${name}：没有对端应答 ARP（${gone.map(({ address }) => address).join("、")}）`,
      ),
    );
  for (const { address, platform } of one.havips)
    if (platform !== "agrees" && platform !== "not-asked")
      refusals.push(
        says(
          `the cloud does not agree that ${address} is here (${platform})`,
          `云平台不认可 ${address} 在此节点（${platform}）`,
        ),
      );
  return refusals;
}
