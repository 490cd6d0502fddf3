/**
 * The address of a host that a check asks. Not `getaddrinfo`: that occupies one of the process's
 * few threads for as long as a name service says nothing, and cannot be ended.
 *
 * /etc/hosts first, then the servers of /etc/resolv.conf; its search domains are not used.
 */
import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { bad, codeOf, type Found, type Run } from "./probe.ts";
import * as texts from "./texts.ts";

export type Resolved = { readonly kind: "address"; readonly address: string } | Found;

const HOSTS = "/etc/hosts";
const TRIES = 2;
const SERVERS = 2;
/** Below that c-ares takes no time-out seriously. */
const TRY_MIN_MS = 50;

export async function resolveHost(host: string, run: Run, hosts = HOSTS): Promise<Resolved> {
  if (isIP(host) !== 0) return { kind: "address", address: host };
  try {
    const known = inHosts(await readHosts(hosts), host);
    if (known !== undefined) return { kind: "address", address: known };
  } catch (error) {
    const code = codeOf(error);
    return bad(texts.unreadableFile(hosts, code), code);
  }
  if (host.toLowerCase() === "localhost") return { kind: "address", address: "127.0.0.1" };
  return run.signal.aborted ? bad(texts.stopped) : await ask(host, run);
}

async function readHosts(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return "";
    throw error;
  });
}

/** IPv4, where the name has both. */
export function inHosts(text: string, name: string): string | undefined {
  const wanted = name.toLowerCase();
  const found = text.split("\n").flatMap((line) => {
    const [address = "", ...names] = line.replace(/#.*$/, "").trim().split(/\s+/);
    const isThis = isIP(address) !== 0 && names.some((one) => one.toLowerCase() === wanted);
    return isThis ? [address] : [];
  });
  return found.find((address) => isIP(address) === 4) ?? found[0];
}

async function ask(host: string, { timeoutMs, signal }: Run): Promise<Resolved> {
  const timeout = Math.max(TRY_MIN_MS, Math.floor(timeoutMs / (TRIES * SERVERS)));
  const resolver = new Resolver({ timeout, tries: TRIES });
  const cancel = (): void => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const [address] = await resolver.resolve4(host).catch(async (error: unknown) => {
      if (codeOf(error) !== "ENODATA" || signal.aborted) throw error;
      return await resolver.resolve6(host);
    });
    if (address !== undefined) return { kind: "address", address };
    return bad(texts.unresolved(host, "ENODATA"));
  } catch (error) {
    const code = codeOf(error);
    return bad(texts.unresolved(host, code), code);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
