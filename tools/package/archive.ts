/** The archive that runs from any folder: the program, its pages and files to install by hand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { examples, monitoring, programFolder } from "./contents.ts";
import { below, completed, type Entry, file } from "./entries.ts";
import type { Made } from "./made.ts";

export const archiveFolder = (version: string): string => `baton-${version}-linux-x64`;

export function archiveTree(made: Made): readonly Entry[] {
  const text = (path: string): Buffer => readFileSync(join(made.root, path));
  const entries: readonly Entry[] = [
    ...programFolder(made),
    file("LICENSE", text("LICENSE")),
    file("THIRD-PARTY-LICENSES", made.licenses),
    file("README.md", text("README.md")),
    file("CHANGELOG.md", text("CHANGELOG.md")),
    // The tutorial's are among the program's.
    ...examples(made.root).filter(({ path }) => !path.startsWith("examples/tutorial/")),
    file("examples/systemd/baton.service", text("examples/systemd/baton.service")),
    file("examples/systemd/hardening.conf", text("examples/systemd/hardening.conf")),
    ...monitoring(made.root).map((entry) => ({ ...entry, path: `share/${entry.path}` })),
    file("share/bash-completion/completions/baton", made.completions.bash),
    file("share/zsh/site-functions/_baton", made.completions.zsh),
    file("share/fish/vendor_completions.d/baton.fish", made.completions.fish),
    ...made.manPages.map(({ path, bytes }) => file(`share/man/${path}`, bytes)),
  ];
  return completed(below(archiveFolder(made.version), entries));
}
