/** `api { … }`: what is listened on, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isLocal, printApiAddress, readApiAddress } from "#keepalived/plan/api";
import { readConfiguration } from "#keepalived/read";

const read = (lines: string) => readConfiguration([{ name: "a", text: `api {\n${lines}\n}\n` }]);
const codes = (lines: string): readonly string[] =>
  read(lines).findings.flatMap(({ code }) => (code.startsWith("VR207") ? [code] : []));
const listens = (lines: string): readonly string[] =>
  (read(lines).plan.api?.listen ?? []).map(printApiAddress);

test("of several blocks the last counts, which is reported", () => {
  const { findings, plan } = read("listen 127.0.0.1:1\n}\napi {\nlisten 127.0.0.1:2");
  assert.ok(findings.some(({ code }) => code === "VR2036"));
  assert.deepEqual(plan.api?.listen.map(printApiAddress), ["127.0.0.1:2"]);
});

const TLS = "tls {\n cert_file /c\n key_file /k\n}";
const TOKENS = "token_file /t";

test("without the block there is no API; an empty one listens on loopback", () => {
  assert.equal(readConfiguration([{ name: "a", text: "" }]).plan.api, undefined);
  assert.deepEqual(listens(""), ["127.0.0.1:9650"]);
  assert.deepEqual(codes(""), []);
});

test("an address is a number with a port, or a path", () => {
  for (const text of ["127.0.0.1:9650", "[::1]:1", "unix:/run/baton/x.sock"]) {
    const one = readApiAddress(text);
    assert.ok(one.kind === "address", text);
    assert.equal(printApiAddress(one.address), text);
    assert.ok(isLocal(one.address), text);
  }
  for (const [text, why] of [
    ["localhost:9650", "name"],
    ["*:9650", "name"],
    [":9650", "name"],
    ["::1:9650", "form"],
    ["[127.0.0.1]:9650", "name"],
    ["127.0.0.1", "form"],
    ["127.0.0.1:0", "port"],
    ["127.0.0.1:65536", "port"],
    ["127.0.0.1:http", "port"],
    ["unix:run/x", "path"],
    [`unix:/${"x".repeat(107)}`, "path"],
  ] as const) {
    assert.deepEqual(readApiAddress(text), { kind: "problem", why }, text);
    assert.deepEqual(codes(`listen ${text}`), ["VR2070"], text);
    assert.deepEqual(listens(`listen ${text}`), [], text);
  }
});

test("what other machines reach is opened with TLS and known callers only", () => {
  for (const address of ["0.0.0.0:9650", "10.0.0.1:9650", "[::]:9650", "[fe80::1]:9650"]) {
    for (const more of ["", TOKENS, TLS, "tls {\n cert_file /c\n key_file /k"]) {
      const lines = `listen ${address}\nlisten 127.0.0.1:1\n${more}`;
      assert.ok(codes(lines).includes("VR2071"), lines);
      assert.deepEqual(listens(lines), ["127.0.0.1:1"], lines);
    }
    const clients = "tls {\n cert_file /c\n key_file /k\n client_ca_file /a\n}";
    for (const more of [`${TOKENS}\n${TLS}`, clients]) {
      assert.deepEqual(codes(`listen ${address}\n${more}`), []);
      assert.deepEqual(listens(`listen ${address}\n${more}`), [address]);
    }
  }
});

test("with half of a certificate nothing is open to the network", () => {
  const lines = `listen 0.0.0.0:9650\n${TOKENS}\ntls {\n cert_file /c\n}`;
  assert.deepEqual(codes(lines), ["VR2072"]);
  assert.deepEqual(listens(lines), []);
  assert.equal(read(lines).plan.api?.tls, undefined);
});

test("paths are absolute; an address that is written twice is one", () => {
  assert.deepEqual(codes("token_file t\ntls {\n cert_file c\n key_file ./k\n}"), [
    "VR2073",
    "VR2073",
    "VR2073",
  ]);
  assert.deepEqual(listens("listen 127.0.0.1:1\nlisten 127.0.0.1:1\nlisten 127.0.0.2:1"), [
    "127.0.0.1:1",
    "127.0.0.2:1",
  ]);
});
