/** A Debian package (deb(5)): an `ar` archive of two tar archives. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { wrap } from "#command-line/wrap";
import { newestChanges } from "./changes.ts";
import { DEBIAN, installedFiles } from "./contents.ts";
import { completed, type Entry, type FileEntry, file } from "./entries.ts";
import type { Made } from "./made.ts";
import { compressXz } from "./run-program.ts";
import { makeTar } from "./tar.ts";

const CHANGELOG_COLUMNS = 76;
const SCRIPTS = ["preinst", "postinst", "prerm", "postrm"];
/** Who packages it for others puts an address here; the project itself has none. */
export const MAINTAINER = "Baton developers <baton@example.org>";
const DESCRIPTION = `Keeps a virtual IP address on exactly one healthy machine
 Baton moves a virtual IP address to another machine of a group when the one
 that has it fails, proves that it moved, and explains why. It reads
 keepalived.conf, speaks VRRP with keepalived, and runs its notify scripts
 unchanged.`;

export const debName = (version: string): string => `baton_${version}_amd64.deb`;

/** What `dpkg -L` lists. */
export function debTree(made: Made): readonly Entry[] {
  const doc = "usr/share/doc/baton";
  const packed = (text: string): Buffer => gzipSync(text, { level: 9 });
  return completed([
    ...installedFiles(made, DEBIAN),
    file(`${doc}/copyright`, copyright(made)),
    file(`${doc}/changelog.gz`, packed(debianChangelog(made))),
    file("usr/share/lintian/overrides/baton", readPackaging(made, "lintian-overrides")),
  ]);
}

/** @param level of xz */
export function makeDeb(made: Made, level: number, tree: readonly Entry[] = debTree(made)): Buffer {
  return ar(made.time, [
    ["debian-binary", Buffer.from("2.0\n")],
    ["control.tar.xz", compressXz(makeTar(controlFiles(made, tree), made.time, "./"), level)],
    ["data.tar.xz", compressXz(makeTar(tree, made.time, "./"), level)],
  ]);
}

function controlFiles(made: Made, tree: readonly Entry[]): readonly Entry[] {
  const files = tree.filter((entry): entry is FileEntry => entry.kind === "file");
  const conffiles = files.filter(({ isConfiguration }) => isConfiguration);
  const sums = files
    .filter(({ isConfiguration }) => !isConfiguration)
    .map(({ path, bytes }) => `${createHash("md5").update(bytes).digest("hex")}  ${path}\n`);
  const floors = readFileSync(join(made.root, "packaging/floors.sh"), "utf8");
  const script = (name: string): Entry =>
    file(
      name,
      readPackaging(made, name).replace("@FLOORS@\n", () => floors),
      0o755,
    );
  return completed([
    file("control", control(made, files)),
    file("conffiles", conffiles.map(({ path }) => `/${path}\n`).join("")),
    file("md5sums", sums.join("")),
    ...SCRIPTS.map(script),
  ]);
}

function control(made: Made, files: readonly FileEntry[]): string {
  const kibibytes = files.reduce((sum, { bytes }) => sum + Math.ceil(bytes.length / 1024), 0);
  return `Package: baton
Version: ${made.version}
Architecture: amd64
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 6), passwd
Suggests: keepalived
Section: net
Priority: optional
Description: ${DESCRIPTION}
`;
}

const readPackaging = (made: Made, name: string): string =>
  readFileSync(join(made.root, "packaging/deb", name), "utf8");

/** In the machine-readable form of Debian; the licences of others are in a file of their own. */
function copyright(made: Made): string {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Baton
Comment: The parts that others wrote (${made.packages.join(", ")})
 are under the licences in /usr/share/doc/baton/THIRD-PARTY-LICENSES.

Files: *
Copyright: ${new Date(made.time * 1000).getUTCFullYear()} the Baton developers
License: Apache-2.0
 On Debian systems, the text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.
`;
}

/** Newest version only, in lines of 80 columns; users read CHANGELOG.md of the source. */
function debianChangelog(made: Made): string {
  const body = newestChanges(made.root).map(
    (text) => `  * ${wrap(text, CHANGELOG_COLUMNS).replaceAll("\n", "\n    ")}`,
  );
  const date = new Date(made.time * 1000).toUTCString().replace("GMT", "+0000");
  return `baton (${made.version}) unstable; urgency=medium\n\n${body.join("\n")}\n\n -- ${MAINTAINER}  ${date}\n`;
}

/** The old common format of `ar`: a header of 60 bytes before each file, an even place for each. */
function ar(time: number, members: readonly (readonly [string, Buffer])[]): Buffer {
  const parts: Buffer[] = [Buffer.from("!<arch>\n")];
  for (const [name, bytes] of members) {
    const fields = [name.padEnd(16), `${time}`.padEnd(12), "0".padEnd(6), "0".padEnd(6)];
    const size = `${bytes.length}`.padEnd(10);
    parts.push(Buffer.from(`${fields.join("")}${"100644".padEnd(8)}${size}\`\n`), bytes);
    if (bytes.length % 2 === 1) parts.push(Buffer.from("\n"));
  }
  return Buffer.concat(parts);
}
