/**
 * Terms of the Chinese messages that have one meaning: 主机 is any machine, the VRRP master is 主节点.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");

/** Host name, host part of an address, a host outside the VPC. */
const MACHINE = /主机名|主机位|公网主机/g;
const MASTER_AS_MACHINE = /主机|备机/;

function texts(folder: string, ending: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}

test("the master is called 主节点 in every text", () => {
  const files = [...texts("src", ".ts"), ...texts("docs", ".md"), "README.md"];
  const found = files.flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .flatMap((line, index) =>
        MASTER_AS_MACHINE.test(line.replaceAll(MACHINE, "")) ? [`${file}:${index + 1}`] : [],
      ),
  );
  assert.deepEqual(found, []);
});
