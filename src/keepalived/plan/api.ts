/** `api`: where the HTTP API listens, and what a caller needs. */
import { type Block, blocksOf, textOf } from "../blocks/block.ts";
import { API_LISTEN } from "../keywords/api.ts";
import type { Model } from "../model/model.ts";
import { readIp } from "../values/ip.ts";
import type { ApiAddress, ApiPlan } from "./run-plan.ts";

export type ReadAddress =
  | { readonly kind: "address"; readonly address: ApiAddress }
  | { readonly kind: "problem"; readonly why: "form" | "name" | "port" | "path" };

/** sun_path of unix(7), with the zero byte at its end */
const UNIX_PATH_MAX = 107;
const PORT_MAX = 65_535;

/** `127.0.0.1:9650`, `[::1]:9650` or `unix:/run/baton/other.sock`. */
export function readApiAddress(text: string): ReadAddress {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    const isUsable = path.startsWith("/") && !path.endsWith("/") && path.length <= UNIX_PATH_MAX;
    return isUsable
      ? { kind: "address", address: { kind: "unix", path } }
      : { kind: "problem", why: "path" };
  }
  const [, six, four, digits] = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(text) ?? [];
  const host = six ?? four;
  if (host === undefined || digits === undefined) return { kind: "problem", why: "form" };
  const ip = readIp(host);
  if (ip === undefined || (ip.family === 6) !== (six !== undefined))
    return { kind: "problem", why: "name" };
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > PORT_MAX) return { kind: "problem", why: "port" };
  return { kind: "address", address: { kind: "tcp", host: ip.text, port } };
}

/** Only programs of this machine reach it. */
export function isLocal(address: ApiAddress): boolean {
  if (address.kind === "unix") return true;
  const ip = readIp(address.host);
  return ip?.family === 4 ? ip.value >>> 24 === 127 : ip?.text === "::1";
}

/** As `listen` has it. */
export function printApiAddress(address: ApiAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return address.host.includes(":")
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

/** The last one counts, as for every keyword. */
export const apiBlock = (model: Model): Block | undefined => blocksOf(model.root, "api").at(-1);

export function apiOf(model: Model): ApiPlan | undefined {
  const block = apiBlock(model);
  if (block === undefined) return undefined;
  const tokenFile = textOf(block, "token_file");
  const tls = tlsOf(block);
  const written = block.settings.flatMap(({ keyword, args: [first] }) =>
    keyword.word === "listen" && first !== undefined ? [first.text] : [],
  );
  const listen = new Map<string, ApiAddress>();
  for (const text of written.length === 0 ? [API_LISTEN] : written) {
    const read = readApiAddress(text);
    if (read.kind === "problem") continue;
    // One that is open to the network without its conditions is reported, and never opened.
    const { address } = read;
    if (isLocal(address) || mayBeOpen({ tokenFile, tls }))
      listen.set(printApiAddress(address), address);
  }
  return { listen: [...listen.values()], tokenFile, tls };
}

/** Whether everybody who can reach the node may reach the API. */
export const mayBeOpen = ({ tokenFile, tls }: Pick<ApiPlan, "tokenFile" | "tls">): boolean =>
  tls !== undefined && (tokenFile !== undefined || tls.clientCaFile !== undefined);

/** Undefined if there is none, or it is not complete, which a rule reports. */
export function tlsOf(api: Block): ApiPlan["tls"] {
  const block = blocksOf(api, "tls").at(-1);
  const certFile = block && textOf(block, "cert_file");
  const keyFile = block && textOf(block, "key_file");
  if (block === undefined || certFile === undefined || keyFile === undefined) return undefined;
  return { certFile, keyFile, clientCaFile: textOf(block, "client_ca_file") };
}
