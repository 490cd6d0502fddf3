/** An RPM package, by rpmbuild: it packs a tree, and changes nothing in it. */
import type { Buffer } from "node:buffer";
import {
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newestChanges } from "./changes.ts";
import { installedFiles, RPM } from "./contents.ts";
import { MAINTAINER } from "./deb.ts";
import { completed, type Entry, file } from "./entries.ts";
import type { Made } from "./made.ts";
import { writeEntries } from "./make.ts";
import { Refusal, runProgram } from "./run-program.ts";

/** Folders of the system, which the package does not own. */
const OWN_FOLDER = /^usr\/(?:lib|share\/doc|share\/licenses)\/baton(?:\/|$)/;

/** 1.0.0-rc.1 is version 1.0.0~rc.1, which sorts before 1.0.0. */
export const rpmVersion = (version: string): string => version.replace("-", "~");
export const rpmName = (version: string): string => `baton-${rpmVersion(version)}-1.x86_64.rpm`;

export function rpmTree(made: Made): readonly Entry[] {
  const license = readFileSync(join(made.root, "LICENSE"));
  return completed([...installedFiles(made, RPM), file(`${RPM.licenses}/LICENSE`, license)]);
}

/** @param level of xz. Throws a `Refusal` without rpmbuild */
export function makeRpm(made: Made, level: number, tree: readonly Entry[] = rpmTree(made)): Buffer {
  const work = mkdtempSync(join(tmpdir(), "baton-rpm-"));
  try {
    const folder = join(work, "tree");
    mkdirSync(folder);
    writeEntries(tree, folder);
    for (const { path } of tree) lutimesSync(join(folder, path), made.time, made.time);
    const spec = join(work, "baton.spec");
    writeFileSync(spec, specOf(made, tree));
    const options = Object.entries(defines(work, folder, level)).flatMap(([name, value]) => [
      "--define",
      `${name} ${value}`,
    ]);
    runProgram("rpmbuild", ["-bb", "--quiet", "--target", "x86_64-linux", ...options, spec], {
      env: {
        PATH: process.env["PATH"],
        LC_ALL: "C",
        HOME: work,
        SOURCE_DATE_EPOCH: `${made.time}`,
      },
    });
    const [name] = readdirSync(join(work, "out"));
    if (name === undefined) throw new Refusal("rpmbuild made nothing");
    return readFileSync(join(work, "out", name));
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** The same package on every machine and at every time; nothing stripped, nothing compressed. */
function defines(work: string, folder: string, level: number): Readonly<Record<string, string>> {
  return {
    _topdir: work,
    _rpmdir: join(work, "out"),
    _rpmfilename: "baton.rpm",
    _tmppath: work,
    _buildhost: "baton",
    use_source_date_epoch_as_buildtime: "1",
    clamp_mtime_to_source_date_epoch: "1",
    _build_id_links: "none",
    debug_package: "%{nil}",
    __os_install_post: "%{nil}",
    // What every rpm since 4.7 reads: CentOS 7 has to get as far as the script that says why not.
    _binary_payload: `w${level}T2.xzdio`,
    _source_filedigest_algorithm: "8",
    _binary_filedigest_algorithm: "8",
    baton_tree: folder,
  };
}

function specOf(made: Made, tree: readonly Entry[]): string {
  const read = (path: string): string => readFileSync(join(made.root, "packaging", path), "utf8");
  const lines = tree.flatMap((entry) => {
    const path = `"/${entry.path}"`;
    if (entry.kind === "link") return [path];
    if (entry.kind === "folder") {
      return OWN_FOLDER.test(entry.path) ? [`%dir %attr(0755, root, root) ${path}`] : [];
    }
    const attributes = `%attr(0${entry.mode.toString(8)}, root, root)`;
    return [`${kindOf(entry.path, entry.isConfiguration)}${attributes} ${path}`];
  });
  return read("rpm/baton.spec")
    .replace("@VERSION@", rpmVersion(made.version))
    .replace("@RELEASE@", "1")
    .replace("@MAINTAINER@", MAINTAINER)
    .replace("@CHANGES@\n", () => rpmChanges(made))
    .replace("@FLOORS@\n", () => read("floors.sh").replaceAll("%", "%%"))
    .replace("@FILES@\n", () => `${lines.join("\n")}\n`);
}

/** `* Mon Nov 30 2026 Name <address> - version-release`, and its lines. */
function rpmChanges(made: Made): string {
  const [day = "", date = "", month = "", year = ""] = new Date(made.time * 1000)
    .toUTCString()
    .split(/,? /);
  const heading = `* ${day} ${month} ${date} ${year} ${MAINTAINER} - ${rpmVersion(made.version)}-1`;
  const lines = newestChanges(made.root).map((text) => `- ${text.replaceAll("%", "%%")}`);
  return `${[heading, ...lines].join("\n")}\n`;
}

function kindOf(path: string, isConfiguration: boolean): string {
  if (isConfiguration) return "%config(noreplace) ";
  if (path.startsWith(RPM.licenses)) return "%license ";
  return /^usr\/share\/(?:doc|man)\//.test(path) ? "%doc " : "";
}
