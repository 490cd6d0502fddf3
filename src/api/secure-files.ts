/** The files of `tls`, read and tried: a certificate that does not fit its key is of no use. */
import type { ApiHost } from "#daemon/api-port";
import type { ApiTls } from "#keepalived/plan/run-plan";

export interface SecureFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

export type ReadTls =
  | { readonly kind: "files"; readonly files: SecureFiles }
  | { readonly kind: "refused"; readonly why: string };

export function readTls(tls: ApiTls, readFile: ApiHost["readFile"]): ReadTls {
  const cert = readFile(tls.certFile, "public");
  if (cert.kind === "refused") return cert;
  const key = readFile(tls.keyFile, "secret");
  if (key.kind === "refused") return key;
  const ca = tls.clientCaFile === undefined ? undefined : readFile(tls.clientCaFile, "public");
  if (ca?.kind === "refused") return ca;
  const files = { cert: cert.text, key: key.text, ...(ca === undefined ? {} : { ca: ca.text }) };
  try {
    process.getBuiltinModule("node:tls").createSecureContext(files);
    return { kind: "files", files };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: "refused", why: `${tls.certFile}, ${tls.keyFile}: ${why}` };
  }
}
