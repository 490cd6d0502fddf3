/** `baton console --lab`: a laboratory that is up, or a new one, behind the page. */
import { type ChildProcess, spawn } from "node:child_process";
import { createConnection } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EMULATOR_CREDENTIALS } from "#cloud/client/credentials";
import { readEndpoint } from "#cloud/client/endpoint";
import { postOverSocket } from "#cloud/client/transport";
import type { CommandIo } from "#command-line/io";
import type { CloudAccess } from "#console-server/cloud-routes";
import type { LabPort } from "#console-server/lab-routes";
import type { Language } from "#diagnostics/diagnostic";
import { API_SOCKET, type LabStatus, SOCKET } from "#lab/vpc/lab-protocol";
import { resourceUrl } from "#units/installation";
import { askLab, findLab, labFolder, unsafeSentence } from "./lab-folder.ts";

export interface OpenLab {
  readonly port: LabPort;
  readonly cloud: CloudAccess;
  /** Its daemons, as `--node` takes them: `NAME=RUNTIME_DIR`, as this machine sees it. */
  readonly nodes: readonly string[];
  /** Ends it, if it was started here. */
  close(): Promise<void>;
}

export interface LabOptions {
  readonly name: string;
  readonly io: CommandIo;
  readonly language: Language;
  /** Sentences for a person. */
  readonly say: (en: string, zh: string) => void;
}

/** Undefined: the reason has been printed. */
export async function openLab(options: LabOptions): Promise<OpenLab | undefined> {
  const { name, io, say } = options;
  const folder = labFolder(name, io.env);
  const found = findLab(folder, SOCKET);
  if (found.kind === "unsafe") {
    say(unsafeSentence(found.problem, "en"), unsafeSentence(found.problem, "zh-CN"));
    return undefined;
  }
  // One that was killed leaves its socket.
  const isUp = found.kind === "found" && (await readStatus(folder)) !== undefined;
  const child = isUp ? undefined : await startLab(options);
  if (child === "failed") return undefined;
  const status = await readStatus(folder);
  const endpoint = readEndpoint("127.0.0.1:80");
  if (status === undefined || endpoint === undefined) {
    say(`the lab ${name} gives no answer that can be read`, `无法解读实验环境 ${name} 的应答`);
    await end(child);
    return undefined;
  }
  const { region } = status;
  return {
    port: portOf(folder),
    cloud: {
      endpoint,
      region,
      credentials: EMULATOR_CREDENTIALS,
      transport: postOverSocket(join(folder, API_SOCKET)),
    },
    nodes: status.instances
      .filter(({ commands }) => commands.some(({ command }) => command.includes("baton run")))
      .map(({ name: node }) => `${node}=${join(folder, node, "run/baton")}`),
    close: async () => await end(child),
  };
}

async function readStatus(folder: string): Promise<LabStatus | undefined> {
  const asked = await askLab(folder, { command: "status" });
  if (asked.kind !== "answer" || !asked.answer.ok || !("status" in asked.answer)) return undefined;
  return asked.answer.status;
}

/** Its own process, so that it ends as a lab does however the console ends. */
async function startLab({ name, io, language }: LabOptions): Promise<ChildProcess | "failed"> {
  const baton = fileURLToPath(resourceUrl("bin/baton"));
  const args = ["lab", "up", "--by-hand", "--json", "--name", name, "--lang", language];
  const child = spawn(baton, args, { env: io.env, stdio: ["ignore", "pipe", "inherit"] });
  const isUp = await new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", () => resolve(false));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith('{"event":"up"')) resolve(true);
      // What it says as a failure is for the person; its events are for the page.
      const failed = /^\{"ok":false,"error":"((?:[^"\\]|\\.)*)"/.exec(line);
      if (failed !== null) io.stderr(`baton lab: ${String(JSON.parse(`"${failed[1]}"`))}\n`);
    });
  });
  return isUp ? child : "failed";
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  child.kill("SIGTERM");
  await ended;
}

const portOf = (folder: string): LabPort => ({
  request: async (request) => {
    const asked = await askLab(folder, request);
    if (asked.kind !== "answer")
      return { en: "the laboratory does not answer", "zh-CN": "实验环境没有应答" };
    if (asked.answer.ok) return undefined;
    const { text, error } = asked.answer;
    return text ?? { en: error, "zh-CN": error };
  },
  watch: (signal) => {
    if (findLab(folder, SOCKET).kind !== "found") return undefined;
    return linesOf(folder, signal);
  },
});

async function* linesOf(folder: string, signal: AbortSignal): AsyncIterable<string> {
  const socket = createConnection(join(folder, SOCKET));
  const lines = createInterface({ input: socket });
  const leave = (): void => void socket.destroy();
  signal.addEventListener("abort", leave);
  socket.on("error", () => undefined);
  // readline would pass it on.
  lines.on("error", () => undefined);
  // A reader of lines hears of the end of its input, and not of an input that was destroyed.
  socket.on("close", () => lines.close());
  socket.write(`${JSON.stringify({ command: "watch" })}\n`);
  try {
    yield* lines;
  } finally {
    signal.removeEventListener("abort", leave);
    socket.destroy();
  }
}
