/**
 * A refused packet as the engine reports it: its kind (`DropReason` and `AdvertWarning` of
 * `vrrp/wire`) and the numbers. Addresses are numbers, intervals hundredths of a second.
 */
import { ipv4, printIp } from "#units/address";
import { centis, fromCentis } from "#units/time";
import { duration } from "./numbers.ts";

export type Drop = { readonly kind: string } & Readonly<
  Record<string, string | number | boolean | undefined>
>;

export const value = (drop: Drop, name: string): string => String(drop[name] ?? "?");

export function address(drop: Drop, name: string): string {
  const given = drop[name];
  return typeof given === "number" ? printIp(ipv4(given)) : String(given ?? "?");
}

export const interval = (drop: Drop, name: string): string =>
  duration(fromCentis(centis(Number(drop[name] ?? 0))));

/** The numbers of a kind that has no sentence of its own. */
export const numbersOf = (drop: Drop): readonly string[] =>
  Object.entries(drop)
    .filter(([name, number]) => name !== "kind" && number !== undefined)
    .map(([name, number]) => `${name} ${number}`);
