/**
 * The HTTP API's side of the daemon: loaded when a configuration, or the command line, asks for it,
 * and given what it may use. A daemon without one loads nothing of it.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import type { Language } from "#diagnostics/diagnostic";
import type { EventLog } from "#events/event-log";
import { printApiAddress } from "#keepalived/plan/api";
import type { ApiAddress, ApiPlan, RunPlan } from "#keepalived/plan/run-plan";
import { socketUser } from "#linux/socket-owner";
import { groupInFile } from "./account.ts";
import type { ApiHost, ApiNode, OpenApi, RunningApi } from "./api-port.ts";
import { background, failureText } from "./contain.ts";
import type { Status } from "./control-protocol.ts";
import type { Log } from "./log.ts";
import { daemonMessages } from "./messages.ts";
import type { OperatorCommand } from "./operator.ts";
import { findProblemOnWay } from "./own-files.ts";
import { Pace } from "./pace.ts";
import { privateFileSentence, readPrivateFile } from "./private-file.ts";
import { SharedWork } from "./shared-work.ts";
import { folderProblem } from "./start-problem.ts";
import type { Supervisor } from "./supervisor.ts";

export interface ApiOptions {
  /** `--api`: listened on besides what the file says. */
  readonly address: ApiAddress | undefined;
  readonly load: () => Promise<OpenApi>;
  /** What `baton check --json` says of the file. */
  readonly check: (language: Language) => Promise<object>;
}

export interface ApiSettings {
  readonly options: ApiOptions;
  readonly supervisor: Supervisor;
  readonly events: EventLog;
  readonly runtimeDir: string;
  readonly language: Language;
  readonly log: Log;
}

const GROUP = "baton";

export class DaemonApi {
  readonly #settings: ApiSettings;
  #running: RunningApi | undefined;
  /** The newest, while it is being loaded. */
  #plan: ApiPlan | undefined;
  #isStarted = false;
  #isLoading = false;
  #isClosed = false;

  constructor(settings: ApiSettings) {
    this.#settings = settings;
  }

  get listens(): readonly string[] | undefined {
    return this.#running?.listens;
  }

  /** Unless a reload came first, and began with what is newer. */
  start(plan: RunPlan): void {
    if (!this.#isStarted) this.configure(plan);
  }

  configure({ api }: RunPlan): void {
    if (this.#isClosed) return;
    this.#isStarted = true;
    this.#plan = withAddress(api, this.#settings.options.address);
    if (this.#running !== undefined) this.#running.configure(this.#plan);
    else if (this.#plan !== undefined && !this.#isLoading) {
      this.#isLoading = true;
      background(this.#settings.log, "API", async () => await this.#load());
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#running?.close();
  }

  async #load(): Promise<void> {
    const { options, log, language } = this.#settings;
    try {
      const open = await options.load();
      if (this.#isClosed) return;
      this.#running = open(this.#host());
      this.#running.configure(this.#plan);
    } catch (error) {
      // The files of this version are gone: an upgrade.
      log("error", daemonMessages(language).apiNotLoaded(failureText(error)));
    } finally {
      this.#isLoading = false;
    }
  }

  #host(): ApiHost {
    const { runtimeDir, language, log, events } = this.#settings;
    return {
      node: this.#node(),
      log,
      language,
      socket: join(runtimeDir, "api.sock"),
      group: groupInFile(GROUP),
      readFile: (path, mode) => {
        const read = readPrivateFile(path, mode);
        if (read.kind === "text") return read;
        return { kind: "refused", why: privateFileSentence(read.problem, language) };
      },
      folderProblem: (folder) => {
        const problem = findProblemOnWay(folder, true);
        return problem && folderProblem(problem, language);
      },
      userOf: ({ remoteAddress, remotePort, localAddress, localPort }) => {
        const theirs = { address: remoteAddress ?? "", port: remotePort ?? 0 };
        return socketUser(theirs, { address: localAddress ?? "", port: localPort ?? 0 });
      },
      wrongTokens: (text, count, from) => {
        const by = { via: "api", name: "?", from } as const;
        const data = { action: "token", by, outcome: "refused", count };
        events.record({ kind: "operator", severity: "warning", text, data });
      },
    };
  }

  #node(): ApiNode {
    const { options, supervisor, events, language } = this.#settings;
    const pace = new Pace();
    // Reading a large file takes a while: all who ask meanwhile share an answer.
    const checks = {
      en: new SharedWork(async () => await options.check("en")),
      "zh-CN": new SharedWork(async () => await options.check("zh-CN")),
    };
    return {
      name: hostname(),
      language,
      events,
      status: async () => await supervisor.status(),
      follow: (listener) => follow(supervisor, listener),
      readiness: async () => {
        const { engineAnswers } = await supervisor.status();
        if (!engineAnswers) return "no-engine";
        return supervisor.isConfigured ? "ready" : "configuring";
      },
      act: async ({ command, body, language: lang }, caller) =>
        await supervisor.act({ ...body, command, lang } as OperatorCommand, caller),
      check: async (asked) => await checks[asked].get(),
      metrics: async () => await supervisor.metrics.parts(),
      turn: async (isGone) => await pace.turn(isGone),
    };
  }
}

/** `--api` stands beside the file's block, or for one. */
function withAddress(
  plan: ApiPlan | undefined,
  address: ApiAddress | undefined,
): ApiPlan | undefined {
  if (address === undefined) return plan;
  const known = plan?.listen ?? [];
  const isThere = known.some((one) => printApiAddress(one) === printApiAddress(address));
  return {
    tokenFile: plan?.tokenFile,
    tls: plan?.tls,
    listen: isThere ? known : [address, ...known],
  };
}

/** As a client of the control socket that watches, without a socket. */
function follow(supervisor: Supervisor, listener: (status: Status) => void): () => void {
  let close: (() => void) | undefined;
  supervisor.watch({
    send: (answer) => {
      if (answer.ok && "status" in answer) listener(answer.status);
    },
    isBehind: false,
    onClose: (what) => {
      close = what;
    },
  });
  return () => close?.();
}
