/** What was made for a package, before it is packed. */
import type { Buffer } from "node:buffer";
import type { Entry } from "./entries.ts";

export interface ManPage {
  /** Below /usr/share/man: `man8/baton.8`, `zh_CN/man8/baton.8`. */
  readonly path: string;
  readonly bytes: Buffer;
}

export interface Made {
  /** The source tree. */
  readonly root: string;
  readonly version: string;
  /** Seconds since 1970: of every file, and of the package. */
  readonly time: number;
  /** `dist/run/…`, and the console's page in `dist/console/…` */
  readonly bundle: readonly Entry[];
  /** Packages of npm that are inside the bundle, or beside it. */
  readonly packages: readonly string[];
  readonly licenses: string;
  readonly completions: Readonly<Record<"bash" | "zsh" | "fish", Buffer>>;
  readonly manPages: readonly ManPage[];
}
