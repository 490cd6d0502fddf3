/**
 * `check --fix` on the only copy of a configuration: whatever happens, there is the old file or the
 * new one, whole.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { replaceFile } from "#cli/replace-file";

const folder = mkdtempSync(join(tmpdir(), "baton-replace-"));
after(() => rmSync(folder, { recursive: true }));

const fresh = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

test("mode and owner stay, and nothing is left beside it", () => {
  const path = fresh("mode.conf", "old");
  chmodSync(path, 0o640);
  const before = statSync(path);
  assert.deepEqual(replaceFile(path, "old", "new"), { kind: "written" });
  const info = statSync(path);
  assert.equal(readFileSync(path, "utf8"), "new");
  assert.deepEqual([info.mode, info.uid, info.gid], [before.mode, before.uid, before.gid]);
  assert.notEqual(info.ino, before.ino, "another file in its place, not its bytes changed");
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith(".")),
    [],
  );
});

test("a link stays a link, and what it leads to is written in its own folder", () => {
  const other = join(folder, "other");
  mkdirSync(other);
  const target = join(other, "real.conf");
  writeFileSync(target, "old");
  const link = join(folder, "link.conf");
  symlinkSync(target, link);
  assert.deepEqual(replaceFile(link, "old", "new"), { kind: "written" });
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(readlinkSync(link), target);
  assert.equal(readFileSync(target, "utf8"), "new");
});

test("what cannot be kept is refused, and nothing changes", () => {
  const linked = fresh("linked.conf", "old");
  linkSync(linked, join(folder, "second-name.conf"));
  assert.deepEqual(replaceFile(linked, "old", "new"), { kind: "refused", why: "hard-links" });
  const changed = fresh("changed.conf", "somebody's");
  const refused = { kind: "refused", why: "changed-meanwhile" };
  assert.deepEqual(replaceFile(changed, "old", "new"), refused);
  const latin = join(folder, "latin.conf");
  writeFileSync(latin, Buffer.from([0x23, 0xe4, 0x0a]));
  assert.deepEqual(replaceFile(latin, "#\ufffd\n", "#\n"), { kind: "refused", why: "encoding" });
  assert.deepEqual(readFileSync(latin), Buffer.from([0x23, 0xe4, 0x0a]));
  assert.deepEqual(replaceFile(join(folder, "none"), "", "new"), {
    kind: "refused",
    why: "ENOENT",
  });
  assert.equal(readFileSync(linked, "utf8"), "old");
  assert.equal(readFileSync(changed, "utf8"), "somebody's");
});

/** Replaces one text by the other, again and again, until somebody kills it. */
const WRITER = `
import { replaceFile } from ${JSON.stringify(new URL("../../src/cli/replace-file.ts", import.meta.url).href)};
const [path, a, b] = [process.argv[1], "a".repeat(300_000), "b".repeat(300_000)];
for (let round = 0; ; round++) {
  const [from, to] = round % 2 === 0 ? [a, b] : [b, a];
  const result = replaceFile(path, from, to);
  if (result.kind !== "written") { console.log(result.why); process.exit(1); }
  if (round === 0) console.log("begun");
}
`;

async function begun(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", (text: Buffer) =>
      String(text).startsWith("begun") ? resolve() : reject(new Error(String(text))),
    );
    child.once("error", reject);
  });
}

test("killed at any moment, it leaves one whole text", async () => {
  for (let time = 0; time < 8; time++) {
    const path = fresh(`killed-${time}.conf`, "a".repeat(300_000));
    const child = spawn(
      process.execPath,
      ["--conditions=source", "--input-type=module", "-e", WRITER, path],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await begun(child);
    // Readers see whole texts all the while; then it is killed wherever it is.
    for (let read = 0; read < 5 + time * 3; read++) {
      assert.match(readFileSync(path, "utf8"), /^(?:a{300000}|b{300000})$/);
    }
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    assert.match(readFileSync(path, "utf8"), /^(?:a{300000}|b{300000})$/);
  }
});
