/**
 * The page's files, as `npm run build:console` made them. They are read once: there are few, they
 * are small, and nobody can make the server read another.
 */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import type { Context } from "hono";

interface Asset {
  readonly type: string;
  /** Changes with its name, so it may be kept for ever. */
  readonly isHashed: boolean;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzip: Uint8Array<ArrayBuffer> | undefined;
  readonly brotli: Uint8Array<ArrayBuffer> | undefined;
}

/** By path, such as `/assets/index-1a2b3c.js`; `/` is the page. */
export type Assets = ReadonlyMap<string, Asset>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".woff2": "font/woff2",
};

/**
 * Nothing from elsewhere, no frames around it, no plug-ins. `style-src` allows attributes, which
 * plots and topologies are drawn with; style sheets and scripts come from here alone.
 */
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src-elem 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "worker-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** Throws with ENOENT if the folder is not there. */
export function readAssets(folder: string): Assets {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const read = (name: string): Uint8Array<ArrayBuffer> | undefined =>
    names.includes(name) ? new Uint8Array(readFileSync(join(folder, name))) : undefined;
  const assets = new Map<string, Asset>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const plain = read(name);
    if (plain === undefined) continue;
    assets.set(name === "index.html" ? "/" : `/${name}`, {
      type,
      isHashed: name.startsWith("assets/"),
      plain,
      gzip: read(`${name}.gz`),
      brotli: read(`${name}.br`),
    });
  }
  return assets;
}

export function serveAsset(context: Context, asset: Asset): Response {
  const accepted = (context.req.header("accept-encoding") ?? "")
    .split(",")
    .map((one) => one.trim());
  const accepts = (name: string): boolean =>
    accepted.some(
      (one) => one === name || (one.startsWith(`${name};`) && !/q=0(\.0*)?$/.test(one)),
    );
  const headers = (encoding?: string): Record<string, string> => ({
    "Content-Type": asset.type,
    "Cache-Control": asset.isHashed ? "public, max-age=31536000, immutable" : "no-cache",
    Vary: "Accept-Encoding",
    ...(encoding !== undefined && { "Content-Encoding": encoding }),
  });
  if (asset.brotli !== undefined && accepts("br")) {
    return context.body(asset.brotli, 200, headers("br"));
  }
  if (asset.gzip !== undefined && accepts("gzip")) {
    return context.body(asset.gzip, 200, headers("gzip"));
  }
  return context.body(asset.plain, 200, headers());
}
