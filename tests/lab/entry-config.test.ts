/** The files of examples/nginx and examples/haproxy, and what the laboratory makes of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { command as check } from "#cli/check";
import type { CommandIo } from "#command-line/io";
import { entryConfig } from "#lab/measure/entry-load";
import { ENTRY_SERVERS } from "#lab/measure/entry-names";

const folder = join(import.meta.dirname, "../../examples");
const example = (name: string): string => readFileSync(join(folder, name), "utf8");

/** The lines of `a` that `b` has otherwise. */
function differences(a: string, b: string): readonly string[] {
  const other = b.split("\n");
  return a
    .split("\n")
    .filter((line, index) => line !== other[index])
    .map((line) => line.trim())
    .filter((line) => !line.startsWith("!"));
}

for (const server of ENTRY_SERVERS) {
  test(`${server}: \`baton check\` of both nodes has nothing but remarks`, async () => {
    const files = ["a", "b"].map((node) => join(folder, server, `node-${node}.conf`));
    for (const language of ["en", "zh-CN"]) {
      let output = "";
      const say = (text: string): void => {
        output += text;
      };
      const io: CommandIo = { stdout: say, stderr: say, env: {}, isTty: false };
      const status = await check(["--lang", language, "--json", ...files], io);
      assert.equal(status, 0, output);
      const { counts } = JSON.parse(output) as { readonly counts: object };
      assert.deepEqual(counts, { VR4005: 4 }, "what keepalived does not know, and nothing else");
    }
  });

  test(`${server}: the nodes' files differ in what is each node's own`, () => {
    const [a, b] = [example(`${server}/node-a.conf`), example(`${server}/node-b.conf`)];
    assert.deepEqual(differences(a, b), [
      "router_id entry-a",
      "unicast_src_ip 172.16.0.16",
      "172.16.0.14",
    ]);
    assert.deepEqual(differences(a, example("nginx/node-a.conf")).length > 0, server !== "nginx");
  });

  test(`${server}: the laboratory's file is the example's without its logs and its user`, () => {
    const text = entryConfig(server);
    assert.match(text, server === "nginx" ? /listen 80/ : /bind :80/);
    assert.match(text, /127\.0\.0\.1:8081/);
    assert.doesNotMatch(text, /^(user|pid|error_log)|\/var\/log/m);
  });
}
