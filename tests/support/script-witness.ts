/**
 * A node of its own; its daemon calls scripts and writes to a pipe, and a witness of both: which
 * program was called, with which arguments, in which environment, and every line of the pipe. For
 * Baton and keepalived alike.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findKeepalived } from "#lab/measure/daemon";
import * as libc from "#linux/ffi";
import { changeLink } from "#linux/links";
import { spawnIn } from "#linux/namespace";
import { mustDo } from "#linux/result";
import { until } from "./daemon-bench.ts";
import { type Cable, layCable } from "./linux-net.ts";
import { endProgram, spawnLogged } from "./logged-program.ts";

export type Kind = "baton" | "keepalived";

const BATON = fileURLToPath(new URL("../../bin/baton", import.meta.url));
const SENDER = fileURLToPath(new URL("./advert-sender.ts", import.meta.url));

/** Every call with its arguments, one line each; for `facts` also its environment. */
const RECORDER = `#!/bin/sh
folder=$(dirname "$0")
echo "$*" >>"$folder/calls"
[ "$1" = facts ] || exit 0
# The shell's own ones are at 10 and above.
open=; for one in /proc/$$/fd/?; do [ -e $one ] && open="$open \${one##*/}"; done
out=other; [ -p /dev/stdout ] && out=pipe; [ /dev/stdout -ef /dev/null ] && out=null
{
  echo "environment: $(tr '\\0' '\\n' </proc/$$/environ | sed 's/=.*//' | sort | tr '\\n' ' ')"
  echo "descriptors:$open"
  echo "output: $out"
  echo "session: $(awk '{print ($1 == $5) ? "a process group of its own" : "the process group of another"}' /proc/$$/stat)"
  echo "ignored signals: $(awk '/SigIgn/ {print $2}' /proc/$$/status)"
  echo "user and groups: $(id -u) $(id -G)"
  echo "umask: $(umask)"
  echo "folder: $(pwd)"
} >"$folder/facts"
`;

export class Witness {
  readonly kind: Kind;
  readonly folder: string;
  readonly cable: Cable = layCable();
  readonly #fifo: number;
  #daemon: ChildProcess | undefined;
  #lines: string[] = [];
  #seenCalls = 0;
  #rest = "";

  constructor(kind: Kind, folder: string) {
    this.kind = kind;
    this.folder = join(folder, kind);
    mkdirSync(this.folder);
    writeFileSync(this.file("call"), RECORDER);
    chmodSync(this.file("call"), 0o755);
    if (libc.mkfifo(this.file("pipe"), 0o600) !== 0) throw new Error("mkfifo");
    this.#fifo = openSync(this.file("pipe"), constants.O_RDWR | constants.O_NONBLOCK);
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  configure(text: string): void {
    writeFileSync(this.file("conf"), text.replaceAll("FOLDER", this.folder));
  }

  start(): void {
    this.#daemon = spawnLogged(this.cable.left.namespace, this.#argv(), this.file("log"), {
      env: { PATH: process.env["PATH"], SECRET_KEY: "s3cret", LANG: "C.UTF-8" },
      cwd: "/",
    });
  }

  #argv(): readonly string[] {
    const conf = this.file("conf");
    if (this.kind === "baton") return [BATON, "run", "-f", conf, "--runtime-dir", this.file("run")];
    const pids = ["-p", this.file("pid"), "-r", this.file("vrrp-pid")];
    return [findKeepalived() ?? "keepalived", "-n", "-l", "-D", "-P", "-f", conf, ...pids];
  }

  signal(name: NodeJS.Signals): void {
    this.#daemon?.kill(name);
  }

  async ended(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon !== undefined && daemon.exitCode === null) await once(daemon, "exit");
  }

  /** Another router speaks for a VRID until the result is called. */
  speak(vrid: number, priority: number, addresses: readonly string[]): () => Promise<void> {
    const own = ["eth0", "192.0.2.2", String(vrid), "3", String(priority), "20", ...addresses];
    const child = spawnIn(this.cable.right.namespace, [process.execPath, SENDER, ...own], {
      stdio: ["ignore", "ignore", "inherit"],
      diesWithParent: true,
    });
    return async () => await endProgram(child);
  }

  setCarrier(up: boolean): void {
    const { rtnetlink, link } = this.cable.right;
    mustDo(changeLink(rtnetlink, link.index, { up }));
  }

  /** Of the pipe since the last `take`. */
  lines(): readonly string[] {
    const bytes = Buffer.alloc(65_536);
    for (;;) {
      let length = 0;
      try {
        length = readSync(this.#fifo, bytes);
      } catch {
        break;
      }
      if (length === 0) break;
      const parts = (this.#rest + bytes.toString("utf8", 0, length)).split("\n");
      this.#rest = parts.pop() ?? "";
      this.#lines.push(...parts);
    }
    return this.#lines;
  }

  calls(): readonly string[] {
    if (!existsSync(this.file("calls"))) return [];
    const all = readFileSync(this.file("calls"), "utf8").trimEnd().split("\n");
    return all.slice(this.#seenCalls);
  }

  async untilLine(line: string, times = 1): Promise<void> {
    await until(`${this.kind}: ${line}`, () => {
      return this.lines().filter((one) => one === line).length >= times;
    });
  }

  async untilCall(call: string): Promise<void> {
    await until(`${this.kind}: ${call}`, () => this.calls().includes(call));
  }

  /** What has happened since the last time: lines of the pipe, calls. */
  take(): { readonly lines: readonly string[]; readonly calls: readonly string[] } {
    const taken = { lines: [...this.lines()], calls: [...this.calls()] };
    this.#lines = [];
    this.#seenCalls += taken.calls.length;
    return taken;
  }

  async close(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended();
    closeSync(this.#fifo);
    this.cable[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
