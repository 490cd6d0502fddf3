/** The shape of a language: for each code, a function from its values to sentences. */
import type { Code } from "./codes.ts";
import type { Facts } from "./facts.ts";

export interface Message {
  /** Stands alone; lower case where the language has one, no full stop. */
  readonly message: string;
  /** Beside the underline. */
  readonly label?: string;
  /** Beside the other places, in the finding's order. The last one serves for all that follow. */
  readonly related?: readonly string[];
  readonly notes?: readonly string[];
  readonly help?: string;
}

export type CodeFamily<Prefix extends string> = Extract<Code, `${Prefix}${string}`>;
export type Messages<C extends Code> = { readonly [K in C]: (facts: Facts[K]) => Message };

/** The header that is a comment, as it would be written. */
export const headerOf = ({ keyword, name }: Facts["VR1002"]): string =>
  name === "" ? keyword : `${keyword} ${name}`;

/** A check is lost with its header, and somebody tracks it. */
export const isTrackedCheck = ({ keyword, usedBy }: Facts["VR1002"]): boolean =>
  (keyword.includes("script") || keyword === "check" || keyword.includes("track")) &&
  usedBy.length > 0;
