/** `auth_hmac` of two nodes that are a pair: whether each accepts what the other sends. */
import type { Span } from "#diagnostics/source";
import type { SigningConfig } from "#vrrp/router/config";
import { type Block, placeOf } from "./blocks/block.ts";
import type { Model } from "./model/model.ts";
import { signingBlock, signingOf } from "./model/signing.ts";

interface Side {
  readonly block: Block;
  readonly model: Model;
}

export type SigningDifference =
  /** Only the first, or only the second, has what the other needs. */
  "one-only" | "no-signature" | "no-key" | "other-key";

/** Undefined: they hear each other. */
export function signingDifference(first: Side, second: Side): SigningDifference | undefined {
  const [a, b] = [signingOf(first.block, first.model), signingOf(second.block, second.model)];
  return heardBy(a, b) ?? heardBy(b, a);
}

function heardBy(
  sender: SigningConfig | undefined,
  receiver: SigningConfig | undefined,
): SigningDifference | undefined {
  const signs = sender !== undefined && sender.mode !== "receive-only";
  if (!signs) {
    if (receiver?.mode !== "enforce") return undefined;
    return sender === undefined ? "one-only" : "no-signature";
  }
  if (receiver === undefined) return "one-only";
  const own = sender.keys.find(({ id }) => id === sender.active);
  const known = receiver.keys.find(({ id }) => id === sender.active);
  if (own === undefined || known === undefined) return "no-key";
  return known.secret.equals(own.secret) ? undefined : "other-key";
}

export const signingPlace = ({ block }: Side): Span => placeOf(signingBlock(block) ?? block);
