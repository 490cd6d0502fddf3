/** `npm run release`: what it makes is whole and the same each time, and what it refuses. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

const root = join(import.meta.dirname, "../..");
const COPIED = ["package.json", "package-lock.json", "LICENSE", "README.md", "CHANGELOG.md", "bin"];
const TOOLS = ["tools/release-main.ts", "tools/tool-options.ts"];

interface Versioned {
  version?: string;
  readonly packages?: Readonly<Record<string, { version?: string }>>;
}

interface Tree {
  readonly folder: string;
  write(file: string, text: string): void;
  commit(): void;
  release(...args: readonly string[]): { readonly status: number | null; readonly output: string };
}

/** A repository with as much of this one as a release looks at, version 9.8.7 of today. */
function makeTree(context: TestContext): Tree {
  const folder = mkdtempSync(join(tmpdir(), "baton-release-test-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.com", ...args], {
      cwd: folder,
      encoding: "utf8",
    });
  for (const name of [...COPIED, ...TOOLS]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  for (const file of ["package.json", "package-lock.json"]) {
    const json = JSON.parse(readFileSync(join(root, file), "utf8")) as Versioned;
    json.version = "9.8.7";
    for (const own of [json.packages?.[""] ?? {}]) own.version = "9.8.7";
    write(file, JSON.stringify(json, null, 2));
  }
  write("CHANGELOG.md", "# Changelog\n\n## 9.8.7 (2026-11-30)\n\nTried.\n");
  write(".gitignore", "/out/\n");
  git("init", "-q");
  const commit = (): void => {
    git("add", "-A");
    git("commit", "-q", "-m", "tried");
  };
  commit();
  return {
    folder,
    write,
    commit,
    release: (...args) => {
      const all = ["--disable-warning=ExperimentalWarning", "tools/release-main.ts", ...args];
      const env = { ...process.env, GIT_COMMITTER_NAME: "T", GIT_COMMITTER_EMAIL: "t@example.com" };
      const { status, stdout, stderr } = spawnSync(process.execPath, all, {
        cwd: folder,
        encoding: "utf8",
        env,
      });
      return { status, output: stdout + stderr };
    },
  };
}

test("a dry run makes archive, bill of materials and checksums that agree, and no tag", (context) => {
  const tree = makeTree(context);
  const first = tree.release("--dry-run");
  assert.equal(first.status, 0, first.output);
  const folder = join(tree.folder, "out/release-9.8.7");
  const names = ["SHA256SUMS", "baton-9.8.7.cdx.json", "baton-9.8.7.tar.gz"];
  assert.deepEqual(readdirSync(folder).toSorted(), names);
  execFileSync("sha256sum", ["-c", "--strict", "--quiet", "SHA256SUMS"], { cwd: folder });
  const listed = execFileSync("tar", ["-tzf", "baton-9.8.7.tar.gz"], { cwd: folder }).toString();
  assert.match(listed, /^baton-9\.8\.7\/bin\/baton$/m);
  assert.match(listed, /^baton-9\.8\.7\/package-lock\.json$/m);
  const sbom = readFileSync(join(folder, "baton-9.8.7.cdx.json"), "utf8");
  for (const part of ['"CycloneDX"', '"pkg:npm/baton@9.8.7"', '"pkg:npm/koffi@']) {
    assert.ok(sbom.includes(part), part);
  }
  assert.ok(!sbom.includes('"pkg:npm/typescript@'), "developer tools are not shipped");
  const again = tree.release("--dry-run", "--out", join(tree.folder, "out/again"));
  assert.equal(again.status, 0, again.output);
  const read = (path: string): string => readFileSync(join(tree.folder, path)).toString("base64");
  assert.equal(read("out/release-9.8.7/baton-9.8.7.tar.gz"), read("out/again/baton-9.8.7.tar.gz"));
  assert.equal(execFileSync("git", ["tag"], { cwd: tree.folder }).toString(), "");
});

test("packages of this version are published with it, with their sums", (context) => {
  const tree = makeTree(context);
  const made = join(tree.folder, "out/made");
  mkdirSync(made, { recursive: true });
  const publish = (name: string, text: string, listed = text): void => {
    writeFileSync(join(made, name), text);
    const sum = createHash("sha256").update(listed).digest("hex");
    writeFileSync(join(made, "SHA256SUMS"), `${sum}  ${name}\n`);
  };
  const release = (): ReturnType<Tree["release"]> => tree.release("--dry-run", "--packages", made);
  assert.match(release().output, /no release: there is no .*SHA256SUMS; `npm run package`/);
  publish("baton_9.8.6_amd64.deb", "old");
  assert.match(release().output, /baton_9\.8\.6_amd64\.deb is not of version 9\.8\.7/);
  publish("baton_9.8.7_amd64.deb", "changed", "as it was made");
  assert.match(release().output, /is not what SHA256SUMS says/);
  publish("baton_9.8.7_amd64.deb", "a package");
  assert.equal(release().status, 0);
  const folder = join(tree.folder, "out/release-9.8.7");
  execFileSync("sha256sum", ["-c", "--strict", "--quiet", "SHA256SUMS"], { cwd: folder });
  assert.equal(readFileSync(join(folder, "baton_9.8.7_amd64.deb"), "utf8"), "a package");
});

test("a release is tagged, once", (context) => {
  const tree = makeTree(context);
  const first = tree.release();
  assert.equal(first.status, 0, first.output);
  assert.equal(execFileSync("git", ["tag"], { cwd: tree.folder }).toString(), "v9.8.7\n");
  const second = tree.release();
  assert.equal(second.status, 1);
  assert.match(second.output, /no release: the tag v9\.8\.7 exists/);
});

test("refused: a dirty tree, versions that disagree, a changelog that says nothing", (context) => {
  const tree = makeTree(context);
  tree.write("README.md", "changed\n");
  assert.match(tree.release("--dry-run").output, /not committed:\n\s*M README\.md/);
  tree.commit();
  tree.write("CHANGELOG.md", "# Changelog\n\n## 9.8.6 (2026-11-01)\n\nOld.\n");
  tree.commit();
  assert.match(tree.release("--dry-run").output, /has no entry "## 9\.8\.7 \(date\)"/);
  tree.write("CHANGELOG.md", "# Changelog\n\n## 9.8.7 (2026-11-30)\n\n## 9.8.6 (x)\n\nOld.\n");
  tree.commit();
  assert.match(tree.release("--dry-run").output, /says nothing about 9\.8\.7/);
  tree.write("CHANGELOG.md", "# Changelog\n\n## 9.8.7 (unreleased)\n\nNew.\n");
  tree.commit();
  assert.match(tree.release().output, /write the day of the release/);
  assert.equal(tree.release("--dry-run").status, 0);
  tree.write(
    "package.json",
    readFileSync(join(tree.folder, "package.json"), "utf8").replace("9.8.7", "9.8.8"),
  );
  tree.commit();
  const { status, output } = tree.release("--dry-run");
  assert.equal(status, 1);
  assert.match(output, /package-lock\.json says version 9\.8\.7, package\.json 9\.8\.8/);
});

test("this very version has an entry in the changelog", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  };
  assert.match(
    readFileSync(join(root, "CHANGELOG.md"), "utf8"),
    new RegExp(`^## ${version} \\(.+\\)$`, "m"),
  );
});
