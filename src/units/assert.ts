/**
 * A bug of our own. Assertions stay on in production: the process hands over and ends, and is
 * started again.
 */
export class AssertionFailure extends Error {
  override name = "AssertionFailure";
}

export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) throw new AssertionFailure(text);
}
