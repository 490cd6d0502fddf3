/**
 * Finds the key: first in environment variables, then in the files of the platform's own tools.
 * The region is found the same way. Files come in as text, so that the rules can be tested
 * without any.
 */

import * as v from "valibot";
import { openObject, readShape, type Shape } from "#json/shape";
import { Secret } from "#units/secret";
import { isSendableKey } from "./sendable.ts";

export interface Credentials {
  readonly secretId: string;
  readonly secretKey: Secret;
  /** The token of temporary credentials. */
  readonly token?: Secret;
}

export interface CloudAccount {
  readonly credentials: Credentials | undefined;
  readonly region: string | undefined;
  /** The places that were searched, for the message if there are none. */
  readonly lookedAt: readonly string[];
  /** A profile was requested by name, and none of the files has it. */
  readonly isProfileMissing: boolean;
}

export interface AccountSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** tccli's profile; default TCCLI_PROFILE, else `default`. */
  readonly profile: string | undefined;
  /** The text of a file; undefined if it cannot be read. */
  readonly readFile: (path: string) => string | undefined;
}

export function findAccount({ env, profile, readFile }: AccountSources): CloudAccount {
  const home = env["HOME"] ?? "";
  const name = profile ?? env["TCCLI_PROFILE"] ?? "default";
  const tccli = `${home}/.tccli/${name}`;
  const shared = env["TENCENTCLOUD_CREDENTIALS_FILE"] ?? `${home}/.tencentcloud/credentials`;
  const lookedAt = [
    "TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY",
    `${tccli}.credential`,
    shared,
  ];
  // A requested profile takes precedence over the environment.
  const fromEnv = profile === undefined ? credentialsFromEnv(env) : undefined;
  const fromTccli = fromEnv === undefined ? readTccli(readFile(`${tccli}.credential`)) : undefined;
  const credentials = fromEnv ?? fromTccli ?? readShared(readFile(shared), name);
  const region = env["TENCENTCLOUD_REGION"] || readTccliRegion(readFile(`${tccli}.configure`));
  const isProfileMissing =
    profile !== undefined &&
    credentials === undefined &&
    readFile(`${tccli}.credential`) === undefined &&
    readFile(`${tccli}.configure`) === undefined;
  return { credentials, region, lookedAt, isProfileMissing };
}

/** Reads one file, as tccli (JSON) or the SDKs (the section of that name) write it. */
export const readCredentials = (text: string, section: string): Credentials | undefined =>
  text.trimStart().startsWith("{") ? readTccli(text) : readShared(text, section);

/** An emulator on this machine accepts any key unless it is strict; the cloud does not. */
export const EMULATOR_CREDENTIALS: Credentials = {
  secretId: "baton",
  secretKey: new Secret("baton"),
};
export const EMULATOR_REGION = "ap-guangzhou";

/**
 * A line feed at either end belongs to the file, not to the key. A text that cannot be sent is
 * not a key.
 */
const make = (
  id: string | undefined,
  key: string | undefined,
  temporary: string | undefined,
): Credentials | undefined => {
  if (id === undefined || key === undefined) return undefined;
  const [secretId, secretKey] = [id.trim(), key.trim()];
  const given = temporary?.trim() ?? "";
  const isFine = [secretId, secretKey, given || "none"].every(isSendableKey);
  if (!isFine) return undefined;
  const own = given === "" ? {} : { token: new Secret(given) };
  return { secretId, secretKey: new Secret(secretKey), ...own };
};

const credentialsFromEnv = (env: AccountSources["env"]): Credentials | undefined =>
  make(env["TENCENTCLOUD_SECRET_ID"], env["TENCENTCLOUD_SECRET_KEY"], env["TENCENTCLOUD_TOKEN"]);

/** `~/.tccli/NAME.credential`: only temporary credentials have a `token`. */
const TCCLI = openObject(
  {
    secretId: v.string(),
    secretKey: v.string(),
    token: v.fallback(v.optional(v.string()), undefined),
  },
  "an object with secretId and secretKey",
);
/** `~/.tccli/NAME.configure`: among the parameters that tccli adds to every call. */
const TCCLI_CONFIGURE = openObject(
  { _sys_param: openObject({ region: v.pipe(v.string(), v.nonEmpty()) }, "an object with region") },
  "an object with _sys_param",
);

function readTccli(text: string | undefined): Credentials | undefined {
  const read = readJson(TCCLI, text);
  return read && make(read.secretId, read.secretKey, read.token);
}

const readTccliRegion = (text: string | undefined): string | undefined =>
  readJson(TCCLI_CONFIGURE, text)?._sys_param.region;

/** Undefined if the file is missing, is not JSON, or is of another kind. */
function readJson<T>(shape: Shape<T>, text: string | undefined): T | undefined {
  try {
    const read = readShape(shape, JSON.parse(text ?? "null"));
    return read.kind === "value" ? read.value : undefined;
  } catch {
    return undefined;
  }
}

/** `~/.tencentcloud/credentials` of the SDKs: sections with secret_id and secret_key. */
function readShared(text: string | undefined, section: string): Credentials | undefined {
  const values = new Map<string, string>();
  let inside = false;
  for (const line of (text ?? "").split("\n")) {
    const header = /^\s*\[(.+)\]\s*$/.exec(line);
    if (header !== null) inside = header[1] === section;
    const pair = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line);
    if (inside && pair?.[1] !== undefined) values.set(pair[1], pair[2] ?? "");
  }
  return make(values.get("secret_id"), values.get("secret_key"), values.get("token"));
}
