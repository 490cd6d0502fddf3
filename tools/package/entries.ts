/** What a package installs, as values: every kind of package is written from the same list. */
import { Buffer } from "node:buffer";

export interface FileEntry {
  readonly kind: "file";
  /** Absolute on the target, without the slash at its beginning. */
  readonly path: string;
  readonly mode: number;
  readonly bytes: Buffer;
  /** An upgrade keeps what an administrator changed (dpkg's conffile, rpm's noreplace). */
  readonly isConfiguration: boolean;
}

export interface LinkEntry {
  readonly kind: "link";
  readonly path: string;
  /** As it stands in the link: relative to its folder. */
  readonly target: string;
}

export interface FolderEntry {
  readonly kind: "folder";
  readonly path: string;
}

/** Owner and group are root, the time is that of the package, folders are 0755. */
export type Entry = FileEntry | LinkEntry | FolderEntry;

export const FOLDER_MODE = 0o755;

type Content = Buffer | string;
const bytesOf = (content: Content): Buffer =>
  typeof content === "string" ? Buffer.from(content) : content;

export const file = (path: string, content: Content, mode = 0o644): FileEntry => ({
  kind: "file",
  path,
  mode,
  bytes: bytesOf(content),
  isConfiguration: false,
});

export const configuration = (path: string, content: Content, mode = 0o644): FileEntry => ({
  ...file(path, content, mode),
  isConfiguration: true,
});

export const link = (path: string, target: string): LinkEntry => ({ kind: "link", path, target });

/** Sorted, with every folder that a path needs. Throws if two entries have one path. */
export function completed(entries: readonly Entry[]): readonly Entry[] {
  const all = new Map<string, Entry>();
  for (const entry of entries) {
    if (all.has(entry.path)) throw new Error(`two entries for ${entry.path}`);
    if (entry.path.startsWith("/") || entry.path.split("/").includes("..")) {
      throw new Error(`not a path of a package: ${entry.path}`);
    }
    all.set(entry.path, entry);
  }
  for (const { path } of entries) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join("/");
      const there = all.get(folder);
      if (there === undefined) all.set(folder, { kind: "folder", path: folder });
      else if (there.kind !== "folder") throw new Error(`${folder} is no folder, for ${path}`);
    }
  }
  return [...all.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The same entries below a folder. */
export const below = (folder: string, entries: readonly Entry[]): readonly Entry[] =>
  entries.map((entry) => ({ ...entry, path: `${folder}/${entry.path}` }));
