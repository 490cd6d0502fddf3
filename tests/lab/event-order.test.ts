import assert from "node:assert/strict";
import { test } from "node:test";
import { ClaimLog } from "#cloud/server/claim-log";
import { EventOrder } from "#lab/vpc/event-order";

test("a claim comes before what it caused, and one that fails holds nothing back for ever", () => {
  const emitted: string[] = [];
  const events = new EventOrder<string>((event) => emitted.push(event));
  const failed = (error: unknown): string => `failed: ${String(error)}`;
  events.leading(() => {
    events.emit("moved 1");
    return "claim 1";
  }, failed);
  events.leading(() => {
    events.emit("moved 2");
    throw new Error("disk full");
  }, failed);
  events.emit("moved 3");
  events.leading(() => undefined, failed);
  assert.deepEqual(emitted, [
    "claim 1",
    "moved 1",
    "failed: Error: disk full",
    "moved 2",
    "moved 3",
  ]);
});

test("refused claims are a line a second for each interface and kind", () => {
  const log = new ClaimLog();
  const lines: string[] = [];
  const claim = (interfaceId: string, at: number): void => {
    const reason = { kind: "interface-rate-exceeded", interfaceId, perSecond: 20 } as const;
    const line = log.refused("10.0.0.9", interfaceId, reason, at);
    if (line !== undefined) lines.push(line);
  };
  for (let at = 0; at < 3_000; at++) claim("eni-1", at);
  claim("eni-2", 2_999);
  assert.equal(lines.length, 4);
  assert.match(lines[1] ?? "", /claim of 10\.0\.0\.9 by eni-1 refused: .*\(1000 times\)/);
});
