/**
 * A broken promise of our own code. Stays on in production: the daemon hands over and ends, its
 * supervisor starts it again.
 */
export class AssertionFailure extends Error {
  override name = "AssertionFailure";
}

export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) throw new AssertionFailure(text);
}
