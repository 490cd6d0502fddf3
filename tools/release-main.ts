/**
 * Makes a release of the committed tree: `npm run release -- [OPTIONS]`.
 *
 *   --dry-run          everything but the tag; the changelog may still say "(unreleased)"
 *   --out FOLDER       where the files go (default out/release-VERSION)
 *   --packages FOLDER  what `npm run package` made of this version, to be published with it
 *
 * The folder gets the source archive (nothing is compiled), its bill of materials (CycloneDX, by
 * `npm sbom`), the packages, and SHA256SUMS of all. The archive of a commit is
 * always the same bytes. docs/release.md has the whole procedure.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { toolOptions } from "./tool-options.ts";

const root = join(import.meta.dirname, "..");
const OUTPUT_BYTES_MAX = 1 << 28;
/** Without which nobody could install or use it. */
const NEEDED = [
  "package.json",
  "package-lock.json",
  "LICENSE",
  "README.md",
  "CHANGELOG.md",
  "bin/baton",
];

const values = toolOptions(import.meta.filename, {
  options: {
    "dry-run": { type: "boolean", default: false },
    out: { type: "string" },
    packages: { type: "string" },
  },
});
const isDryRun = values["dry-run"];

class Refusal extends Error {}

function refuse(text: string): never {
  throw new Refusal(text);
}

function run(program: string, args: readonly string[], folder: string = root): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  if (status === 0) return stdout;
  const why = error?.message ?? stderr.toString().trim();
  return refuse(`${basename(program)} ${args.join(" ")} failed: ${why}`);
}

const git = (...args: readonly string[]): string => run("git", args).toString().trim();

interface Manifest {
  readonly name: string;
  readonly version: string;
}

function readManifest(file: string): Manifest {
  const value = JSON.parse(readFileSync(join(root, file), "utf8")) as Partial<Manifest>;
  return { name: value.name ?? "", version: value.version ?? "" };
}

/** The heading and the text of a version; `## 1.2.3 (2026-12-01)`. */
function readEntry(version: string): { readonly date: string; readonly text: string } {
  const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  for (const section of changelog.split(/^## /m).slice(1)) {
    const [heading = "", ...lines] = section.split("\n");
    const found = /^(\S+) \((.+)\)$/.exec(heading.trim());
    const text = lines.join("\n").trim();
    if (found?.[1] === version) return { date: found[2] ?? "", text };
  }
  return refuse(`CHANGELOG.md has no entry "## ${version} (date)": write what changed for users`);
}

function checkTree(version: string): void {
  if (!/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?$/.test(version)) {
    refuse(`package.json: version "${version}" is not of the form 1.2.3; npm version sets it`);
  }
  const locked = readManifest("package-lock.json").version;
  if (locked !== version) {
    refuse(`package-lock.json says version ${locked}, package.json ${version}; run npm install`);
  }
  const changes = git("status", "--porcelain");
  if (changes !== "") refuse(`the tree has changes that are not committed:\n${changes}`);
  const entry = readEntry(version);
  if (entry.text === "") refuse(`CHANGELOG.md says nothing about ${version}`);
  if (!isDryRun && !/^\d{4}-\d{2}-\d{2}$/.test(entry.date)) {
    refuse(
      `CHANGELOG.md: "## ${version} (${entry.date})": write the day of the release, 2026-12-31`,
    );
  }
  if (!isDryRun && git("tag", "--list", `v${version}`) !== "") {
    refuse(`the tag v${version} exists; a released version does not change`);
  }
}

/** The committed files, the same bytes each time: the archive has the time of the commit. */
function makeArchive(name: string): Buffer {
  const tar = run("git", ["archive", "--format=tar", `--prefix=${name}/`, "HEAD"]);
  return gzipSync(tar, { level: 9 });
}

/** Unpacks it as a user would, looks at what is in it, and lists what it is made of. */
function makeSbom(archive: Buffer, name: string, manifest: Manifest): string {
  const folder = mkdtempSync(join(tmpdir(), "baton-release-"));
  try {
    const tar = join(folder, "archive.tar");
    writeFileSync(tar, gunzipSync(archive));
    run("tar", ["-xf", tar], folder);
    const tree = join(folder, name);
    for (const file of NEEDED) {
      if (readFileSync(join(tree, file)).length === 0) refuse(`${file} is empty in the archive`);
    }
    const npm = process.env["npm_execpath"];
    const [program, ...first] = npm?.endsWith("js") === true ? [process.execPath, npm] : ["npm"];
    const options = ["--sbom-format", "cyclonedx", "--package-lock-only", "--omit", "dev"];
    const text = run(program ?? "npm", [...first, "sbom", ...options], tree).toString();
    const sbom = JSON.parse(text) as { metadata: { component: { name: string } } };
    // npm takes the name of the folder.
    sbom.metadata.component.name = manifest.name;
    return `${JSON.stringify(sbom, null, 2)}\n`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The files of SHA256SUMS, as it says they are, and of this version. */
function readPackages(folder: string, version: string): readonly (readonly [string, Buffer])[] {
  const sums = join(folder, "SHA256SUMS");
  if (!existsSync(sums)) refuse(`there is no ${sums}; \`npm run package\` makes it`);
  const lines = readFileSync(sums, "utf8").trim().split("\n");
  return lines.map((line) => {
    const [sum, name = ""] = line.split("  ");
    const bytes = readFileSync(join(folder, name));
    if (sum !== sha256(bytes)) refuse(`${join(folder, name)} is not what SHA256SUMS says`);
    if (name !== "Dockerfile" && !name.includes(version)) {
      refuse(`${join(folder, name)} is not of version ${version}; \`npm run package\` makes it`);
    }
    return [name, bytes] as const;
  });
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

function release(): void {
  const manifest = readManifest("package.json");
  checkTree(manifest.version);
  const name = `${manifest.name}-${manifest.version}`;
  const archive = makeArchive(name);
  const files = new Map<string, Buffer>([
    [`${name}.tar.gz`, archive],
    [`${name}.cdx.json`, Buffer.from(makeSbom(archive, name, manifest))],
    ...(values.packages === undefined
      ? []
      : readPackages(resolve(values.packages), manifest.version)),
  ]);
  const sums = [...files].map(([file, bytes]) => `${sha256(bytes)}  ${file}\n`);
  files.set("SHA256SUMS", Buffer.from(sums.join("")));
  const folder = resolve(values.out ?? join(root, "out", `release-${manifest.version}`));
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of files) {
    writeFileSync(join(folder, file), bytes);
    process.stdout.write(`${join(folder, file)}  ${bytes.length} bytes\n`);
  }
  if (isDryRun) {
    process.stdout.write("dry run: no tag was made\n");
    return;
  }
  git("tag", "-a", `v${manifest.version}`, "-m", `${manifest.name} ${manifest.version}`);
  process.stdout.write(
    `tag v${manifest.version} made; next: git push origin v${manifest.version}, then publish the files above\n`,
  );
}

try {
  release();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`no release: ${error.message}\n`);
  process.exitCode = 1;
}
