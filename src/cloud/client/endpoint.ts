/** Where the API is: the cloud, or an emulator. */

export interface Endpoint {
  readonly isSecure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** As in the Host header and in the signature. */
  readonly host: string;
  readonly path: string;
}

export const CLOUD_ENDPOINT = "https://vpc.tencentcloudapi.com";

/**
 * `https://host`, `http://host:port/base`, or a bare `host[:port]`, which means https unless it
 * is this machine. Undefined if it is none of these.
 */
export function readEndpoint(text: string): Endpoint | undefined {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const scheme = isLoopbackName(text.replace(/\/.*$/, "").replace(/:\d+$/, "")) ? "http" : "https";
  const url = URL.parse(hasScheme ? text : `${scheme}://${text}`);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return undefined;
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    return undefined;
  const isSecure = url.protocol === "https:";
  const ordinary = isSecure ? 443 : 80;
  return {
    isSecure,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? ordinary : Number(url.port),
    host: url.host,
    path: url.pathname,
  };
}

const isLoopbackName = (name: string): boolean =>
  name === "localhost" || name === "[::1]" || name === "::1" || /^127(\.\d+){3}$/.test(name);

/** Whether it is this machine: then it is an emulator, not the cloud. */
export const isLoopback = ({ hostname }: Endpoint): boolean => isLoopbackName(hostname);

export const printEndpoint = ({ isSecure, host, path }: Endpoint): string =>
  `${isSecure ? "https" : "http"}://${host}${path === "/" ? "" : path}`;
