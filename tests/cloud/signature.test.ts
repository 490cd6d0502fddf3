import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dateOf,
  printAuthorization,
  readAuthorization,
  sha256Hex,
  tc3Key,
  tc3Signature,
} from "#cloud/api/signature-tc3";
import { v1Signature, v1StringToSign } from "#cloud/api/signature-v1";
import type { SignedRequest } from "#cloud/api/verify";
import { verifyTc3, verifyV1 } from "#cloud/api/verify";
import {
  codeOf,
  openTestCloud,
  responseOf,
  SECRETS,
  START_SECONDS,
  signedRequest,
} from "./harness.ts";

/** Known answers: A, B, D and E came from the official SDK's own sign module. */
const BODY =
  '{"VpcId":"vpc-6v2ht8q5","HaVipName":"web-vip","SubnetId":"subnet-qq51iwr4","Vip":"10.4.6.15"}';
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";
const VECTORS = [
  {
    name: "A, Node SDK: host without port, service from the endpoint",
    method: "POST",
    type: JSON_TYPE,
    host: "127.0.0.1",
    service: "127",
    query: "",
    body: BODY,
    signature: "24d7d83539763156a77d7d42ed8c539bf3bcc558a24c7e4e32b79abe3cbc3345",
  },
  {
    name: "B, the cloud's own endpoint",
    method: "POST",
    type: JSON_TYPE,
    host: "vpc.tencentcloudapi.com",
    service: "vpc",
    query: "",
    body: BODY,
    signature: "fd0b412bc2ca850ac387fecf07096587a97853584b52adf085d007b4cad808d4",
  },
  {
    name: "C, Go SDK: host with port",
    method: "POST",
    type: JSON_TYPE,
    host: "127.0.0.1:18080",
    service: "vpc",
    query: "",
    body: BODY,
    signature: "d41c84555090be6e0f2babe58f5055db9cf2530c5138274732a4da7fac6cd815",
  },
  {
    name: "D, GET with a query",
    method: "GET",
    type: FORM_TYPE,
    host: "127.0.0.1",
    service: "127",
    query: "Limit=20&Offset=0",
    body: "",
    signature: "8896d67787afde191b5b53f43b5f5071e9326e7d15155364c5e848e32010d612",
  },
] as const;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const vector of VECTORS) {
  test(`TC3 vector ${vector.name}`, () => {
    const { service, method, query, host, type } = vector;
    const scope = { date: "2026-01-01", service, timestamp: `${START_SECONDS}` };
    const signature = tc3Signature(tc3Key(SECRETS.secretKey, scope), scope, {
      method,
      path: "/",
      query,
      headers: [
        ["content-type", type],
        ["host", host],
      ],
      payloadHash: sha256Hex(vector.body),
    });
    assert.equal(signature, vector.signature);
  });

  test(`the server accepts TC3 vector ${vector.name}`, () => {
    const authorization = printAuthorization({
      ...SECRETS,
      date: "2026-01-01",
      service: vector.service,
      signedHeaders: ["content-type", "host"],
      signature: vector.signature,
    });
    // What is sent always has the port.
    const host = vector.host === "127.0.0.1" ? "127.0.0.1:18080" : vector.host;
    const headers = {
      authorization,
      host,
      "content-type": vector.type,
      "x-tc-timestamp": `${START_SECONDS}`,
    };
    const { method, query } = vector;
    const request: SignedRequest = { method, path: "/", query, headers, body: bytes(vector.body) };
    assert.deepEqual(verifyTc3(request, SECRETS, START_SECONDS), {
      kind: "good",
      secretId: SECRETS.secretId,
    });
    const changed = { ...request, body: bytes(`${vector.body} `) };
    assert.deepEqual(verifyTc3(changed, SECRETS, START_SECONDS), { kind: "mismatch" });
  });
}

test("vector E: HmacSHA256 over the parameters, host with port", () => {
  const parameters = new Map([
    ["Timestamp", "1767225600"],
    ["Action", "DescribeHaVips"],
    ["Version", "2017-03-12"],
    ["Region", "ap-guangzhou"],
    ["Nonce", "12345"],
    ["SecretId", "AKIDTEST"],
    ["SignatureMethod", "HmacSHA256"],
    ["Filters.0.Name", "vip"],
    ["Filters.0.Values.0", "10.4.6.15"],
    ["Offset", "0"],
    ["Limit", "20"],
  ]);
  const toSign = v1StringToSign("POST", "127.0.0.1:18080", "/", parameters);
  assert.equal(
    toSign,
    "POST127.0.0.1:18080/?Action=DescribeHaVips&Filters.0.Name=vip&Filters.0.Values.0=10.4.6.15" +
      "&Limit=20&Nonce=12345&Offset=0&Region=ap-guangzhou&SecretId=AKIDTEST" +
      "&SignatureMethod=HmacSHA256&Timestamp=1767225600&Version=2017-03-12",
  );
  const signature = v1Signature(SECRETS.secretKey, "HmacSHA256", toSign);
  assert.equal(signature, "eQoWcKQYBv8vn/iBPLSOsq7HNWwqcC2bil2Dwa0dkBU=");

  const request: SignedRequest = {
    method: "POST",
    path: "/",
    query: "",
    headers: { host: "127.0.0.1:18080" },
    body: bytes(""),
  };
  const verdict = (seconds: number, signed: string): string => {
    const all = new Map([...parameters, ["Signature", signed]]);
    return verifyV1(request, all, SECRETS, seconds).kind;
  };
  assert.equal(verdict(START_SECONDS, signature), "good");
  assert.equal(verdict(START_SECONDS + 300, signature), "good");
  assert.equal(verdict(START_SECONDS + 301, signature), "expired");
  assert.equal(verdict(START_SECONDS - 301, signature), "expired");
  assert.equal(verdict(START_SECONDS, signature.replace("e", "f")), "mismatch");
});

test("an Authorization is read back as it was printed, and refused when a part is missing", () => {
  const parts = {
    secretId: "AKID",
    date: "2026-01-01",
    service: "localhost:18080",
    signedHeaders: ["content-type", "host", "x-tc-action"],
    signature: "ab12",
  };
  const text = printAuthorization(parts);
  assert.deepEqual(readAuthorization(text), parts);
  const broken = [
    "",
    "SKIP",
    "TC3-HMAC-SHA256",
    text.replace("TC3-HMAC-SHA256", "TC3-HMAC-SHA512"),
    text.replace("Credential=", "Credentials="),
    text.replace("/tc3_request", ""),
    text.replace("/tc3_request", "/tc2_request"),
    text.replace("/tc3_request", "/tc3_request/more"),
    text.replace("2026-01-01", "2026-1-1"),
    text.replace("2026-01-01/", ""),
    text.replace("AKID/", "/"),
    text.replace(/SignedHeaders=[^,]*, /, ""),
    text.replace("SignedHeaders=content-type;host;x-tc-action", "SignedHeaders="),
    text.replace(/, Signature=.*/, ""),
    text.replace("ab12", ""),
  ];
  for (const one of broken) assert.equal(readAuthorization(one), undefined, one);
});

interface Variant {
  readonly name: string;
  readonly sign: readonly (readonly [string, string])[];
  readonly send: Readonly<Record<string, string>>;
  readonly payload?: string;
  readonly path?: string;
  readonly sentPath?: string;
  readonly good: boolean;
}

const VARIANTS: readonly Variant[] = [
  {
    name: "Python: the literal endpoint, scheme included, is the host",
    sign: [
      ["content-type", "application/json"],
      ["host", "http://127.0.0.1:18080"],
    ],
    send: { "content-type": "application/json", host: "http://127.0.0.1:18080" },
    good: true,
  },
  {
    name: "a charset in the content type",
    sign: [
      ["content-type", "application/json; charset=utf-8"],
      ["host", "h:1"],
    ],
    send: { "content-type": "application/json; charset=utf-8", host: "h:1" },
    good: true,
  },
  {
    name: "x-tc-action signed in lower case",
    sign: [
      ["content-type", "application/json"],
      ["host", "h"],
      ["x-tc-action", "describehavips"],
    ],
    send: { "content-type": "application/json", host: "h", "x-tc-action": " DescribeHaVips " },
    good: true,
  },
  {
    name: "another order of the signed headers",
    sign: [
      ["host", "h"],
      ["content-type", "application/json"],
    ],
    send: { "content-type": "application/json", host: "h" },
    good: true,
  },
  {
    name: "an endpoint with a path",
    sign: [
      ["content-type", "application/json"],
      ["host", "h"],
    ],
    send: { "content-type": "application/json", host: "h" },
    path: "/base/",
    sentPath: "/base/",
    good: true,
  },
  {
    name: "UNSIGNED-PAYLOAD with its header",
    sign: [
      ["content-type", "application/json"],
      ["host", "h"],
    ],
    send: {
      "content-type": "application/json",
      host: "h",
      "x-tc-content-sha256": "UNSIGNED-PAYLOAD",
    },
    payload: sha256Hex("UNSIGNED-PAYLOAD"),
    good: true,
  },
  {
    name: "UNSIGNED-PAYLOAD without its header",
    sign: [
      ["content-type", "application/json"],
      ["host", "h"],
    ],
    send: { "content-type": "application/json", host: "h" },
    payload: sha256Hex("UNSIGNED-PAYLOAD"),
    good: false,
  },
  {
    name: "the bare word instead of its hash",
    sign: [
      ["content-type", "application/json"],
      ["host", "h"],
    ],
    send: {
      "content-type": "application/json",
      host: "h",
      "x-tc-content-sha256": "UNSIGNED-PAYLOAD",
    },
    payload: "UNSIGNED-PAYLOAD",
    good: false,
  },
  {
    name: "another host",
    sign: [
      ["content-type", "application/json"],
      ["host", "other"],
    ],
    send: { "content-type": "application/json", host: "h" },
    good: false,
  },
  {
    name: "a signed header that was not sent",
    sign: [
      ["content-type", "application/json"],
      ["host", "h"],
      ["x-tc-action", "describehavips"],
    ],
    send: { "content-type": "application/json", host: "h" },
    good: false,
  },
];

for (const variant of VARIANTS) {
  test(`${variant.good ? "accepted" : "refused"}: ${variant.name}`, () => {
    const body = '{"Limit": 20}';
    const scope = { date: "2026-01-01", service: "vpc", timestamp: `${START_SECONDS}` };
    const signature = tc3Signature(tc3Key(SECRETS.secretKey, scope), scope, {
      method: "POST",
      path: variant.path ?? "/",
      query: "",
      headers: variant.sign,
      payloadHash: variant.payload ?? sha256Hex(body),
    });
    const signedHeaders = variant.sign.map(([name]) => name);
    const authorization = printAuthorization({ ...SECRETS, ...scope, signedHeaders, signature });
    const headers = { ...variant.send, authorization, "x-tc-timestamp": `${START_SECONDS}` };
    const path = variant.sentPath ?? "/";
    const request = { method: "POST", path, query: "", headers, body: bytes(body) };
    const { kind } = verifyTc3(request, SECRETS, START_SECONDS);
    assert.equal(kind, variant.good ? "good" : "mismatch");
  });
}

test("300 seconds apart is in, 301 is out, in both directions", async () => {
  for (const [apart, expected] of [
    [-301, "AuthFailure.SignatureExpire"],
    [-300, "OK"],
    [300, "OK"],
    [301, "AuthFailure.SignatureExpire"],
  ] as const) {
    const cloud = openTestCloud();
    const request = signedRequest("DescribeHaVips", {}, START_SECONDS + apart);
    assert.equal(codeOf(responseOf(await cloud.cloud.handle(request))), expected, `${apart} s`);
  }
});

test("moving the emulator's clock does not age signatures", async () => {
  const cloud = openTestCloud();
  await cloud.admin("POST", "clock/advance", { seconds: 86_400 });
  assert.equal(await cloud.code("DescribeHaVips"), "OK");
});

test("each kind of bad authorization has its code", async () => {
  const cloud = openTestCloud();
  const good = signedRequest("DescribeHaVips", {}, START_SECONDS);
  const authorization = good.headers["authorization"] ?? "";
  const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["OK", {}],
    ["AuthFailure.InvalidAuthorization", { authorization: "" }],
    ["AuthFailure.InvalidAuthorization", { authorization: "SKIP" }],
    ["AuthFailure.InvalidAuthorization", { authorization: "garbage \u00ff" }],
    [
      "AuthFailure.InvalidAuthorization",
      { authorization: authorization.replace("/tc3_request", "/x") },
    ],
    [
      "AuthFailure.InvalidAuthorization",
      { authorization: authorization.replace("content-type;host", "content-type") },
    ],
    [
      "AuthFailure.InvalidAuthorization",
      { authorization: authorization.replace("content-type;host", "host") },
    ],
    [
      "AuthFailure.SecretIdNotFound",
      { authorization: authorization.replace("AKIDTEST", "AKIDOTHER") },
    ],
    [
      "AuthFailure.SignatureFailure",
      { authorization: authorization.replace(/Signature=.*/, "Signature=deadbeef") },
    ],
    [
      "AuthFailure.SignatureFailure",
      { authorization: authorization.replace("2026-01-01", "2025-12-31") },
    ],
    ["AuthFailure.SignatureFailure", { "x-tc-timestamp": `${START_SECONDS + 1}` }],
    ["AuthFailure.SignatureExpire", { "x-tc-timestamp": "yesterday" }],
    ["MissingParameter", { "x-tc-timestamp": "" }],
  ];
  for (const [expected, headers] of cases) {
    const request = { ...good, headers: { ...good.headers, ...headers } };
    const code = codeOf(responseOf(await cloud.cloud.handle(request)));
    assert.equal(code, expected, JSON.stringify(headers));
  }
});

test("lenient looks at the shape only, off at nothing", async () => {
  const garbage = { authorization: "garbage" };
  const shaped = {
    authorization:
      "TC3-HMAC-SHA256 Credential=ANY/2020-01-01/x/tc3_request, SignedHeaders=host;content-type, Signature=00",
    "x-tc-timestamp": "1",
  };
  for (const [auth, headers, expected] of [
    ["lenient", garbage, "AuthFailure.InvalidAuthorization"],
    ["lenient", shaped, "OK"],
    ["off", garbage, "OK"],
    ["off", { authorization: "" }, "OK"],
    ["strict", shaped, "AuthFailure.SecretIdNotFound"],
  ] as const) {
    const cloud = openTestCloud({ auth });
    assert.equal(await cloud.code("DescribeHaVips", {}, { headers }), expected, auth);
  }
});

test("the date of a scope is UTC", () => {
  assert.equal(dateOf(START_SECONDS), "2026-01-01");
  assert.equal(dateOf(START_SECONDS - 1), "2025-12-31");
});
