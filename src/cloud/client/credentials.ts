/**
 * Whose key: environment variables first, then the files that the platform's own tools keep. The region is found the
 * same way. Files come in as text, so that the rules can be tested without any.
 */

import { isObject } from "#json/shape";
import { Secret } from "#units/secret";
import { isSendableKey } from "./sendable.ts";

export interface Credentials {
  readonly secretId: string;
  readonly secretKey: Secret;
  /** Of temporary credentials. */
  readonly token?: Secret;
}

export interface Account {
  readonly credentials: Credentials | undefined;
  readonly region: string | undefined;
  /** Where they were looked for, for the message when there are none. */
  readonly lookedAt: readonly string[];
  /** A profile was asked for by name, and none of the files has it. */
  readonly isProfileMissing: boolean;
}

export interface AccountSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** tccli's profile; default TCCLI_PROFILE, else `default`. */
  readonly profile: string | undefined;
  /** The text of a file, undefined when it cannot be read. */
  readonly readFile: (path: string) => string | undefined;
}

export function findAccount({ env, profile, readFile }: AccountSources): Account {
  const home = env["HOME"] ?? "";
  const name = profile ?? env["TCCLI_PROFILE"] ?? "default";
  const tccli = `${home}/.tccli/${name}`;
  const shared = env["TENCENTCLOUD_CREDENTIALS_FILE"] ?? `${home}/.tencentcloud/credentials`;
  const lookedAt = [
    "TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY",
    `${tccli}.credential`,
    shared,
  ];
  // A profile that was asked for is meant, whatever the environment says.
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

/** One file, as tccli (JSON) or the SDKs (sections; the one of that name) write it. */
export const readCredentials = (text: string, section: string): Credentials | undefined =>
  text.trimStart().startsWith("{") ? readTccli(text) : readShared(text, section);

/** An emulator on this machine that is not strict takes any key; the cloud does not. */
export const EMULATOR_CREDENTIALS: Credentials = {
  secretId: "baton",
  secretKey: new Secret("baton"),
};
export const EMULATOR_REGION = "ap-guangzhou";

/** A line feed at an end is a file's, not the key's. What cannot be sent is no key. */
const make = (id: unknown, key: unknown, token: unknown): Credentials | undefined => {
  if (typeof id !== "string" || typeof key !== "string") return undefined;
  const [secretId, secretKey] = [id.trim(), key.trim()];
  const given = typeof token === "string" ? token.trim() : "";
  const isFine = [secretId, secretKey, given || "none"].every(isSendableKey);
  if (!isFine) return undefined;
  const own = given === "" ? {} : { token: new Secret(given) };
  return { secretId, secretKey: new Secret(secretKey), ...own };
};

const credentialsFromEnv = (env: AccountSources["env"]): Credentials | undefined =>
  make(env["TENCENTCLOUD_SECRET_ID"], env["TENCENTCLOUD_SECRET_KEY"], env["TENCENTCLOUD_TOKEN"]);

function readJson(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** `~/.tccli/NAME.credential`: JSON with secretId and secretKey, for temporary ones also token. */
function readTccli(text: string | undefined): Credentials | undefined {
  const { secretId, secretKey, token } = readJson(text);
  return make(secretId, secretKey, token);
}

/** `~/.tccli/NAME.configure`: the region among the parameters that tccli adds to every call. */
function readTccliRegion(text: string | undefined): string | undefined {
  const parameters = readJson(text)["_sys_param"];
  const region = isObject(parameters) ? parameters["region"] : undefined;
  return typeof region === "string" && region !== "" ? region : undefined;
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
