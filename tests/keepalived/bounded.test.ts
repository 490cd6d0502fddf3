/**
 * Whatever a path or a file is, reading it ends, soon and in little memory, with a finding at the
 * place.
 *
 * Own process: measures how much memory this process takes.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { includeLoader, loadFile, readFiles } from "#cli/config-files";
import { globPaths } from "#cli/glob-paths";
import { type Reading, readConfiguration } from "#keepalived/read";

const folder = mkdtempSync(join(tmpdir(), "baton-bounded-"));
after(() => rmSync(folder, { recursive: true }));

const codesOf = (reading: Reading): readonly string[] => reading.findings.map(({ code }) => code);
const read = (text: string): Reading => readConfiguration([{ name: "a.conf", text }]);

function including(path: string): Reading {
  const name = join(folder, "main.conf");
  return readFiles({ name, text: `include ${path}\nglobal_defs {\n    router_id x\n}\n` }, {});
}

function skippedAs(path: string): unknown {
  const reading = including(path);
  const [found] = reading.findings.filter(({ code }) => code === "VR1018");
  assert.ok(found, `${path}: ${codesOf(reading).join()}`);
  assert.equal(found.primary.start, "include ".length, "at the include's own place");
  assert.equal(reading.plan.globals.routerId, "x", "what follows is read");
  return found.code === "VR1018" ? found.facts.why : undefined;
}

test("what is no regular file is skipped: FIFO, device, folder, socket, the kernel's own files", async () => {
  const fifo = join(folder, "fifo");
  execFileSync("mkfifo", [fifo]);
  const socket = join(folder, "socket");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const link = join(folder, "zero");
  symlinkSync("/dev/zero", link);
  assert.equal(skippedAs(fifo), "not-regular");
  assert.equal(skippedAs(link), "not-regular");
  assert.equal(skippedAs("/dev/full"), "not-regular");
  assert.equal(skippedAs(socket), "not-regular");
  assert.equal(skippedAs("/proc/self/status"), "not-regular");
  assert.equal(skippedAs("/proc/self/mem"), "not-regular");
  assert.equal(skippedAs("/sys/kernel/uevent_seqnum"), "not-regular");
  assert.equal(skippedAs(folder), "directory");
  server.close();
  // The configuration itself as well.
  for (const path of [fifo, link, "/proc/self/status"]) {
    const { findings } = loadFile(path);
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["VR5004"],
      path,
    );
  }
});

test("a file of any size is refused without being read", () => {
  const sparse = join(folder, "sparse.conf");
  writeFileSync(sparse, "");
  truncateSync(sparse, 3_000_000_000);
  assert.equal(skippedAs(sparse), "too-large");
  assert.equal(loadFile(sparse).source.text, "");
  // Many that are allowed alone are no more together.
  for (const name of ["one", "two", "three"])
    writeFileSync(join(folder, `${name}.part`), "#".repeat(6_000_000));
  const { files, skipped } = includeLoader("*.part", join(folder, "main.conf"));
  assert.equal(files.length, 2);
  assert.deepEqual(
    skipped.map(({ why }) => why),
    ["too-large"],
  );
});

test("patterns match as glob does, and never walk the whole machine", () => {
  const tree = join(folder, "tree");
  for (const name of ["a", "ab", "b1", ".hidden", "x[y"]) {
    mkdirSync(join(tree, name), { recursive: true });
    writeFileSync(join(tree, name, "f.conf"), "");
  }
  const names = (pattern: string): readonly string[] =>
    globPaths(join(tree, pattern)).paths.map((path) => path.slice(tree.length + 1));
  assert.deepEqual(names("*"), ["a", "ab", "b1", "x[y"]);
  assert.deepEqual(names("a?"), ["ab"]);
  assert.deepEqual(names("[!a]*/f.conf"), ["b1/f.conf", "x[y/f.conf"]);
  assert.deepEqual(names("[a-b]*/*.conf"), ["a/f.conf", "ab/f.conf", "b1/f.conf"]);
  assert.deepEqual(names(".h*/f.conf"), [".hidden/f.conf"]);
  assert.deepEqual(names("x\\[y"), ["x[y"]);
  assert.deepEqual(names("**"), ["a", "ab", "b1", "x[y"], "two stars are one");
  assert.deepEqual(names("none"), []);
  assert.equal(globPaths(`/${"*/".repeat(30)}*`).paths.length <= 1_000, true);
  assert.deepEqual(names(`${"*a".repeat(200)}*b`), []);
});

test("loops that never end are no loops", () => {
  for (const loop of [
    "~SEQ(A,1,0,5)",
    "~SEQ(A,9223372036854775806,1,9223372036854775807)",
    "~SEQ(A,9007199254740992,9007199254740994)",
    "~SEQ(A,1,99999999999999999999)",
    "~SEQx(A,0x1fffffffffffff,1,0x3fffffffffffff)",
    "~SEQ(A,-1,1)  ~SEQ(B,5,-1,9)",
  ]) {
    assert.ok(read(`${loop} foo $A\n`).findings.length > 0, loop);
  }
});

test("a loop of loops over nothing ends as well", () => {
  const reading = read(
    "~SEQ(a,1,100000) ~SEQ(b,1,100000) \n~SEQ(a,1,100000) ~SEQ(b,1,100000) @no x\n",
  );
  assert.ok(codesOf(reading).includes("VR1034"));
});

test("a line of millions of tokens costs what it can mean: a thousand of them", () => {
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
  const reading = read("x ".repeat(5_000_000));
  const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before;
  assert.deepEqual(codesOf(reading).includes("VR1008"), true);
  assert.ok(grown < 100_000_000, `${grown} bytes`);
});
