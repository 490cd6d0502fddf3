/**
 * In which order a subnet's things are made. Fixed addresses first: the cloud picks for the
 * others what is left.
 */
import type { HavipDescription, InstanceDescription, SubnetDescription } from "./description.ts";

export type BuildStep =
  | { readonly kind: "launch"; readonly instance: InstanceDescription }
  | { readonly kind: "createHavip"; readonly havip: HavipDescription }
  /** Its members and its public address, once everybody exists. */
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
