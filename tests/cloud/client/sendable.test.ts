/**
 * What comes from files, the environment and the metadata service, and would make Node.js throw in
 * a header.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClientOptions, makeClient } from "#cloud/client/client";
import { findAccount, readCredentials } from "#cloud/client/credentials";
import { readEndpoint } from "#cloud/client/endpoint";
import { isInstanceId, isRegion } from "#cloud/client/sendable";
import { postOverHttp } from "#cloud/client/transport";
import { Secret } from "#units/secret";

const PAGE = "<html>\n<title>Sign in</title>\n</html>";
const BAD = ["", "广州", PAGE, "a b", "a\n", "a\0", "\u001b[2J", "x".repeat(100), "-a", "a/b"];

test("names of regions and instances are letters, digits and hyphens", () => {
  for (const text of ["ap-guangzhou", "na-siliconvalley", "ap-shanghai-fsi"])
    assert.ok(isRegion(text));
  assert.ok(isInstanceId("ins-1a2b3c4d"));
  for (const text of BAD)
    assert.deepEqual([isRegion(text), isInstanceId(text)], [false, false], text);
});

test("a line feed at the end of a key is the file's; what cannot be sent is no key", () => {
  const env = { TENCENTCLOUD_SECRET_ID: "AKIDabc\n", TENCENTCLOUD_SECRET_KEY: " key\r\n" };
  const { credentials } = findAccount({ env, profile: undefined, readFile: () => undefined });
  assert.equal(credentials?.secretId, "AKIDabc");
  assert.equal(credentials.secretKey.reveal(), "key");
  for (const id of ["钥匙", "a b", "a\nb", "\0"]) {
    const text = JSON.stringify({ secretId: id, secretKey: "key" });
    assert.equal(readCredentials(text, "default"), undefined, id);
  }
  const token = JSON.stringify({ secretId: "a", secretKey: "b", token: "to\nken" });
  assert.equal(readCredentials(token, "default"), undefined);
});

const endpoint = readEndpoint("http://127.0.0.1:1");
assert.ok(endpoint);
const OPTIONS: ClientOptions = {
  endpoint,
  region: "ap-guangzhou",
  credentials: { secretId: "id", secretKey: new Secret("key") },
  language: "en-US",
  transport: () => assert.fail("nothing is sent"),
};

test("a call that cannot be sent is a failure value, and nothing is sent", async () => {
  for (const region of BAD) {
    const result = await makeClient({ ...OPTIONS, region }).call("DescribeHaVips", {});
    assert.deepEqual(result, { kind: "unsendable", what: "region" }, region);
  }
  const credentials = { ...OPTIONS.credentials, token: new Secret("a\nb") };
  const result = await makeClient({ ...OPTIONS, credentials }).call("DescribeHaVips", {});
  assert.deepEqual(result, { kind: "unsendable", what: "credentials" });
});

test("what Node.js refuses to send all the same is a failure value too", async () => {
  for (const headers of [{ "X-A": "广州" }, { "X A": "b" }, { "X-A": "a\nb" }]) {
    const post = { endpoint, headers, body: "", timeoutMs: 1_000, signal: undefined };
    const result = await postOverHttp(post);
    assert.ok(result.kind === "unreachable" && !result.wasSent, JSON.stringify(result));
    assert.match(result.errno, /^ERR_INVALID/);
  }
});
