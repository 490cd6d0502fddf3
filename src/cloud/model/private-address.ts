/**
 * Chooses the private addresses of an interface: those that a user wants, and those that the
 * cloud picks.
 */
import { findFreeAddress, readFreeAddress, takenAddresses } from "./cidr.ts";
import type { Context } from "./context.ts";
import type { Refusal } from "./refusal.ts";
import { isRefusal, refuse } from "./refusal.ts";
import type { InterfaceAddress, SubnetRow } from "./rows.ts";

export interface WantedAddress {
  readonly address: string | undefined;
  readonly primary: boolean;
  readonly description: string;
}

export const readWanted = (
  context: Context,
  subnet: SubnetRow,
  wanted: readonly WantedAddress[],
): readonly (InterfaceAddress | undefined)[] | Refusal => {
  const parameter = "PrivateIpAddresses.PrivateIpAddress";
  const read: (InterfaceAddress | undefined)[] = [];
  for (const { address: text, primary, description } of wanted) {
    if (text === undefined || text === "") {
      read.push(undefined);
      continue;
    }
    const address = readFreeAddress(context, subnet, text, parameter, "ResourceInUse");
    if (isRefusal(address)) return address;
    if (read.some((one) => one?.address === address)) {
      return refuse("InvalidParameterValue.Duplicate", { parameter, value: text });
    }
    read.push({ address, primary, description, state: "PENDING" });
  }
  return read;
};

export function planNewAddresses(
  context: Context,
  subnet: SubnetRow,
  command: {
    readonly addresses: readonly WantedAddress[];
    readonly secondaryCount: number;
  },
): readonly InterfaceAddress[] | Refusal {
  const chosen = readWanted(context, subnet, command.addresses);
  if (isRefusal(chosen)) return chosen;
  const given = chosen.filter((one) => one !== undefined);
  const primary = given.find((one) => one.primary);
  if (given.filter((one) => one.primary).length > 1) {
    const parameter = "PrivateIpAddresses.Primary";
    return refuse("InvalidParameterValue", { parameter, value: "true", limit: "1" });
  }
  const missing =
    (primary === undefined ? 1 : 0) + command.secondaryCount + chosen.length - given.length;
  const bad = checkCount(context, given.length + missing, command.secondaryCount);
  if (bad !== undefined) return bad;
  const more = takeAddresses(context, subnet, missing, given);
  if (isRefusal(more)) return more;
  const [first, ...rest] = more;
  if (primary !== undefined || first === undefined) return [...given, ...more];
  return [{ ...first, primary: true }, ...given, ...rest];
}

export function checkCount(
  context: Context,
  total: number,
  secondaryCount: number,
): Refusal | undefined {
  const max = context.profile.quotas.addressesPerInterface;
  const parameter = "SecondaryPrivateIpAddressCount";
  if (secondaryCount < 0) {
    return refuse("InvalidParameterValue.Range", {
      parameter,
      value: `${secondaryCount}`,
      limit: `0 - ${max}`,
    });
  }
  return total > max ? refuse("LimitExceeded", { parameter, limit: `${max}` }) : undefined;
}

export function takeAddresses(
  context: Context,
  subnet: SubnetRow,
  count: number,
  besides: readonly InterfaceAddress[],
): readonly InterfaceAddress[] | Refusal {
  const taken = new Set(takenAddresses(context.draft, subnet.id));
  for (const { address } of besides) taken.add(address);
  const found: InterfaceAddress[] = [];
  for (let index = 0; index < count; index++) {
    const address = findFreeAddress(subnet, taken);
    if (address === undefined) return refuse("ResourceInsufficient.Subnet", { value: subnet.id });
    taken.add(address);
    found.push({ address, primary: false, description: "", state: "PENDING" });
  }
  return found;
}
