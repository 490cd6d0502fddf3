/**
 * Who may talk to the emulator at all, decided by the head alone: programs may, web pages may not.
 * Pure.
 *
 * A browser on this machine reaches every port of it, so a page anywhere could call the API of
 * an emulator that checks no signature. There are two ways to do that, and both are closed:
 *
 * - DNS rebinding: the page's own name is made to mean this machine, and the page is of one
 *   origin with us. Its requests carry that name as Host. Addresses, `localhost`, the
 *   platform's own domain and names that were given at the start are accepted as Host; other
 *   names are not.
 * - Cross-site requests (forms, images, fetch without CORS): they carry Origin, Sec-Fetch-Site or
 *   Referer of their page, which SDKs and command line tools never send. To another machine's
 *   address without TLS a browser sends no Sec-Fetch-Site, and a page may forbid the Referer: then
 *   the browser is known by its User-Agent.
 *
 * The admin calls also require a header (admin.ts). A page could send it only after a preflight
 * request, which is never answered.
 */

export type GateRefusal =
  /** The request was meant for a machine of that name. */
  | { readonly kind: "foreign-host"; readonly value: string }
  /** It was sent by a page of that origin. */
  | { readonly kind: "cross-site"; readonly value: string };

/** The target and the headers as received; the names of headers are in lower case. */
export interface Head {
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param names by which the emulator may be called, besides those that no page can have */
export function checkHead(head: Head, names: readonly string[]): GateRefusal | undefined {
  const { target, headers } = head;
  const host = headers["host"] ?? "";
  const proxied = /^https?:\/\/([^/?#]*)/i.exec(target)?.[1];
  for (const value of [host, proxied]) {
    // Every browser sends a Host; HTTP/1.0 and calls inside this process need none.
    if (value === undefined || value === "") continue;
    if (!isOwnName(nameOf(value), names)) return { kind: "foreign-host", value: shorten(value) };
  }
  const site = headers["sec-fetch-site"] ?? "";
  if (site !== "" && site !== "same-origin" && site !== "none")
    return { kind: "cross-site", value: shorten(headers["origin"] ?? headers["referer"] ?? site) };
  for (const value of [headers["origin"], headers["referer"]]) {
    if (value === undefined || value === "") continue;
    if (authorityOf(value) !== authorityOf(host))
      return { kind: "cross-site", value: shorten(value) };
  }
  const agent = headers["user-agent"] ?? "";
  const isNamed = [site, headers["origin"], headers["referer"]].some(
    (value) => value !== undefined && value !== "",
  );
  // The admin calls have their own header, and a person may look at `/_baton/health`.
  if (!isNamed && /^mozilla\//i.test(agent) && !target.startsWith("/_baton/"))
    return { kind: "cross-site", value: shorten(agent) };
  return undefined;
}

/** Without a scheme, which tccli sends in a Host, and without what follows host and port. */
const authorityOf = (text: string): string =>
  text
    .trim()
    .replace(/^https?:\/\//i, "")
    .replace(/[/?#].*$/s, "")
    .toLowerCase();

const nameOf = (text: string): string =>
  authorityOf(text)
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");

function isOwnName(name: string, names: readonly string[]): boolean {
  // A request to an address did not come through a foreign DNS name.
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.includes(":")) return true;
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  // Terraform behind HTTP_PROXY sends the platform's name. Nobody else can point that domain
  // here.
  if (name === "tencentcloudapi.com" || name.endsWith(".tencentcloudapi.com")) return true;
  return names.some((own) => nameOf(own) === name);
}

const SHOWN_MAX = 100;
const shorten = (text: string): string =>
  text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
