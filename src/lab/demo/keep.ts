/**
 * `--keep`: everything stays up. Explains how to look, break things and leave, and carries out
 * commands that are typed here or sent to a FIFO.
 */
import { spawnSync } from "node:child_process";
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Language } from "#diagnostics/diagnostic";
import { resourceUrl } from "#units/installation";
import { type Lab, VIRTUAL_ADDRESS } from "../measure/lab.ts";
import type { LabNode } from "../measure/node.ts";
import type { Outside } from "../sandbox/sandbox.ts";
import type { DemoText } from "./demo-text.ts";
import type { Narrator } from "./narrator.ts";

const LAUNCHER = fileURLToPath(resourceUrl("bin/baton"));
const WATCH_MILLISECONDS = 20;

export interface KeepOptions {
  readonly labs: readonly Lab[];
  readonly lang: Language;
  readonly text: DemoText;
  readonly narrator: Narrator;
  readonly outside: Outside | undefined;
  readonly input: NodeJS.ReadableStream;
}

/** The commands that can be typed: verb → effect on a node. */
const VERBS: Readonly<Record<string, (node: LabNode) => void | Promise<void>>> = {
  stop: (node) => node.stopDaemon(),
  start: (node) => node.startDaemon(),
  "kill-engine": (node) => node.signalEngine("SIGKILL"),
  "kill-supervisor": (node) => node.signalSupervisor("SIGKILL"),
  "kill-all": (node) => node.signalAll("SIGKILL"),
  hang: (node) => node.signalAll("SIGSTOP"),
  continue: (node) => node.signalAll("SIGCONT"),
  unplug: (node) => node.setCable("unplugged"),
  plug: (node) => node.setCable("plugged"),
  "service-down": (node) => node.setService("down"),
  "service-up": (node) => node.setService("up"),
};

/** Runs until `quit`, or until the demonstration ends by itself (a signal). */
export async function keepRunning(options: KeepOptions): Promise<void> {
  const { labs, narrator, lang, input } = options;
  const fifo = join(dirname(labs[0]?.nodes[0]?.folder ?? "."), "control");
  narrator.print(await describeAccess(options, fifo));
  const stopWatching = watchOwners(labs, narrator);
  try {
    await new Promise<void>((resolve) => {
      const handle = (line: string): void => {
        const tokens = line.trim().split(/\s+/);
        if (tokens[0] === "quit") resolve();
        else if (tokens[0] !== "") {
          void obey(labs, tokens).then((answer) => narrator.say(answer(lang)));
        }
      };
      createInterface({ input }).on("line", handle);
      if (spawnSync("mkfifo", [fifo]).status === 0) {
        // Opened for writing too, so that it does not end after the first writer. It is read as
        // a socket, because a file's blocking read would keep the process from ending.
        const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
        createInterface({ input: new Socket({ fd }) }).on("line", handle);
      }
    });
  } finally {
    stopWatching();
  }
}

type Answer = (lang: Language) => string;

async function obey(
  labs: readonly Lab[],
  [verb = "", name = "", kind]: readonly string[],
): Promise<Answer> {
  const lab = kind === undefined ? labs[0] : labs.find((one) => one.nodes[0]?.kind === kind);
  if (verb === "owner") return () => owners(labs);
  const action = VERBS[verb];
  const node = lab?.nodes.find((one) => one.name === name);
  if (action === undefined || node === undefined) {
    const verbs = [...Object.keys(VERBS), "owner", "quit"].join(", ");
    return (lang) =>
      lang === "zh-CN"
        ? `可用命令：${verbs}，例如：stop a`
        : `commands: ${verbs}; for instance: stop a`;
  }
  try {
    await action(node);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return () => `${verb} ${name}: ${message}`;
  }
  return () => `${verb} ${name}: ok`;
}

const owners = (labs: readonly Lab[]): string =>
  labs
    .map((lab) => {
      const names = lab.holders().map((node) => node.name);
      return `${lab.nodes[0]?.kind}: ${names.length === 0 ? "-" : names.join(" + ")}`;
    })
    .join("   ");

/** Reports every change of ownership. */
function watchOwners(labs: readonly Lab[], narrator: Narrator): () => void {
  let last = owners(labs);
  const timer = setInterval(() => {
    const current = owners(labs);
    if (current !== last) narrator.say(`${VIRTUAL_ADDRESS}: ${current}`);
    last = current;
  }, WATCH_MILLISECONDS);
  return () => clearInterval(timer);
}

async function describeAccess({ labs, lang, outside }: KeepOptions, fifo: string): Promise<string> {
  const pids = await outside?.pids();
  const seen = (pid: number | undefined): number | string =>
    pid === undefined ? "-" : (pids?.get(pid) ?? pid);
  const enter = process.getuid?.() === 0 && !isUserNamespace() ? "" : " -U --preserve-credentials";
  const client = labs[0]?.instruments.clientPid;
  const zh = lang === "zh-CN";
  const lines = [
    "",
    zh ? "一切保持运行。在另一个终端中：" : "Everything keeps running. In another terminal:",
    "",
    zh ? "查看" : "look",
  ];
  for (const lab of labs) {
    for (const node of lab.nodes) {
      const run = join(node.folder, "run/baton");
      if (node.kind === "baton") {
        lines.push(`  ${LAUNCHER} status --runtime-dir ${run}`);
        lines.push(`  ${LAUNCHER} explain --runtime-dir ${run}`);
      }
      lines.push(`  tail -f ${join(node.folder, "log/keepalived.log")} ${node.logFile}`);
    }
  }
  lines.push(`  nsenter -t ${seen(client)}${enter} -n ping ${VIRTUAL_ADDRESS}`);
  lines.push("", zh ? "破坏" : "break");
  for (const lab of labs) {
    for (const node of lab.nodes) {
      const running = node.pids();
      const what = `${node.kind} ${node.name}`;
      lines.push(
        `  kill -9 ${seen(running?.supervisor)} ${seen(running?.engine)}    # ${what}: supervisor, engine`,
      );
    }
  }
  lines.push(
    `  echo "unplug a" > ${fifo}`,
    zh
      ? `  （或直接在此输入：${Object.keys(VERBS).join("、")}，后跟节点名；另有 owner）`
      : `  (or type here: ${Object.keys(VERBS).join(", ")}, each with a node; or owner)`,
    "",
    zh ? "离开" : "leave",
    zh ? "  Ctrl-C，或输入 quit；不会留下任何东西" : "  Ctrl-C, or type quit; nothing stays behind",
    "",
  );
  return lines.join("\n");
}

/** The initial user namespace maps all ids one to one. */
function isUserNamespace(): boolean {
  const result = spawnSync("cat", ["/proc/self/uid_map"], { encoding: "utf8" });
  return !/^\s*0\s+0\s+4294967295/.test(result.stdout ?? "");
}
