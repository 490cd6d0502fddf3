/**
 * The measuring processes of a lab, and their readings: who holds the address, and what a
 * client notices.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { now } from "#linux/clock";
import { spawnIn } from "#linux/namespace";
import {
  OUTPUT_FD,
  type ProbePart,
  type ProberAnswer,
  type ProberRequest,
} from "#probes/probe-protocol";
import { printMac } from "#units/address";
import { programUrl } from "#units/installation";
import { type Instant, type Micros, toMillis } from "#units/time";
import { Adverts } from "./adverts.ts";
import { type WatchNews } from "./instrument-protocol.ts";
import type { LabNetwork } from "./network.ts";
import { type Overlap, Presence } from "./presence.ts";

const PROBER = fileURLToPath(programUrl("probes/icmp-probe-main"));
const ADDRESS_WATCH = fileURLToPath(programUrl("lab/measure/address-watch-main"));
const ANSWER_WATCH = fileURLToPath(programUrl("lab/measure/answer-watch-main"));
const QUIET = "--disable-warning=ExperimentalWarning";
const INTERFACE = "eth0";
/** Answers in transit when the window ends may still arrive. */
const LINGER_MILLISECONDS = 120;
const POLL_MILLISECONDS = 5;

export interface InstrumentOptions {
  readonly network: Pick<LabNetwork, "namespaceOf" | "macOf">;
  readonly nodes: readonly string[];
  readonly client: string;
  readonly virtualAddress: string;
  /** Further addresses that the client asks in turn, so that each is asked less often. */
  readonly furtherAddresses?: readonly string[];
  /**
   * Also ask every node directly, bypassing the client's ARP cache, from the client's own
   * address.
   */
  readonly askEachFrom?: string | undefined;
  /**
   * An instrument ended by itself. Without it that is an error nobody catches: every result of a
   * benchmark would be wrong.
   */
  readonly onEnded?: (what: string) => void;
}

export interface ClientView {
  readonly outageMilliseconds: number;
  /** Strict lower bound of it. */
  readonly atLeastMilliseconds: number;
  /**
   * The longest time between two probes. If it is more than a period, the measurement itself
   * was disturbed.
   */
  readonly longestPauseMilliseconds: number;
  readonly totalMilliseconds: number;
  readonly lost: number;
  readonly sent: number;
  readonly turns: ProberAnswer["turns"];
}

export class Instruments {
  readonly adverts: Adverts = new Adverts();
  readonly #presence = new Presence();
  readonly #answers = new Presence();
  readonly #asker: ChildProcess | undefined;
  readonly #watcher: ChildProcess;
  readonly #prober: ChildProcess;
  readonly #proberPipe: Duplex;
  readonly #waiting = new Map<number, PromiseWithResolvers<ProberAnswer>>();
  readonly #onEnded: ((what: string) => void) | undefined;
  #requests = 0;
  #closing = false;

  constructor({
    network,
    nodes,
    client,
    virtualAddress,
    furtherAddresses = [],
    askEachFrom,
    onEnded,
  }: InstrumentOptions) {
    this.#onEnded = onEnded;
    const targets = [virtualAddress, ...furtherAddresses].join(",");
    const namespaces = nodes.map((name) => network.namespaceOf(name).fd);
    this.#watcher = spawn(
      process.execPath,
      [QUIET, ADDRESS_WATCH, virtualAddress, INTERFACE, ...nodes],
      { stdio: ["ignore", "ignore", "inherit", "pipe", ...namespaces], detached: true },
    );
    this.#guard(this.#watcher, "the address watcher");
    linesOf(pipeOf(this.#watcher), (line) => {
      const news = JSON.parse(line) as WatchNews;
      if (news.kind === "presence") this.#presence.record(news);
      else this.adverts.record(news);
    });

    if (askEachFrom !== undefined) {
      const hosts = nodes.map((name) => `${name}=${printMac(network.macOf(name))}`);
      const program = [process.execPath, QUIET, ANSWER_WATCH];
      this.#asker = spawnIn(
        network.namespaceOf(client),
        [...program, virtualAddress, INTERFACE, askEachFrom, ...hosts],
        { stdio: ["ignore", "ignore", "inherit", "pipe"], detached: true },
      );
      this.#guard(this.#asker, "the watcher of answers");
      linesOf(pipeOf(this.#asker), (line) => {
        const news = JSON.parse(line) as WatchNews;
        if (news.kind === "presence") this.#answers.record(news);
      });
    }

    this.#prober = spawnIn(
      network.namespaceOf(client),
      [process.execPath, QUIET, PROBER, targets, INTERFACE],
      { stdio: ["ignore", "ignore", "inherit", "pipe"], detached: true },
    );
    this.#guard(this.#prober, "the prober");
    this.#proberPipe = pipeOf(this.#prober);
    linesOf(this.#proberPipe, (line) => {
      const answer = JSON.parse(line) as ProberAnswer;
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** Without instruments every result would be wrong, so their death ends the run. */
  #guard(child: ChildProcess, what: string): void {
    child.on("exit", (code, signal) => {
      if (this.#closing) return;
      const problem = `${what} ended: ${signal ?? `exit code ${code}`}`;
      if (this.#onEnded === undefined) throw new Error(problem);
      for (const waiting of this.#waiting.values()) waiting.reject(new Error(problem));
      this.#waiting.clear();
      this.#onEnded(problem);
    });
  }

  /** A process that lives in the client's namespace. */
  get clientPid(): number | undefined {
    return this.#prober.pid;
  }

  holders(): readonly string[] {
    return this.#presence.holders();
  }

  holdsSince(name: string): Instant | undefined {
    return this.#presence.holdsSince(name);
  }

  overlap(names: readonly string[], from: Instant, to: Instant): Overlap {
    return this.#presence.overlap(names, from, to);
  }

  /** Which nodes answer for the address; undefined if the nodes are not asked directly. */
  answering(): readonly string[] | undefined {
    return this.#asker && this.#answers.holders();
  }

  /**
   * The time in which two or more of them answered for the address; undefined if the nodes are
   * not asked directly.
   */
  answerOverlap(names: readonly string[], from: Instant, to: Instant): Overlap | undefined {
    return this.#asker && this.#answers.overlap(names, from, to);
  }

  /** The time in which none of them held the address. */
  absence(names: readonly string[], from: Instant, to: Instant): Micros {
    return this.#presence.absence(names, from, to);
  }

  changesWithin(name: string, from: Instant, to: Instant): number {
    return this.#presence.changesWithin(name, from, to);
  }

  /**
   * Resolves once probes are being sent. A process takes time to start, and more on a busy
   * machine.
   */
  async ready(): Promise<void> {
    while (!(await this.#ask(now(), now(), 0)).covered) await sleep(POLL_MILLISECONDS);
  }

  /** The probes of the window in parts, for a plot; undefined if not all of it was probed. */
  async parts(from: Instant, to: Instant, step: Micros): Promise<readonly ProbePart[] | undefined> {
    const { covered, parts } = await this.#ask(from, to, 0, step);
    return covered ? parts : undefined;
  }

  /**
   * What the client noticed of the probes sent in the window, to the virtual address or
   * (`target` from 1) a further one. Throws if the prober did not run all the time.
   */
  async outage(from: Instant, to: Instant, target = 0): Promise<ClientView> {
    await sleep(LINGER_MILLISECONDS);
    const { outage, covered, turns, longestPause } = await this.#ask(from, to, target);
    // Without probes nothing is lost: without this check a prober that had not started yet
    // would report that all was well.
    if (!covered) throw new Error("the prober was not running when the window began");
    return {
      outageMilliseconds: toMillis(outage.longest),
      atLeastMilliseconds: toMillis(outage.atLeast),
      longestPauseMilliseconds: longestPause / 1000,
      totalMilliseconds: toMillis(outage.total),
      lost: outage.lost,
      sent: outage.sent,
      turns,
    };
  }

  #ask(from: Instant, to: Instant, target: number, step?: Micros): Promise<ProberAnswer> {
    this.#requests += 1;
    const request: ProberRequest = {
      id: this.#requests,
      from,
      to,
      target,
      ...(step !== undefined && { step }),
    };
    const waiting = Promise.withResolvers<ProberAnswer>();
    this.#waiting.set(request.id, waiting);
    this.#proberPipe.write(`${JSON.stringify(request)}\n`);
    return waiting.promise;
  }

  async close(): Promise<void> {
    this.#closing = true;
    const all = [this.#watcher, this.#prober, this.#asker].filter((one) => one !== undefined);
    await Promise.all(all.map(endOf));
  }
}

function pipeOf(child: ChildProcess): Duplex {
  const pipe = child.stdio[OUTPUT_FD];
  if (!(pipe instanceof Duplex)) throw new Error("a measuring process without a pipe");
  // It ends with the process, which `#guard` looks after.
  pipe.on("error", () => {});
  return pipe;
}

/** readline passes on the pipe's error, and nobody else would hear it there either. */
function linesOf(pipe: Duplex, take: (line: string) => void): void {
  createInterface({ input: pipe })
    .on("line", take)
    .on("error", () => {});
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else {
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    }
  });
}
