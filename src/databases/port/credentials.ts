/**
 * `credentials_file`: the option file of the MySQL clients, which other databases of Baton use too.
 *
 *     [client]                 # the account that Baton asks with
 *     user = baton
 *     password = "…"
 *     ssl-ca = /etc/ssl/db.pem # encrypt TCP, and verify the certificate
 *     [replication]            # what `rejoin auto` gives to a replica
 *     user = repl
 *     password = "…"
 */
import { Secret } from "#units/secret";

export interface Login {
  readonly user: string;
  readonly password?: Secret;
  /** Path of the authorities' certificates: TCP is encrypted and verified. */
  readonly sslCa?: string;
  /** What is in that file. */
  readonly sslCaText?: string;
}

export interface Credentials {
  readonly client?: Login;
  readonly replication?: Login;
}

export type ReadCredentials =
  | { readonly kind: "credentials"; readonly credentials: Credentials }
  | { readonly kind: "mistake"; readonly line: number; readonly why: string };

const SECTIONS: readonly string[] = ["client", "replication"];
const KEYS: readonly string[] = ["user", "password", "ssl-ca"];

export function readCredentials(text: string): ReadCredentials {
  const found = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const mistake = (why: string): ReadCredentials => ({ kind: "mistake", line: index + 1, why });
    const name = /^\[\s*([\w-]+)\s*\]$/.exec(line)?.[1];
    if (name !== undefined) {
      // A file that clients use too has sections of theirs.
      section = SECTIONS.includes(name) ? (found.get(name) ?? new Map()) : new Map();
      if (SECTIONS.includes(name)) found.set(name, section);
      continue;
    }
    const [, key = "", value = ""] = /^([\w-]+)\s*(?:=\s*(.*))?$/.exec(line) ?? [];
    // The line may hold a secret: it is not repeated.
    if (key === "") return mistake("neither [section] nor key = value");
    if (section === undefined) return mistake("stands before the first [section]");
    const normal = key.replaceAll("_", "-");
    if (KEYS.includes(normal)) section.set(normal, unquote(value));
  }
  const client = loginOf(found.get("client"));
  const replication = loginOf(found.get("replication"));
  return {
    kind: "credentials",
    credentials: {
      ...(client === undefined ? {} : { client }),
      ...(replication === undefined ? {} : { replication }),
    },
  };
}

function loginOf(section: ReadonlyMap<string, string> | undefined): Login | undefined {
  const user = section?.get("user");
  if (section === undefined || user === undefined) return undefined;
  const password = section.get("password");
  const sslCa = section.get("ssl-ca");
  return {
    user,
    ...(password === undefined ? {} : { password: new Secret(password) }),
    ...(sslCa === undefined ? {} : { sslCa }),
  };
}

/** @param read the text of a file; throws */
export function withAuthorities(
  { client, replication }: Credentials,
  read: (path: string) => string,
): Credentials {
  return {
    ...(client === undefined
      ? {}
      : {
          client:
            client.sslCa === undefined ? client : { ...client, sslCaText: read(client.sslCa) },
        }),
    ...(replication === undefined ? {} : { replication }),
  };
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  r: "\r",
  s: " ",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** As the clients read it: quotes around, escapes inside; ` #` starts a comment outside quotes. */
function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1\s*(?:#.*)?$/.exec(value);
  const text = quoted?.[2] ?? value.replace(/\s+#.*$/, "");
  return text.replaceAll(/\\(.)/g, (whole, letter: string) => ESCAPES[letter] ?? whole);
}
