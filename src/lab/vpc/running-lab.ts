/** A lab inside its sandbox: the VPCs, its instances, and the programs on them. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnIn } from "#linux/namespace";
import { isIpv4, printIpv4 } from "#units/address";
import { readCommandLine, readProcess } from "../sandbox/proc.ts";
import type { DaemonOrder } from "./daemon-orders.ts";
import { type FaultOrder, printFaults } from "./fault-orders.ts";
import type { LabFile } from "./lab-file.ts";
import { LabInstance } from "./lab-instance.ts";
import { bilingual } from "./lab-messages.ts";
import { LabMistake } from "./lab-mistake.ts";
import type { ExecTarget, LabStatus } from "./lab-protocol.ts";
import { type ProgramOutput, Programs } from "./programs.ts";
import { INTERNET, Vpc, type VpcEvent } from "./vpc.ts";

const HOLDER = ["sleep", "2147483647"] as const;
const INSIDE_MS = 4_000;

export interface LabOutput extends ProgramOutput {
  event(event: VpcEvent): void;
}

export interface LabStart {
  /** Instances run their commands at once; otherwise when they are ordered to. */
  readonly runsPrograms: boolean;
}

export class RunningLab {
  readonly vpc: Vpc;
  readonly #folder: string;
  readonly #output: LabOutput;
  readonly #instances = new Map<string, LabInstance>();
  readonly #programs = new Map<string, Programs>();
  /** A process that lives as long as the instance, so that others can enter its namespaces. */
  readonly #holders = new Map<string, ChildProcess>();
  readonly #unplugged = new Set<string>();

  private constructor(vpc: Vpc, folder: string, output: LabOutput) {
    this.vpc = vpc;
    this.#folder = folder;
    this.#output = output;
  }

  static async start(
    lab: LabFile,
    folder: string,
    output: LabOutput,
    { runsPrograms }: LabStart = { runsPrograms: true },
  ): Promise<RunningLab> {
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
      for (const { name } of vpc.instances()) running.#boot(name, runsPrograms);
      if (description.internet) running.#hold(INTERNET);
      return running;
    } catch (error) {
      await running.close();
      throw error;
    }
  }

  #boot(name: string, runsPrograms: boolean): void {
    const launched = this.vpc.instance(name);
    const instance = new LabInstance(launched, join(this.#folder, name), this.vpc.region);
    this.#instances.set(name, instance);
    this.#hold(name);
    const programs = new Programs(instance, this.#output);
    this.#programs.set(name, programs);
    if (runsPrograms) programs.startAll();
  }

  #hold(name: string): void {
    const instance = this.#instances.get(name);
    const { namespace } = this.vpc.host(name);
    const options = { stdio: "ignore", detached: true, diesWithParent: true } as const;
    const child = instance?.spawn(HOLDER, "ignore") ?? spawnIn(namespace, HOLDER, options);
    this.#holders.set(name, child);
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

  /** @throws LabMistake if there is no such instance, or nothing to do it to */
  async daemon(name: string, order: DaemonOrder, address: string | undefined): Promise<void> {
    const { address: own } = this.vpc.instance(name);
    const programs = this.#programs.get(name);
    // As a machine without power: its cable first, so that it says nothing more.
    if (order === "power-off") this.#setCable(name, false);
    if (order === "power-on") {
      this.#forgetAddresses(name, own);
      this.#setCable(name, true);
    }
    await programs?.carryOut(order, address);
  }

  /** A machine that boots has its own address only. */
  #forgetAddresses(name: string, own: string): void {
    const { rtnetlink, index } = this.vpc.host(name);
    const found = rtnetlink.addresses();
    if (!found.ok) return;
    for (const { index: at, address, prefix } of found.value) {
      // One that is gone by now is what is wanted.
      if (at === index && isIpv4(address) && printIpv4(address) !== own)
        void rtnetlink.removeAddress(index, { address, prefix, scope: 0 });
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
      internet: this.vpc.hasInternet,
      subnets: this.vpc.subnets(),
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
          commands: this.#programs.get(name)?.states() ?? [],
          received: counters?.received ?? 0,
          sent: counters?.sent ?? 0,
          dropped: counters?.drops ?? {},
        };
      }),
      havips: this.havips(),
    };
  }

  havips(): LabStatus["havips"] {
    return this.vpc.havips().map((row) => ({
      id: row.id,
      name: row.name,
      address: printIpv4(row.vip),
      state: row.holder === null ? ("UNBIND" as const) : ("AVAILABLE" as const),
      instance: this.vpc.nameOf(row.holder?.instanceId),
      publicAddress: this.vpc.publicAddressOf(row),
      subnetId: row.subnetId,
    }));
  }

  /** An instance of the subnet on which nothing is meant to run, so that it can be a client. */
  clientOf(subnetId: string): string | undefined {
    return this.vpc
      .instances()
      .find((one) => one.subnetId === subnetId && one.description.run.length === 0)?.name;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#programs.values()].map(async (one) => await one.close()));
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
