/**
 * Claims: a guest announces an address by gratuitous ARP, and the platform may point the
 * address at the guest's interface. This is the only way in which a HAVIP moves.
 *
 * The interface determines subnet, VPC and region, so the address is looked up in the
 * interface's subnet: two VPCs may have the same addresses. The checks follow the frame's path:
 * the port it comes from (whether there is a guest, and whether it sends too much), then the
 * address, then the right to it, and last the address's rate limit, so that a guest without the
 * right cannot use up the limit. Bindings do not age: one stays until another claim.
 */
import type { Ipv4 } from "#units/address";
import { readIpv4 } from "#units/address";
import type { Instant } from "#units/time";
import { after } from "#units/time";
import type { Change, CloudState, Draft } from "./cloud-state.ts";
import { openDraft } from "./cloud-state.ts";
import { takeToken } from "./limiter.ts";
import { isSameHolder, moveTo } from "./move.ts";
import type { PlatformProfile } from "./platform-profile.ts";
import type { HavipRow, Holder, InterfaceRow } from "./rows.ts";

/** Why a claim is refused, with what was compared. */
export type ClaimRefusal =
  | { readonly kind: "unknown-interface"; readonly interfaceId: string }
  | { readonly kind: "interface-not-attached"; readonly interfaceId: string }
  | {
      readonly kind: "interface-rate-exceeded";
      readonly interfaceId: string;
      readonly perSecond: number;
    }
  | { readonly kind: "not-an-address"; readonly text: string }
  | { readonly kind: "not-a-havip"; readonly address: Ipv4; readonly subnetId: string }
  | {
      readonly kind: "other-subnet";
      readonly havipId: string;
      readonly havipSubnetId: string;
      readonly subnetId: string;
    }
  | { readonly kind: "being-deleted"; readonly havipId: string }
  | { readonly kind: "not-in-range"; readonly havipId: string; readonly holder: Holder }
  | {
      readonly kind: "address-rate-exceeded";
      readonly havipId: string;
      readonly perSecond: number;
    };

export type ClaimOutcome =
  /** `moved`: the address changes hands, now or after the platform's latency. */
  | { readonly kind: "accepted"; readonly havipId: string; readonly moved: boolean }
  | { readonly kind: "refused"; readonly reason: ClaimRefusal };

export interface ClaimStep {
  /** A refusal may have changes too: the limiter remembers what it let through. */
  readonly changes: readonly Change[];
  readonly outcome: ClaimOutcome;
}

export interface Claim {
  readonly interfaceId: string;
  /** The address as text, as the network saw it in the frame. */
  readonly vip: string;
}

const refuse = (reason: ClaimRefusal): ClaimOutcome => ({ kind: "refused", reason });

export function stepClaim(
  world: CloudState,
  claim: Claim,
  now: Instant,
  profile: PlatformProfile,
): ClaimStep {
  for (const [region, { interfaces }] of world.regions) {
    const nic = interfaces.get(claim.interfaceId);
    if (nic === undefined) continue;
    const draft = openDraft(world, region);
    const outcome = decide(draft, nic, claim.vip, now, profile);
    return { changes: draft.changes(), outcome };
  }
  const { interfaceId } = claim;
  return { changes: [], outcome: refuse({ kind: "unknown-interface", interfaceId }) };
}

function decide(
  draft: Draft,
  nic: InterfaceRow,
  text: string,
  now: Instant,
  profile: PlatformProfile,
): ClaimOutcome {
  if (nic.attachment === null) {
    return refuse({ kind: "interface-not-attached", interfaceId: nic.id });
  }
  if (!takeToken(draft, `interface/${nic.id}`, profile.garpPerInterface, now)) {
    const { perSecond } = profile.garpPerInterface;
    return refuse({ kind: "interface-rate-exceeded", interfaceId: nic.id, perSecond });
  }
  const address = readIpv4(text);
  if (address === undefined) return refuse({ kind: "not-an-address", text });
  const havip = findHavip(draft, nic, address);
  if ("kind" in havip) return refuse(havip);
  const holder = { networkInterfaceId: nic.id, instanceId: nic.attachment.instanceId };
  if (havip.checkAssociate && !isInRange(havip, holder)) {
    return refuse({ kind: "not-in-range", havipId: havip.id, holder });
  }
  if (!takeToken(draft, `havip/${havip.id}`, profile.garpPerAddress, now)) {
    const { perSecond } = profile.garpPerAddress;
    return refuse({ kind: "address-rate-exceeded", havipId: havip.id, perSecond });
  }
  return accept(draft, havip, holder, now, profile);
}

function findHavip(draft: Draft, nic: InterfaceRow, address: Ipv4): HavipRow | ClaimRefusal {
  const { subnetId } = nic;
  const named = draft
    .list("havips")
    .filter(({ vip, vpcId }) => vip === address && vpcId === nic.vpcId);
  const here = named.find((havip) => havip.subnetId === subnetId);
  if (here !== undefined) {
    return here.deleting ? { kind: "being-deleted", havipId: here.id } : here;
  }
  const [there] = named;
  if (there === undefined) return { kind: "not-a-havip", address, subnetId };
  const { id: havipId, subnetId: havipSubnetId } = there;
  return { kind: "other-subnet", havipId, havipSubnetId, subnetId };
}

/** An entry of kind CVM admits every interface of the instance. */
const isInRange = (
  { associations }: HavipRow,
  { networkInterfaceId, instanceId }: Holder,
): boolean =>
  associations.some((one) =>
    one.instanceType === "ENI"
      ? one.instanceId === networkInterfaceId
      : one.instanceId === instanceId,
  );

function accept(
  draft: Draft,
  havip: HavipRow,
  holder: Holder,
  now: Instant,
  profile: PlatformProfile,
): ClaimOutcome {
  const { id: havipId } = havip;
  const moved = !isSameHolder(havip.holder, holder);
  if (profile.claimLatency === 0 || !moved) {
    // The last announcement wins: the holder's own also cancels a move to somebody else that is
    // under way.
    if (moved || havip.claim !== null) draft.put("havips", moveTo(havip, holder, now));
  } else if (havip.claim === null || !isSameHolder(havip.claim.holder, holder)) {
    draft.put("havips", { ...havip, claim: { holder, dueAt: after(now, profile.claimLatency) } });
  }
  return { kind: "accepted", havipId, moved };
}
