/** The emulator as a process of its own. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Json } from "./harness.ts";
import { asJson, REGION } from "./harness.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface Spawned {
  readonly url: string;
  readonly firstLine: string;
  readonly child: ChildProcess;
  /** Resolves with exit code and signal. */
  readonly exited: Promise<readonly [number | null, NodeJS.Signals | null]>;
  call(action: string, parameters?: Json, region?: string): Promise<Json>;
}

/** Compiled code is kept, so that the twentieth start does not cost what the first did. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "baton-test-compile-cache") };

export async function spawnCloud(...args: readonly string[]): Promise<Spawned> {
  const child = spawn(
    process.execPath,
    [MAIN, "cloud", "serve", "--listen", "127.0.0.1:0", ...args],
    {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const exited = once(child, "exit").then(
    ([code, signal]): readonly [number | null, NodeJS.Signals | null] => [code, signal],
  );
  const lines = createInterface({ input: child.stdout });
  const started = once(lines, "line").then(([line]) => String(line));
  const firstLine = await Promise.race([started, exited.then(([code]) => `exit ${code}`)]);
  if (!firstLine.startsWith("{")) throw new Error(firstLine);
  const url = String(asJson(JSON.parse(firstLine))["url"]);
  return {
    url,
    firstLine,
    child,
    exited,
    call: async (action, parameters = {}, region = REGION) =>
      await post(url, action, parameters, region),
  };
}

/** An unsigned call, for an emulator with `--auth off`. */
export async function post(
  url: string,
  action: string,
  parameters: Json,
  region: string,
): Promise<Json> {
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-TC-Action": action,
      "X-TC-Version": "2017-03-12",
      "X-TC-Region": region,
    },
    body: JSON.stringify(parameters),
  });
  return asJson(asJson(await answer.json())["Response"]);
}
