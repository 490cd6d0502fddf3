/**
 * `http URL …`: one GET on a connection of its own. Redirects are answers like any other, and no
 * proxy is used: the check is of this server.
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { isIP } from "node:net";
import type { HttpTarget } from "#keepalived/plan/run-plan";
import { isFound, type Pattern, readPattern } from "#units/pattern";
import { readAuthority } from "./authority.ts";
import { resolveHost } from "./names.ts";
import { bad, codeOf, type Found, good, type Probe } from "./probe.ts";
import * as texts from "./texts.ts";

const BODY_MAX = 65_536;

export async function httpProbe(target: HttpTarget): Promise<Probe> {
  const url = new URL(target.url);
  const pattern = target.body === undefined ? undefined : patternOf(target.body);
  const { request } =
    url.protocol === "https:" ? await import("node:https") : await import("node:http");
  return async (run) => {
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const resolved = await resolveHost(host, run);
    if (resolved.kind !== "address") return resolved;
    const options = await optionsOf(target, url, resolved.address);
    if ("kind" in options) return options;
    if (run.signal.aborted) return bad(texts.stopped);
    return await new Promise<Found>((resolve) => {
      const asked = request(options);
      const end = (found: Found): void => {
        run.signal.removeEventListener("abort", giveUp);
        asked.destroy();
        resolve(found);
      };
      const giveUp = (): void => end(bad(texts.stopped));
      run.signal.addEventListener("abort", giveUp, { once: true });
      const where = url.host;
      listen(asked, where, end, (response) => {
        response.on("error", (error) => end(bad(texts.refused(where, codeOf(error)))));
        read(response, target, pattern, end);
      });
      asked.end();
    });
  };
}

/** `baton check` and the plan have read it before. */
function patternOf(text: string): Pattern | undefined {
  const read = readPattern(text);
  return read.kind === "pattern" ? read.pattern : undefined;
}

async function optionsOf(
  target: HttpTarget,
  url: URL,
  address: string,
): Promise<(RequestOptions & { readonly ca?: string }) | Found> {
  const { hostHeader, tls } = target;
  const Host = hostHeader ?? url.host;
  const options = {
    host: address,
    port: url.port === "" ? undefined : Number(url.port),
    path: `${url.pathname}${url.search}`,
    headers: { Host, "User-Agent": "Baton", Accept: "*/*", Connection: "close" },
    agent: false,
    setHost: false,
  } as const;
  if (tls === undefined) return options;
  const name = tls.name ?? new URL(`https://${Host}`).hostname.replace(/^\[(.*)\]$/, "$1");
  // SNI is for names only (RFC 6066, section 3); the certificate of an address is compared too.
  const servername = isIP(name) === 0 ? name : "";
  const secure = { ...options, servername, rejectUnauthorized: tls.isVerified };
  if (tls.caFile === undefined) return secure;
  try {
    return { ...secure, ca: await readAuthority(tls.caFile) };
  } catch (error) {
    const code = codeOf(error);
    return bad(texts.unreadableFile(tls.caFile, code), code);
  }
}

function listen(
  asked: ClientRequest,
  where: string,
  end: (found: Found) => void,
  respond: (response: IncomingMessage) => void,
): void {
  asked.once("response", respond);
  // Without a listener Node.js would only close the connection.
  asked.once("upgrade", (response, socket) => {
    socket.destroy();
    respond(response);
  });
  // For as long as it exists: a second one would end the process.
  asked.on("error", (error) => {
    const code = codeOf(error);
    end(bad(texts.refused(where, code), code));
  });
}

function read(
  response: IncomingMessage,
  { status, body }: HttpTarget,
  pattern: Pattern | undefined,
  end: (found: Found) => void,
): void {
  const code = response.statusCode ?? 0;
  if (code < status.from || code > status.to) return end(bad(texts.wrongStatus(code, status)));
  if (body === undefined) return end(good(texts.status(code)));
  const chunks: Buffer[] = [];
  let length = 0;
  const look = (isCut: boolean): void => {
    const text = Buffer.concat(chunks).subarray(0, BODY_MAX).toString("utf8");
    const isThere = pattern !== undefined && isFound(pattern, text);
    end(isThere ? good(texts.status(code)) : bad(texts.notInBody(code, isCut)));
  };
  response.on("data", (chunk: Buffer) => {
    if (length > BODY_MAX) return;
    chunks.push(chunk);
    length += chunk.length;
    if (length > BODY_MAX) look(true);
  });
  response.once("end", () => look(false));
}
