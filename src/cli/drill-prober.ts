/** The program that probes the address while it moves (src/probes), and where it probes from. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { now } from "#linux/clock";
import { openRtnetlink } from "#linux/rtnetlink";
import { OUTPUT_FD, type ProberAnswer, type ProberRequest } from "#probes/probe-protocol";
import { bitsOf, type IpAddress, isInNetwork, printIp, readIp } from "#units/address";
import { programUrl } from "#units/installation";
import { after, fromMillis, type Instant, type Micros } from "#units/time";
import { DrillProblem } from "./drill-node.ts";

export type Probe =
  | { readonly kind: "icmp" | "arp"; readonly text: string }
  | {
      readonly kind: "connect";
      readonly text: string;
      readonly host: string;
      readonly port: string;
    };

/** Undefined: it is none of them. */
export function readProbe(text: string): Probe | undefined {
  if (text === "icmp" || text === "arp") return { kind: text, text };
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = match?.[3];
  if (match === null || port === undefined || Number(port) < 1 || Number(port) > 65_535)
    return undefined;
  return { kind: "connect", text, host: match[1] ?? match[2] ?? "", port };
}

/** Of each kind, in milliseconds; the programs have the same. */
export const periodOf = ({ kind }: Probe): number => (kind === "arp" ? 2 : 1);

/** Answers in transit when the window ends may still arrive. */
const LINGER_MS = 120;
const POLL_MS = 20;
const START_MS = 10_000;

export class Prober {
  readonly #child: ChildProcess;
  readonly #pipe: Duplex;
  readonly #waiting = new Map<number, PromiseWithResolvers<ProberAnswer>>();
  #requests = 0;
  #ended: string | undefined;

  constructor(probe: Probe, address: string) {
    const quiet = "--disable-warning=ExperimentalWarning";
    const [program, ...args] = commandOf(probe, address);
    this.#child = spawn(
      process.execPath,
      [quiet, program, ...args],
      // Of its own group: Ctrl-C is for the drill, which moves the address back before it ends.
      { stdio: ["ignore", "ignore", "pipe", "pipe"], detached: true },
    );
    const pipe = this.#child.stdio[OUTPUT_FD];
    if (!(pipe instanceof Duplex)) throw new Error("a prober without a pipe");
    this.#pipe = pipe;
    pipe.on("error", () => undefined);
    let errors = "";
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-2_000);
    });
    this.#child.once("error", (error) => this.#end(error.message));
    this.#child.once("exit", (code, signal) => this.#end(lastError(errors) ?? `${signal ?? code}`));
    createInterface({ input: pipe }).on("line", (line) => {
      const answer = JSON.parse(line) as ProberAnswer;
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
  }

  #end(why: string): void {
    this.#ended ??= why;
    for (const waiting of this.#waiting.values()) waiting.reject(endedProblem(this.#ended));
    this.#waiting.clear();
  }

  /** Resolves when the address is answered for. @throws DrillProblem if it is not, in time */
  async ready(): Promise<void> {
    const from = now();
    while (now() < after(from, fromMillis(START_MS))) {
      if (this.#ended !== undefined) throw endedProblem(this.#ended);
      const { outage } = await this.#ask(from, now());
      if (outage.sent > outage.lost) return;
      await sleep(POLL_MS);
    }
    throw new DrillProblem({
      en: "nobody answers the probes, so nothing could be measured",
      "zh-CN": "没有任何探测得到应答，无法测量",
    });
  }

  /** The probes that were sent in this window. */
  async window(from: Instant, to: Instant, step: Micros): Promise<ProberAnswer> {
    await sleep(LINGER_MS);
    return await this.#ask(from, to, step);
  }

  async #ask(from: Instant, to: Instant, step?: Micros): Promise<ProberAnswer> {
    if (this.#ended !== undefined) throw endedProblem(this.#ended);
    this.#requests += 1;
    const id = this.#requests;
    const request: ProberRequest = { id, from, to, target: 0, ...(step !== undefined && { step }) };
    const waiting = Promise.withResolvers<ProberAnswer>();
    this.#waiting.set(id, waiting);
    this.#pipe.write(`${JSON.stringify(request)}\n`);
    return await waiting.promise;
  }

  close(): void {
    this.#ended ??= "closed";
    this.#child.kill("SIGKILL");
  }
}

const endedProblem = (why: string): DrillProblem =>
  new DrillProblem({
    en: `the program that probes has ended: ${why}`,
    "zh-CN": `探测程序已退出：${why}`,
  });

/** Of what it has printed. */
const lastError = (text: string): string | undefined =>
  text
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line.includes("Error"));

const CONNECT = fileURLToPath(programUrl("probes/connect-probe-main"));
const ICMP = fileURLToPath(programUrl("probes/icmp-probe-main"));
const ARP = fileURLToPath(programUrl("probes/arp-probe-main"));

/** The program and its arguments. */
function commandOf(probe: Probe, address: string): readonly [string, ...string[]] {
  if (probe.kind === "connect") return [CONNECT, probe.host, probe.port];
  const target = readIp(address);
  const way = target === undefined ? undefined : wayTo(target);
  if (way === undefined)
    throw new DrillProblem({
      en: `no interface of this machine is in the network of ${address}: probe it with HOST:PORT, or run the drill on a machine of that network`,
      "zh-CN": `本机没有与 ${address} 同网段的网卡：请用 地址:端口 探测，或在该网段的机器上演练`,
    });
  return probe.kind === "icmp"
    ? [ICMP, address, way.interfaceName]
    : [ARP, address, way.interfaceName, printIp(way.own)];
}

interface Way {
  readonly interfaceName: string;
  readonly own: IpAddress;
}

/** The interface with an address of the same network. */
function wayTo(target: IpAddress): Way | undefined {
  const opened = openRtnetlink();
  if (!opened.ok) return undefined;
  using rtnetlink = opened.value;
  const links = rtnetlink.links();
  const addresses = rtnetlink.addresses();
  if (!links.ok || !addresses.ok) return undefined;
  const found = addresses.value.find(
    ({ address, prefix }) =>
      address !== target && prefix < bitsOf(address) && isInNetwork(address, target, prefix),
  );
  const link = links.value.find(({ index }) => index === found?.index);
  return found === undefined || link === undefined
    ? undefined
    : { interfaceName: link.name, own: found.address };
}
