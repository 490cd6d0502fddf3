/** Certificates for one test, by openssl: authorities, and what they sign. */
import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const openssl = (...args: readonly string[]): void =>
  void execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"] as const;

export function makeAuthority(folder: string, name: string): Certificate {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const subject = `/CN=${name}`;
  openssl("req", "-x509", ...KEY, "-days", "2", "-subj", subject, "-keyout", key, "-out", cert);
  return { cert, key };
}

/** @param names as in subjectAltName: `IP:192.0.2.1` */
export function makeCertificate(
  folder: string,
  authority: Certificate,
  name: string,
  names?: string,
): Certificate {
  const [cert, key, request, extra] = ["crt", "key", "csr", "ext"].map((ending) =>
    join(folder, `${name}.${ending}`),
  ) as [string, string, string, string];
  writeFileSync(extra, names === undefined ? "" : `subjectAltName=${names}\n`);
  openssl("req", ...KEY, "-subj", `/CN=${name}`, "-keyout", key, "-out", request);
  const signed = ["-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial", "-days", "2"];
  openssl("x509", "-req", "-in", request, ...signed, "-extfile", extra, "-out", cert);
  chmodSync(key, 0o600);
  return { cert, key };
}
