/** A lab inside its sandbox: the VPCs, its instances, and the programs on them. */
import type { ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnIn } from "#linux/namespace";
import { printIpv4 } from "#units/address";
import { readCommandLine, readProcess } from "../sandbox/proc.ts";
import { type FaultOrder, printFaults } from "./fault-orders.ts";
import type { LabFile } from "./lab-file.ts";
import { LabInstance } from "./lab-instance.ts";
import { bilingual } from "./lab-messages.ts";
import { LabMistake } from "./lab-mistake.ts";
import type { ExecTarget, LabStatus } from "./lab-protocol.ts";
import { INTERNET, Vpc, type VpcEvent } from "./vpc.ts";

const HOLDER = ["sleep", "2147483647"] as const;
const INSIDE_MS = 4_000;

export interface LabOutput {
  event(event: VpcEvent): void;
  /** A line of a program's output. */
  line(instance: string, text: string): void;
  ended(instance: string, command: string, how: string): void;
}

interface Program {
  readonly command: string;
  readonly child: ChildProcess;
  state: string;
}

export class RunningLab {
  readonly vpc: Vpc;
  readonly #folder: string;
  readonly #output: LabOutput;
  readonly #instances = new Map<string, LabInstance>();
  readonly #programs = new Map<string, Program[]>();
  /** A process that lives as long as the instance, so that others can enter its namespaces. */
  readonly #holders = new Map<string, ChildProcess>();
  readonly #unplugged = new Set<string>();
  #isClosing = false;

  private constructor(vpc: Vpc, folder: string, output: LabOutput) {
    this.vpc = vpc;
    this.#folder = folder;
    this.#output = output;
  }

  static async start(lab: LabFile, folder: string, output: LabOutput): Promise<RunningLab> {
    const { description, claimLatency, apiLatencyMs, callsPerSecond } = lab;
    const vpc = await Vpc.start({
      description,
      onEvent: (event) => output.event(event),
      ...(claimLatency !== undefined && { profile: { claimLatency } }),
      ...(apiLatencyMs !== undefined && { apiLatencyMs }),
      ...(callsPerSecond !== undefined && { callsPerSecond }),
    });
    const running = new RunningLab(vpc, folder, output);
    try {
      for (const { name } of vpc.instances()) running.#boot(name);
      if (description.internet) running.#hold(INTERNET);
      return running;
    } catch (error) {
      await running.close();
      throw error;
    }
  }

  #boot(name: string): void {
    const launched = this.vpc.instance(name);
    const instance = new LabInstance(launched, join(this.#folder, name), this.vpc.region);
    this.#instances.set(name, instance);
    this.#hold(name);
    for (const command of launched.description.run) this.#run(instance, command);
  }

  #hold(name: string): void {
    const instance = this.#instances.get(name);
    const { namespace } = this.vpc.host(name);
    const options = { stdio: "ignore", detached: true, diesWithParent: true } as const;
    const child = instance?.spawn(HOLDER, "ignore") ?? spawnIn(namespace, HOLDER, options);
    this.#holders.set(name, child);
  }

  #run(instance: LabInstance, command: string): void {
    const { name } = instance.launched;
    mkdirSync(instance.folder, { recursive: true });
    const child = instance.spawn(["/bin/sh", "-c", command], ["ignore", "pipe", "pipe"]);
    const log = createWriteStream(join(instance.folder, "output.log"), { flags: "a" });
    const program: Program = { command, child, state: "running" };
    this.#programs.set(name, [...(this.#programs.get(name) ?? []), program]);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (text) => {
        log.write(`${text}\n`);
        this.#output.line(name, text);
      });
    }
    child.on("close", (code, signal) => {
      log.end();
      program.state = signal ?? `exit ${code}`;
      if (!this.#isClosing) this.#output.ended(name, command, program.state);
    });
    child.on("error", (error) => this.#output.ended(name, command, error.message));
  }

  async exec(name: string, rootless: boolean): Promise<ExecTarget> {
    const pid = this.#holders.get(name)?.pid;
    if (pid === undefined)
      throw new LabMistake(bilingual(`no instance is called ${name}`, `没有名为 ${name} 的实例`));
    await untilInside(pid, name);
    const process = readProcess(pid);
    if (process === undefined)
      throw new LabMistake(bilingual(`the instance ${name} has ended`, `实例 ${name} 已结束`));
    return { pid, startTime: process.startTime, rootless, region: this.vpc.region };
  }

  fault(name: string, order: Exclude<FaultOrder, { readonly kind: "wrong" }>): void {
    switch (order.kind) {
      case "merge": {
        // A late port is late from its own command on, and not again after every later one.
        const { lateMicros: _, ...kept } = this.vpc.faultOf(name);
        // `loss 10%` is of every protocol, whatever the loss before it was of.
        const { onlyProtocol: __, ...others } = kept;
        const base = order.fault.loss === undefined ? kept : others;
        return this.vpc.setFault(name, { ...base, ...order.fault });
      }
      case "apart":
        return this.vpc.setApart([name, ...order.others], true);
      case "cable":
        return this.#setCable(name, order.plugged);
      case "heal": {
        const { port } = this.vpc.host(name);
        this.vpc.setFault(name, {});
        this.#setCable(name, true);
        // The other instances hear it again too.
        for (const other of this.vpc.wires.hosts()) {
          const { notHearing = [], ...rest } = this.vpc.faultOf(other.name);
          if (!notHearing.includes(port)) continue;
          const left = notHearing.filter((one) => one !== port);
          this.vpc.setFault(other.name, left.length === 0 ? rest : { ...rest, notHearing: left });
        }
        return;
      }
    }
  }

  #setCable(name: string, plugged: boolean): void {
    this.vpc.wires.setCable(name, plugged);
    if (plugged) this.#unplugged.delete(name);
    else this.#unplugged.add(name);
  }

  #faultOrdersOf(name: string): readonly string[] {
    const nameOf = (port: number): string | undefined =>
      this.vpc.wires.hosts().find((host) => host.port === port)?.name;
    const orders = printFaults(this.vpc.faultOf(name), nameOf);
    return this.#unplugged.has(name) ? [...orders, "unplug"] : orders;
  }

  async status(rootless: boolean): Promise<LabStatus> {
    const stats = await this.vpc.stats();
    return {
      pid: process.pid,
      switchPid: this.vpc.switchPid,
      region: this.vpc.region,
      rootless,
      instances: this.vpc.instances().map((one) => {
        const { name, instanceId, interfaceId, address, subnetId, port } = one;
        const counters = stats.find((row) => row.port === port);
        return {
          name,
          instanceId,
          interfaceId,
          address,
          subnetId,
          folder: join(this.#folder, name),
          faults: { ...this.vpc.faultOf(name) },
          faultOrders: this.#faultOrdersOf(name),
          commands: (this.#programs.get(name) ?? []).map(({ command, state }) => ({
            command,
            state,
          })),
          received: counters?.received ?? 0,
          sent: counters?.sent ?? 0,
          dropped: counters?.drops ?? {},
        };
      }),
      havips: this.vpc.havips().map((row) => ({
        id: row.id,
        name: row.name,
        address: printIpv4(row.vip),
        state: row.holder === null ? ("UNBIND" as const) : ("AVAILABLE" as const),
        instance: this.vpc.nameOf(row.holder?.instanceId),
        publicAddress: this.vpc.publicAddressOf(row),
      })),
    };
  }

  /** Programs get SIGTERM and two seconds to end. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const programs = [...this.#programs.values()].flat().filter((one) => one.state === "running");
    const ended = programs.map(
      ({ child }) =>
        new Promise<void>((resolve) => {
          child.once("close", () => resolve());
          signalGroup(child.pid, "SIGTERM");
        }),
    );
    const timer = setTimeout(() => {
      for (const { child } of programs) signalGroup(child.pid, "SIGKILL");
    }, 2_000);
    await Promise.all(ended);
    clearTimeout(timer);
    for (const holder of this.#holders.values()) holder.kill("SIGKILL");
    await this.vpc.close();
  }
}

/**
 * A new process is in our own namespaces until it has become the program: whoever entered it
 * before that would not be in the instance.
 */
async function untilInside(pid: number, name: string): Promise<void> {
  const end = performance.now() + INSIDE_MS;
  while (readCommandLine(pid)[0] !== HOLDER[0]) {
    if (performance.now() > end)
      throw new LabMistake(
        bilingual(`the instance ${name} does not start`, `实例 ${name} 未能启动`),
      );
    await sleep(5);
  }
}

/** A program on an instance leads a process group of its own: the shell and what it started. */
function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It is gone already.
  }
}
