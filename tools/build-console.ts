/**
 * Builds the page of `baton console`: `npm run build:console [-- --if-needed]`.
 *
 *   --out FOLDER     instead of dist/console
 *   --if-needed      only if something it is made of is newer than what stands there
 *   --packages FILE  gets the names of the packages that are in it, as a list in JSON
 *
 * Every file is there as it is, and compressed with gzip and Brotli, so that the server compresses
 * nothing while it runs. The folder is replaced at once: a server that is reading, or a second
 * build beside this one, never sees half of it.
 */
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { brotliCompressSync, gzipSync, constants as zlib } from "node:zlib";
import { build } from "vite";
import { toolOptions } from "./tool-options.ts";

const root = join(import.meta.dirname, "..");
const values = toolOptions(import.meta.filename, {
  options: {
    out: { type: "string", default: join(root, "dist", "console") },
    "if-needed": { type: "boolean", default: false },
    packages: { type: "string" },
  },
});
const target = resolve(values.out);

/** Rooms that the page takes code from are sources too. */
function isCurrent(): boolean {
  const index = join(target, "index.html");
  if (!existsSync(index)) return false;
  const builtAt = statSync(index).mtimeMs;
  const sources = ["src/**/*.{ts,tsx,css,html,svg,json}", "docs/codes/*", "package-lock.json"];
  return globSync([...sources, "tools/build-console.ts"], { cwd: root }).every(
    (path) => statSync(join(root, path)).mtimeMs < builtAt,
  );
}

function compress(folder: string): void {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const one of names.filter((name) => name.isFile())) {
    const path = join(one.parentPath, one.name);
    const bytes = readFileSync(path);
    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
    const params = { [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
  }
}

/** The later of two builds at once wins; each leaves a whole folder. */
function replace(made: string): void {
  for (;;) {
    const old = `${made}-old`;
    try {
      if (existsSync(target)) renameSync(target, old);
      renameSync(made, target);
      return;
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(code)) throw error;
    } finally {
      rmSync(old, { recursive: true, force: true });
    }
  }
}

async function buildPage(): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const made = mkdtempSync(join(dirname(target), ".console-"));
  chmodSync(made, 0o755);
  try {
    const output = await build({
      configFile: false,
      envDir: false,
      root: join(root, "src", "console"),
      publicDir: false,
      logLevel: "warn",
      build: {
        outDir: made,
        emptyOutDir: true,
        target: "es2022",
        // A page under `default-src 'self'` has no inline images or modules.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
      },
    });
    compress(made);
    replace(made);
    if (values.packages !== undefined) writeFileSync(values.packages, packagesOf(output));
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** By the folders of the modules that went into it. */
function packagesOf(output: Awaited<ReturnType<typeof build>>): string {
  const names = new Set<string>();
  for (const { output: files } of "on" in output ? [] : [output].flat()) {
    for (const id of files.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []))) {
      const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id) ?? [];
      if (name !== undefined) names.add(name);
    }
  }
  return JSON.stringify([...names].toSorted());
}

/** What a browser gets that takes gzip only, of everything there is. */
function sizes(): { readonly plain: number; readonly gzip: number; readonly brotli: number } {
  const files = globSync("**/*", { cwd: target })
    .map((name) => join(target, name))
    .filter((path) => statSync(path).isFile());
  const sum = (select: (path: string) => boolean): number =>
    files.filter(select).reduce((total, path) => total + statSync(path).size, 0);
  const isGzip = (path: string): boolean => path.endsWith(".gz");
  const isBrotli = (path: string): boolean => path.endsWith(".br");
  return {
    plain: sum((path) => !isGzip(path) && !isBrotli(path)),
    gzip: sum(isGzip),
    brotli: sum(isBrotli),
  };
}

if (!values["if-needed"] || !isCurrent()) {
  await buildPage();
  const { plain, gzip, brotli } = sizes();
  const kb = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`;
  process.stdout.write(`${target}: ${kb(plain)}, gzip ${kb(gzip)}, Brotli ${kb(brotli)}\n`);
}
