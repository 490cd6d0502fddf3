import assert from "node:assert/strict";
import { test } from "node:test";
import { type LoggedRequest, RequestLog } from "#cloud/server/request-log";

const entry = (index: number, parameters: string | undefined): LoggedRequest => ({
  requestId: `${index}`,
  atMillis: 1_767_225_600_000,
  action: "DescribeHaVips",
  version: "2017-03-12",
  region: "ap-guangzhou",
  secretId: "AKIDTEST",
  client: "",
  signature: "tc3",
  method: "POST",
  parameters,
  code: "OK",
  httpStatus: 200,
  milliseconds: 0,
});

test("the last 5,000 are kept, oldest first", () => {
  const log = new RequestLog();
  for (let index = 0; index < 12_345; index++) log.add(entry(index, "{}"));
  const ids = log.list().map((one) => ("requestId" in one ? one.requestId : undefined));
  assert.equal(ids.length, 5_000);
  assert.equal(ids[0], "7345");
  assert.equal(ids.at(-1), "12344");
});

test("parameters are shown as values; what was not kept, or is no JSON, as null", () => {
  const log = new RequestLog();
  log.add(entry(0, '{"Limit":3}'));
  log.add(entry(1, undefined));
  log.add(entry(2, "\u0000nonsense"));
  assert.deepEqual(
    log.list().map((one) => ("parameters" in one ? one.parameters : "missing")),
    [{ Limit: 3 }, null, null],
  );
  assert.ok(JSON.stringify(log.list()[0]).includes('"at":"2026-01-01T00:00:00.000Z"'));
});
