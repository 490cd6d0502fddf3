/** The options of `baton console`: what is refused before anything listens. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type ConsoleValues, readPlan } from "#cli/console-plan";

const folder = mkdtempSync(join(tmpdir(), "baton-console-"));
after(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

const plan = (values: Partial<ConsoleValues> = {}): ReturnType<typeof readPlan> =>
  readPlan({
    listen: undefined,
    node: [],
    "token-file": undefined,
    ca: undefined,
    "tls-cert": undefined,
    "tls-key": undefined,
    "key-file": undefined,
    "allow-host": [],
    "runtime-dir": undefined,
    ...values,
  });

function refusal(values: Partial<ConsoleValues>): string {
  const read = plan(values);
  assert.ok("en" in read, JSON.stringify(values));
  assert.match(read["zh-CN"], /\p{Script=Han}/u);
  return read.en;
}

async function addresses(values: Partial<ConsoleValues>): Promise<readonly (readonly unknown[])[]> {
  const read = plan(values);
  assert.ok(!("en" in read), "en" in read ? read.en : "");
  return (await read.openNodes()).map(({ entry: { name, address, mayAct } }) => [
    name,
    address,
    mayAct,
  ]);
}

test("without options: this machine's daemon, a loopback address, a new key at each start", async () => {
  const [first, second] = [plan(), plan()];
  assert.ok(!("en" in first) && !("en" in second));
  assert.deepEqual(first.listen, { host: "127.0.0.1", port: 8080, tls: undefined });
  assert.ok(!first.key.equals(second.key));
  assert.deepEqual((await addresses({}))[0]?.slice(0, 2), [undefined, "/run/baton"]);
});

test("nodes are URLs, sockets or folders, with a name if one is given", async () => {
  const token = fileOf("token", "ops 0123456789abcdef\n");
  assert.deepEqual(
    await addresses({
      "token-file": token,
      node: ["web-1=https://10.0.0.11:9650", "127.0.0.1:9650", "unix:/run/baton/api.sock"],
    }),
    [
      ["web-1", "https://10.0.0.11:9650", true],
      [undefined, "http://127.0.0.1:9650", true],
      [undefined, "unix:/run/baton/api.sock", false],
    ],
  );
  assert.deepEqual((await addresses({ node: ["a=/run/none"] }))[0]?.slice(0, 2), [
    "a",
    "/run/none",
  ]);
  assert.deepEqual(await addresses({ node: ["https://[fd00::1]:9650"] }), [
    [undefined, "https://[fd00::1]:9650", false],
  ]);
});

test("neither the access key nor a token crosses a network unencrypted", () => {
  const token = fileOf("token-2", "0123456789abcdef");
  assert.match(refusal({ listen: "0.0.0.0:8080" }), /--tls-cert/);
  assert.match(refusal({ listen: "127.0.0.1.example:80" }), /--tls-cert/);
  assert.match(refusal({ "token-file": token, node: ["http://10.0.0.1:9650"] }), /use https/);
});

test("a secret that others can read is refused, and so is what is none", () => {
  assert.match(refusal({ "token-file": fileOf("open", "t 0123456789", 0o644) }), /chmod 600/);
  assert.match(refusal({ "key-file": fileOf("open-key", "0123456789abcdef", 0o640) }), /chmod 600/);
  assert.match(refusal({ "key-file": fileOf("short", "0123") }), /16/);
  assert.match(refusal({ "token-file": fileOf("empty", "# nothing\n") }), /no token/);
  assert.match(refusal({ "token-file": join(folder, "none") }), /ENOENT/);
  assert.match(refusal({ "tls-cert": fileOf("cert", "x") }), /belong together/);
});

test("what is no address is refused with what one looks like", () => {
  assert.match(refusal({ listen: "8080" }), /HOST:PORT/);
  assert.match(refusal({ listen: "127.0.0.1:99999" }), /HOST:PORT/);
  for (const node of ["https://10.0.0.1/path", "https://user@10.0.0.1", "http://"])
    assert.match(refusal({ node: [node] }), /is not a URL/, node);
});
