/**
 * What operators ask of the daemon, over the control socket or HTTP: a planned move, maintenance.
 * One at a time for each instance; each is recorded with its caller and its end before it is
 * answered.
 */
import type { Role } from "#cloud/agreement/agreement-state";
import type { Language } from "#diagnostics/diagnostic";
import { type Caller, printCaller } from "#events/caller";
import { type EventLog, NO_EVENTS } from "#events/event-log";
import type { RunPlan } from "#keepalived/plan/run-plan";
import { readIp } from "#units/address";
import { toSeconds } from "#units/time";
import type { BriefSnapshot, FromEngine, ToEngine } from "#vrrp/engine/engine-link";
import type { GateConfig } from "#vrrp/router/config";
import type { ControlAnswer, ControlRequest, InstanceStatus, Status } from "./control-protocol.ts";
import type { EngineProcess, Snapshot } from "./engine-process.ts";
import type { Gates } from "./gates.ts";
import { MaintenanceMode } from "./maintenance.ts";
import { maintenancePath } from "./maintenance-file.ts";
import type { Maintenance } from "./maintenance-shape.ts";
import { type OperatorMessages, operatorMessages } from "./operator-messages.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";
import type { SwitchAnswer, SwitchRequest } from "./switch-protocol.ts";
import { Switches, type Unit } from "./switches.ts";

type Configure = Extract<ToEngine, { type: "configure" }>;
type SwitchCommand = Extract<ControlRequest, { command: "switch" }>;
type MaintenanceCommand = Extract<ControlRequest, { command: "maintenance" }>;
type PromoteCommand = Extract<ControlRequest, { command: "promote" }>;
export type OperatorCommand = SwitchCommand | MaintenanceCommand | PromoteCommand;

/** As it is at the moment of a request. */
export interface OperatorParts {
  readonly options: Pick<SupervisorOptions, "log" | "language" | "events" | "stateDir">;
  readonly engine: Pick<EngineProcess, "send" | "snapshot">;
  readonly plan: RunPlan;
  /** Undefined: no gate is configured. */
  readonly gates: Gates | undefined;
  /** What keeps a request from being carried out. */
  readonly busy: "stopping" | "reloading" | undefined;
  /** What a move means for the question whether the platform agrees. */
  readonly role: (instance: string, role: Role) => void;
  /** The status is another one. */
  readonly changed: () => void;
}

/** As `status` waits. */
const SNAPSHOT_MS = 300;
/** Until somebody has taken over. */
const WAIT_SECONDS = 10;
/** For what the platform needs besides its own time. */
const PLATFORM_MORE_SECONDS = 3;

export class Operator {
  readonly #now: () => OperatorParts;
  readonly #switches: Switches;
  readonly #held: MaintenanceMode;
  #isChanging = false;

  constructor(now: () => OperatorParts) {
    this.#now = now;
    this.#switches = new Switches({
      send: (message) => now().engine.send(message),
      groups: () => now().plan.groups,
      gateOf: (name) => now().gates?.find(name)?.unit,
    });
    this.#held = new MaintenanceMode({
      stateDir: () => now().options.stateDir,
      over: () => void this.#over(),
    });
  }

  /** In the language of the log. */
  get #messages(): OperatorMessages {
    return operatorMessages(this.#now().options.language);
  }

  get #events(): EventLog {
    return this.#now().options.events ?? NO_EVENTS;
  }

  get #path(): string {
    return maintenancePath(this.#now().options.stateDir ?? "");
  }

  #send(message: ToEngine): void {
    this.#now().engine.send(message);
  }

  /** Before the first engine. */
  start(): void {
    const read = this.#held.read();
    const { current } = this.#held;
    if (current === undefined) return;
    const { log } = this.#now().options;
    if (read.kind === "unreadable") log("error", this.#messages.unreadable(this.#path));
    else log("warning", this.#messages.starts(current));
  }

  stop(): void {
    this.#held.stop();
  }

  engineSaid(message: FromEngine): void {
    if (message.type === "report" && message.report.kind === "switch-begun")
      this.#now().role(message.instance, "leaving");
    if (message.type === "report" && message.report.kind === "switch-taken-back")
      this.#now().role(message.instance, message.report.why === "stalled" ? "other" : "master");
    this.#switches.engineSaid(message);
  }

  engineGone(): void {
    this.#switches.engineGone();
  }

  /** What an engine has to know before it decides anything. */
  forEngine(isReload: boolean): Pick<Configure, "maintenance" | "switched"> {
    const { mode } = this.#held;
    const switched = this.#switches.forEngine();
    return {
      ...(mode !== undefined && { maintenance: mode }),
      ...(!isReload && switched.length > 0 && { switched }),
    };
  }

  get status(): Pick<Status, "maintenance"> {
    const { current } = this.#held;
    return current === undefined ? {} : { maintenance: current };
  }

  statusOf({ name }: BriefSnapshot): Pick<InstanceStatus, "switched"> {
    const switched = this.#switches.switchedOf(name);
    if (switched === undefined) return {};
    const back = this.#held.current === undefined ? "switch-back" : "maintenance-off";
    return { switched: { ...switched, back } };
  }

  async handle(command: OperatorCommand, caller: Caller): Promise<ControlAnswer> {
    const messages = operatorMessages(command.lang ?? this.#now().options.language);
    const busy = this.#now().busy;
    if (busy !== undefined) return { ok: false, ...messages.busy(busy) };
    switch (command.command) {
      case "switch":
        return await this.#switch(command, caller, messages);
      case "maintenance":
        return await this.#maintenance(command, caller, messages);
      case "promote":
        return await this.#promote(command, caller);
    }
  }

  async #promote(command: PromoteCommand, caller: Caller): Promise<ControlAnswer> {
    const { options, engine, gates, changed } = this.#now();
    const { log, language } = options;
    const { promote } = await import("./gate-promote.ts");
    const parts = { gates, engine, log, language, events: options.events };
    const answer = await promote(parts, command, caller, command.lang ?? language);
    changed();
    return answer;
  }

  // ---- a planned move --------------------------------------------------------------------------

  async #switch(
    command: SwitchCommand,
    caller: Caller,
    messages: OperatorMessages,
  ): Promise<ControlAnswer> {
    const { to } = command;
    if (to !== undefined && readIp(to) === undefined)
      return { ok: false, ...messages.noAddress(to) };
    const snapshot = await this.#now().engine.snapshot(SNAPSHOT_MS);
    if (snapshot === undefined) return { ok: false, ...messages.noEngine };
    const units = this.#switches.unitsOf(command, snapshot);
    if ("kind" in units) return { ok: false, ...messages.noUnit(units) };
    const answer = await this.#carryOut(units, command, snapshot, caller);
    if (command.dryRun !== true) await this.#recordSwitch(command, caller, answer);
    this.#now().changed();
    return { ok: true, switch: answer };
  }

  async #carryOut(
    units: readonly Unit[],
    request: SwitchRequest & { readonly force?: true },
    snapshot: Snapshot,
    caller: Caller,
  ): Promise<SwitchAnswer> {
    const waits = this.#now().plan.instances.map(({ config }) => config.router.handoverWait ?? 0);
    // Of the platform that takes the longest to follow.
    const platform = Math.max(0, ...waits) / 1_000_000;
    const gates = this.#now().plan.instances.map(({ config }) => gateSeconds(config.router.gate));
    const wait = WAIT_SECONDS + Math.max(0, ...gates);
    const usual = platform > 0 ? wait + platform + PLATFORM_MORE_SECONDS : wait;
    const deadline = performance.now() + (request.waitSeconds ?? usual) * 1_000;
    return await this.#switches.switch(units, request, snapshot, caller, deadline);
  }

  async #recordSwitch(
    { back, why }: SwitchRequest,
    by: Caller,
    { outcome, units }: SwitchAnswer,
  ): Promise<void> {
    const { log, language } = this.#now().options;
    const events = this.#events;
    const action = back === true ? "switch-back" : "switch";
    for (const unit of units) {
      const { name, kind, text } = unit;
      const isFine = unit.outcome === "moved" || back === true;
      const said = {
        en: `${action} of ${name} by ${printCaller(by)}${because(why)}: ${text.en}`,
        "zh-CN": `${printCaller(by)} 对 ${name} 执行 ${action}${because(why)}：${text["zh-CN"]}`,
      };
      log(isFine ? "info" : "warning", `(${name}) ${said[language]}`, { action, unit });
      events.record({
        kind: "operator",
        severity: isFine ? "info" : "warning",
        ...(kind === "group" ? { group: name } : { instance: name }),
        text: said,
        data: { action, by, ...(why !== undefined && { why }), outcome, unit },
      });
    }
    await events.settled();
  }

  // ---- maintenance -----------------------------------------------------------------------------

  async #maintenance(
    command: MaintenanceCommand,
    caller: Caller,
    messages: OperatorMessages,
  ): Promise<ControlAnswer> {
    if (command.on === undefined && command.off !== true)
      return { ok: true, maintenance: this.#held.current ?? null };
    // Two at once would leave the address to nobody, or the file to the wrong one.
    if (this.#isChanging) return { ok: false, ...messages.underWay };
    this.#isChanging = true;
    try {
      return command.on === undefined
        ? await this.#off(caller, messages)
        : await this.#on(command.on, caller, messages);
    } finally {
      this.#isChanging = false;
      this.#now().changed();
    }
  }

  async #on(
    on: NonNullable<MaintenanceCommand["on"]>,
    caller: Caller,
    messages: OperatorMessages,
  ): Promise<ControlAnswer> {
    const { forSeconds, reason, lastResort, force, waitSeconds } = on;
    const snapshot = await this.#now().engine.snapshot(SNAPSHOT_MS);
    if (snapshot === undefined) return { ok: false, ...messages.noEngine };
    const wait = waitSeconds === undefined ? {} : { waitSeconds };
    const request = { all: true, ...wait, ...(force === true && { force }) } as const;
    const units = this.#switches.unitsOf(request, snapshot);
    if ("kind" in units) return { ok: false, ...messages.noUnit(units) };
    const isStrict = force !== true && lastResort !== true;
    const moved = await this.#carryOut(units, request, snapshot, caller);
    const kept = keptOf(moved);
    if (kept.length > 0 && isStrict) {
      this.#return(units, moved);
      return await this.#refuse(on, caller, moved, messages);
    }
    const since = new Date();
    const maintenance: Maintenance = {
      since: since.toISOString(),
      ...(forSeconds !== undefined && {
        until: new Date(since.getTime() + forSeconds * 1_000).toISOString(),
      }),
      ...(reason !== undefined && { reason }),
      lastResort: lastResort === true,
      by: printCaller(caller),
    };
    const failed = this.#held.set(maintenance);
    if (failed !== undefined) {
      this.#return(units, moved);
      return { ok: false, ...messages.notKept(this.#path, failed) };
    }
    const again = isStrict ? await this.#moveWhatCame(request, caller) : undefined;
    if (again !== undefined && this.#held.end() === undefined) {
      this.#return(units, moved);
      return await this.#refuse(on, caller, again, messages);
    }
    this.#send({ type: "maintenance", mode: this.#held.mode });
    await this.#record(true, caller, this.#messages.isOn(maintenance), maintenance);
    return { ok: true, maintenance, switch: moved };
  }

  /**
   * Keeping it takes the disk's time. If this node has become owner meanwhile, its peer may be
   * going into maintenance too, and an engine in maintenance would give the address to nobody.
   *
   * @returns undefined: it owns nothing any more
   */
  async #moveWhatCame(request: SwitchRequest, caller: Caller): Promise<SwitchAnswer | undefined> {
    const snapshot = await this.#now().engine.snapshot(SNAPSHOT_MS);
    // Without an engine there is an owner elsewhere, or the next engine gets the file.
    if (snapshot === undefined) return undefined;
    const masters = snapshot.instances.filter(({ state }) => state === "MASTER");
    if (masters.length === 0) return undefined;
    const names = masters.map(({ name }) => name);
    const units = this.#switches.unitsOf({ names }, snapshot);
    if ("kind" in units) return undefined;
    const { all: _all, ...rest } = request;
    const answer = await this.#carryOut(units, { ...rest, names }, snapshot, caller);
    return keptOf(answer).length === 0 ? undefined : answer;
  }

  /** Nobody takes what this node owns: said, kept with who asked, and nothing changes. */
  async #refuse(
    { reason }: NonNullable<MaintenanceCommand["on"]>,
    by: Caller,
    moved: SwitchAnswer,
    messages: OperatorMessages,
  ): Promise<ControlAnswer> {
    const kept = keptOf(moved);
    const { log, language } = this.#now().options;
    const events = this.#events;
    const who = `${printCaller(by)}${because(reason)}`;
    const said = {
      en: `maintenance asked for by ${who}: ${operatorMessages("en").nobodyTakesOver(kept).error}`,
      "zh-CN": `${who} 请求维护：${operatorMessages("zh-CN").nobodyTakesOver(kept).error}`,
    };
    log("warning", said[language], { action: "maintenance", units: kept });
    const data = { action: "maintenance", by, ...(reason !== undefined && { why: reason }) };
    events.record({
      kind: "operator",
      severity: "warning",
      text: said,
      data: { ...data, outcome: "refused", units: kept },
    });
    await events.settled();
    return { ok: false, ...messages.nobodyTakesOver(kept), switch: moved };
  }

  /** What moved for nothing may come back. */
  #return(units: readonly Unit[], { units: ended }: SwitchAnswer): void {
    const names = ended.flatMap(({ name, outcome }) => (outcome === "moved" ? [name] : []));
    const instances = units.flatMap((one) => (names.includes(one.name) ? one.members : []));
    if (instances.length > 0) this.#send({ type: "switchBack", instances });
  }

  async #off(caller: Caller, messages: OperatorMessages): Promise<ControlAnswer> {
    const before = this.#held.current;
    if (before === undefined) return { ok: true, maintenance: null };
    const failed = this.#held.end();
    if (failed !== undefined) {
      return { ok: false, ...messages.notKept(this.#path, failed) };
    }
    this.#switches.forgetAll();
    this.#send({ type: "maintenance", mode: undefined });
    await this.#record(false, caller, this.#messages.isOff(printCaller(caller)), before);
    return { ok: true, maintenance: null };
  }

  async #over(): Promise<void> {
    const before = this.#held.current;
    if (before === undefined) return;
    // A file that cannot be removed says until when it holds.
    const failed = this.#held.end();
    if (failed !== undefined)
      this.#now().options.log("error", this.#messages.notKept(this.#path, failed).error);
    this.#switches.forgetAll();
    this.#send({ type: "maintenance", mode: undefined });
    this.#now().changed();
    await this.#record(false, undefined, this.#messages.isOver(before), before);
  }

  async #record(
    on: boolean,
    by: Caller | undefined,
    text: Readonly<Record<Language, string>>,
    maintenance: Maintenance,
  ): Promise<void> {
    const { log, language } = this.#now().options;
    const events = this.#events;
    log(on ? "warning" : "info", text[language], { maintenance: on ? maintenance : null });
    const data = { ...maintenance, on, ...(by !== undefined && { caller: by }) };
    events.record({ kind: "maintenance", severity: on ? "warning" : "info", text, data });
    await events.settled();
  }
}

/** Running connections, the demotion here and the promotion there come before a move is over. */
const gateSeconds = (gate: GateConfig | undefined): number =>
  gate === undefined
    ? 0
    : toSeconds(gate.drain) + toSeconds(gate.demoteTimeout) + toSeconds(gate.promoteTimeout);

const keptOf = ({ units }: SwitchAnswer): SwitchAnswer["units"] =>
  units.filter(({ outcome }) => outcome === "stays");

const because = (why: string | undefined): string => (why === undefined ? "" : ` (${why})`);
