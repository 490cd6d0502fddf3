/**
 * Makes the packages: `npm run package -- [--only KINDS] [--out FOLDER] [--version V] [--level N]`.
 *
 *   --only KINDS   of deb, rpm, tar.gz, tar.xz, dockerfile, with commas between them (default: all)
 *   --out FOLDER   where they go (default dist)
 *   --version V    instead of that of package.json
 *   --level N      of xz, 0 to 9 (default 6)
 *   --pin          only: look at the archives of the binaries and write packaging/binaries.json
 *   --official F   only: compare the Node.js binary with the archive and the SHASUMS256.txt of the
 *                  Node.js project in the folder F
 *
 * The same tree gives the same bytes: every file has the time of the last commit, or of
 * SOURCE_DATE_EPOCH. docs/packages.md says what is inside, and how it is tried.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { archiveFolder, archiveTree } from "./package/archive.ts";
import { debName, makeDeb } from "./package/deb.ts";
import type { Made } from "./package/made.ts";
import { make } from "./package/make.ts";
import { compareWithOfficial, sha256, writePins } from "./package/pins.ts";
import { makeRpm, rpmName } from "./package/rpm.ts";
import { compressGzip, compressXz, Refusal } from "./package/run-program.ts";
import { makeSbom } from "./package/sbom.ts";
import { makeTar } from "./package/tar.ts";
import { toolOptions, wholeNumber } from "./tool-options.ts";

const root = join(import.meta.dirname, "..");
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const values = toolOptions(import.meta.filename, {
  options: {
    only: { type: "string", default: "deb,rpm,tar.gz,tar.xz,dockerfile" },
    out: { type: "string", default: join(root, "dist") },
    version: { type: "string" },
    level: { type: "string", default: "6" },
    pin: { type: "boolean", default: false },
    official: { type: "string" },
  },
});

type Kind = "deb" | "rpm" | "tar.gz" | "tar.xz" | "dockerfile";
const KINDS: Readonly<Record<Kind, (made: Made, level: number) => readonly [string, Buffer]>> = {
  deb: (made, level) => [debName(made.version), makeDeb(made, level)],
  rpm: (made, level) => [rpmName(made.version), makeRpm(made, level)],
  // For machines without xz: a third larger.
  "tar.gz": (made) => [
    `${archiveFolder(made.version)}.tar.gz`,
    compressGzip(makeTar(archiveTree(made), made.time)),
  ],
  "tar.xz": (made, level) => [
    `${archiveFolder(made.version)}.tar.xz`,
    compressXz(makeTar(archiveTree(made), made.time), level),
  ],
  dockerfile: (made) => {
    const text = readFileSync(join(root, "packaging/Dockerfile"), "utf8");
    return ["Dockerfile", Buffer.from(text.replaceAll("@DEB@", debName(made.version)))];
  },
};
const isKind = (name: string): name is Kind => Object.hasOwn(KINDS, name);

/** Of the last commit, so that whoever has it makes the same. */
function timeOf(): number {
  const given = process.env["SOURCE_DATE_EPOCH"];
  if (given !== undefined) return wholeNumber("SOURCE_DATE_EPOCH", given);
  const { status, stdout } = spawnSync("git", ["log", "-1", "--format=%ct"], { cwd: root });
  if (status === 0) return Number(stdout.toString());
  throw new Refusal("this is no git checkout: set SOURCE_DATE_EPOCH to the time of the release");
}

function readVersion(): string {
  const text = readFileSync(join(root, "package.json"), "utf8");
  const version = values.version ?? (JSON.parse(text) as { version: string }).version;
  if (/^\d[0-9A-Za-z.+~]*(?:-[0-9A-Za-z.+~]+)?$/.test(version)) return version;
  throw new Refusal(`no version of a package: ${version}`);
}

function makeAll(): void {
  const kinds = values.only.split(",");
  for (const name of kinds) {
    if (!isKind(name)) throw new Refusal(`--only ${name}: one of ${Object.keys(KINDS).join(", ")}`);
  }
  if (process.arch !== "x64")
    throw new Refusal(`packages are made on x64; this is ${process.arch}`);
  const level = wholeNumber("level", values.level);
  const made = make(root, readVersion(), timeOf());
  const folder = resolve(values.out);
  mkdirSync(folder, { recursive: true });
  const sums: string[] = [];
  const write = (name: string, bytes: Buffer): void => {
    writeFileSync(join(folder, name), bytes);
    sums.push(`${sha256(bytes)}  ${name}\n`);
    say(`${join(folder, name)}  ${(bytes.length / 1e6).toFixed(1)} MB`);
  };
  for (const name of kinds.filter(isKind)) write(...KINDS[name](made, level));
  write(`${archiveFolder(made.version)}.cdx.json`, Buffer.from(makeSbom(made)));
  writeFileSync(join(folder, "SHA256SUMS"), sums.toSorted().join(""));
}

try {
  if (values.pin) writePins(root, say);
  else if (values.official !== undefined) say(compareWithOfficial(root, resolve(values.official)));
  else makeAll();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`no package: ${error.message}\n`);
  process.exitCode = 1;
}
