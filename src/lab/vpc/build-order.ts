/**
 * The order in which a subnet's resources are made. Fixed addresses come first; the cloud picks
 * from the rest for the others.
 */
import type { HavipDescription, InstanceDescription, SubnetDescription } from "./description.ts";

export type BuildStep =
  | { readonly kind: "launch"; readonly instance: InstanceDescription }
  | { readonly kind: "createHavip"; readonly havip: HavipDescription }
  /** A HAVIP's members and public address, set once all instances exist. */
  | { readonly kind: "completeHavip"; readonly havip: HavipDescription };

export function buildOrder({ instances, havips }: SubnetDescription): readonly BuildStep[] {
  const isFixed = ({ address }: { readonly address: string | undefined }): boolean =>
    address !== undefined;
  const launch = (instance: InstanceDescription): BuildStep => ({ kind: "launch", instance });
  const create = (havip: HavipDescription): BuildStep => ({ kind: "createHavip", havip });
  return [
    ...instances.filter(isFixed).map(launch),
    ...havips.filter(isFixed).map(create),
    ...instances.filter((one) => !isFixed(one)).map(launch),
    ...havips.filter((one) => !isFixed(one)).map(create),
    ...havips.map((havip): BuildStep => ({ kind: "completeHavip", havip })),
  ];
}
