import assert from "node:assert/strict";
import { test } from "node:test";
import type { CloudAccount, Credentials } from "#cloud/client/credentials";
import { findAccount } from "#cloud/client/credentials";

const FILES: Readonly<Record<string, string>> = {
  "/h/.tccli/default.credential": '{"secretId":"tccli-id","secretKey":"tccli-key"}',
  "/h/.tccli/default.configure": '{"_sys_param":{"output":"json","region":"ap-shanghai"}}',
  "/h/.tccli/work.credential": '{"secretId":"work-id","secretKey":"work-key","token":"t"}',
  "/h/.tencentcloud/credentials":
    "[default]\nsecret_id = sdk-id\nsecret_key = sdk-key\n[other]\nsecret_id=o\nsecret_key=p\n",
  "/own": "[default]\nsecret_id=own-id\nsecret_key=own-key\n",
};

/** As plain texts, for comparing. */
const shown = (credentials: Credentials | undefined): object | undefined =>
  credentials && {
    secretId: credentials.secretId,
    secretKey: credentials.secretKey.reveal(),
    ...(credentials.token !== undefined && { token: credentials.token.reveal() }),
  };

const find = (
  env: Readonly<Record<string, string>>,
  profile?: string,
  files: Readonly<Record<string, string>> = FILES,
): CloudAccount =>
  findAccount({ env: { HOME: "/h", ...env }, profile, readFile: (path) => files[path] });

const KEYS = { TENCENTCLOUD_SECRET_ID: "env-id", TENCENTCLOUD_SECRET_KEY: "env-key" };

test("the environment first, then tccli's files, then the SDKs' file", () => {
  assert.deepEqual(shown(find(KEYS).credentials), { secretId: "env-id", secretKey: "env-key" });
  const temporary = find({ ...KEYS, TENCENTCLOUD_TOKEN: "t" }).credentials;
  assert.deepEqual(shown(temporary), { secretId: "env-id", secretKey: "env-key", token: "t" });
  assert.deepEqual(shown(find({}).credentials), { secretId: "tccli-id", secretKey: "tccli-key" });
  const onlySdk = { "/h/.tencentcloud/credentials": FILES["/h/.tencentcloud/credentials"] ?? "" };
  assert.deepEqual(shown(find({}, undefined, onlySdk).credentials), {
    secretId: "sdk-id",
    secretKey: "sdk-key",
  });
  const own = { TENCENTCLOUD_CREDENTIALS_FILE: "/own" };
  assert.deepEqual(shown(find(own, undefined, { "/own": FILES["/own"] ?? "" }).credentials), {
    secretId: "own-id",
    secretKey: "own-key",
  });
});

test("a profile that was asked for is meant, whatever the environment says", () => {
  assert.deepEqual(shown(find(KEYS, "work").credentials), {
    secretId: "work-id",
    secretKey: "work-key",
    token: "t",
  });
  assert.deepEqual(find({ TCCLI_PROFILE: "work" }).credentials?.secretId, "work-id");
  assert.deepEqual(shown(find(KEYS, "other").credentials), { secretId: "o", secretKey: "p" });
  assert.equal(find(KEYS, "nobody").credentials, undefined);
});

test("half a key is none, and broken files are none", () => {
  const none: Readonly<Record<string, string>> = {};
  assert.equal(find({ TENCENTCLOUD_SECRET_ID: "x" }, undefined, none).credentials, undefined);
  assert.equal(
    find({ ...KEYS, TENCENTCLOUD_SECRET_KEY: "" }, undefined, none).credentials,
    undefined,
  );
  for (const text of [
    "",
    "{",
    "[]",
    "null",
    '{"secretId":1,"secretKey":2}',
    '{"secretId":"","secretKey":""}',
  ]) {
    assert.equal(
      find({}, undefined, { "/h/.tccli/default.credential": text }).credentials,
      undefined,
      text,
    );
  }
});

test("the region comes from the environment or from tccli's configuration", () => {
  assert.equal(find({ TENCENTCLOUD_REGION: "ap-beijing" }).region, "ap-beijing");
  assert.equal(find({}).region, "ap-shanghai");
  assert.equal(find({}, "work").region, undefined);
});

test("where it looked is said, without what it found", () => {
  const { lookedAt } = find(KEYS);
  assert.deepEqual(lookedAt, [
    "TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY",
    "/h/.tccli/default.credential",
    "/h/.tencentcloud/credentials",
  ]);
});
