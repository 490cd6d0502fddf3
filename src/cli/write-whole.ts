/** Writes a file that readers find whole at any moment: made beside it and renamed over it. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

export type Written =
  | { readonly kind: "written" }
  /** There is something else than a file, a device for example: it stays. */
  | { readonly kind: "not-regular" }
  | { readonly kind: "failed"; readonly errno: string };

/** @param mode permission bits, whatever the umask */
export function writeWhole(path: string, text: string, mode: number): Written {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) return { kind: "not-regular" };
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    const fd = openSync(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      writeFileSync(fd, text);
      fchmodSync(fd, mode);
    } finally {
      closeSync(fd);
    }
    renameSync(beside, path);
    return { kind: "written" };
  } catch (error) {
    remove(beside);
    const errno = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { kind: "failed", errno };
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made.
  }
}
