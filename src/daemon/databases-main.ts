/**
 * The process that talks to databases: client libraries are neither in the supervisor's memory nor
 * in its time. Reads credentials as root, and is nobody from then on where every login has an
 * account of its own (without one, the server's socket asks who the process is).
 *
 * Standard input: `ToDatabases`, one a line; its end ends the process. Standard output:
 * `FromDatabases`.
 */
import { createInterface } from "node:readline";
import { loadModule } from "#databases/load-module";
import { type Credentials, readCredentials, withAuthorities } from "#databases/port/credentials";
import type { Text } from "#databases/port/database";
import {
  ALIVE_MS,
  type CheckTarget,
  type DatabasesConfiguration,
  type FromDatabases,
  type ToDatabases,
} from "#databases/protocol";
import { DatabaseService, type Opened } from "#databases/service";
import { privateFileSentence, readPrivateFile } from "./private-file.ts";

/** `nobody` and `nogroup` everywhere. */
const NOBODY = 65_534;

/**
 * Client libraries print what they do not understand of a server's answers, with stack traces. Who
 * asked gets an error as well.
 */
for (const method of ["log", "info", "warn", "error", "trace"] as const)
  Object.assign(console, { [method]: () => undefined });

let writtenAt = performance.now();
function emit(message: FromDatabases): void {
  writtenAt = performance.now();
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function openFile(file: string | undefined): Opened {
  if (file === undefined) return { kind: "credentials", credentials: {} };
  const read = readPrivateFile(file, "secret");
  if (read.kind === "refused") {
    const say = (language: "en" | "zh-CN"): string => privateFileSentence(read.problem, language);
    return refused(`credentials_file: ${say("en")}`, `credentials_file：${say("zh-CN")}`);
  }
  const found = readCredentials(read.text);
  if (found.kind === "mistake") {
    const where = `${file}:${found.line}`;
    return refused(
      `credentials_file ${where}: ${found.why}`,
      `credentials_file ${where}：格式错误`,
    );
  }
  try {
    return { kind: "credentials", credentials: withAuthorities(found.credentials, readAuthority) };
  } catch (error) {
    return refused(String(error), String(error));
  }
}

function readAuthority(path: string): string {
  const read = readPrivateFile(path, "public");
  if (read.kind === "text") return read.text;
  throw new Error(`ssl-ca: ${privateFileSentence(read.problem, "en")}`);
}

const refused = (en: string, zh: string): Opened => ({
  kind: "refused",
  why: { en, "zh-CN": zh } satisfies Text,
});

/** Each file once, before the rights to read it are given up. */
function openAll({
  units,
  checks,
}: DatabasesConfiguration): ReadonlyMap<string | undefined, Opened> {
  const files = new Set([
    ...units.map(({ database }) => database.credentialsFile),
    ...checks.map(({ credentialsFile }) => credentialsFile),
  ]);
  return new Map([...files].map((file) => [file, openFile(file)]));
}

/**
 * MySQL's socket asks who the process is if no account is named. Redis never does, but only its
 * own group may use its socket.
 */
const needsRoot = ({ kind, at }: CheckTarget, { client }: Credentials): boolean =>
  kind === "redis" ? "socket" in at : client === undefined;

/** @returns who the process is now */
function dropRights(
  { units, checks }: DatabasesConfiguration,
  opened: ReadonlyMap<string | undefined, Opened>,
): number {
  const all = [...units.map(({ database }) => database), ...checks];
  const isRootNeeded = all.some((one) => {
    const file = opened.get(one.credentialsFile);
    return file?.kind === "credentials" && needsRoot(one, file.credentials);
  });
  const user = process.geteuid?.() ?? NOBODY;
  if (user !== 0 || isRootNeeded) return user;
  try {
    process.setgroups?.([]);
    process.setgid?.(NOBODY);
    process.setuid?.(NOBODY);
    return NOBODY;
  } catch {
    // A user namespace without such a user.
    return process.geteuid?.() ?? 0;
  }
}

let service: Promise<DatabaseService> | undefined;

async function start(configuration: DatabasesConfiguration): Promise<DatabaseService> {
  const opened = openAll(configuration);
  // Its modules are files too, which nobody else may be allowed to read.
  const kinds = [
    ...configuration.units.map(({ database }) => database.kind),
    ...configuration.checks.map(({ kind }) => kind),
  ];
  for (const kind of new Set(kinds)) await loadModule(kind);
  const user = dropRights(configuration, opened);
  const started = await DatabaseService.start(configuration, {
    load: loadModule,
    credentials: (file) => opened.get(file) ?? openFile(file),
    emit,
  });
  emit({ type: "ready", user });
  return started;
}

async function take(line: string): Promise<void> {
  const message = JSON.parse(line) as ToDatabases;
  if (message.type === "configure") {
    service ??= start(message.configuration);
    await service;
    return;
  }
  await (await service)?.take(message);
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

/**
 * What a client library throws where nobody waits for it is about one connection: who uses that
 * gets no answer in time, and the other databases are asked on. A mistake of ours ends the process.
 */
function isOfLibrary({ stack = "" }: Error): boolean {
  const [frame = ""] = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return frame.includes("/node_modules/");
}

process.on("uncaughtException", (error) => {
  if (!isOfLibrary(error)) fail(error);
});

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  take(line).catch(fail);
});
// The supervisor is gone: nobody is left to answer to, and what runs must not go on alone.
lines.on("close", () => process.exit(0));
process.stdout.on("error", () => process.exit(0));
setInterval(() => {
  if (performance.now() - writtenAt >= ALIVE_MS) emit({ type: "alive" });
}, ALIVE_MS / 2);
