/**
 * Conformance vectors of the core: one router, what happens to it and what follows, as lines of
 * JSON.
 *
 *   {"case":NAME,"proves":SOURCE,"config":{…},"start":{…},"now":MICROS}
 *   {"at":MICROS,"in":EVENT}
 *   {"out":[EFFECT…],"state":{…},"deadline":MICROS}       after every event
 *
 * `config` names what differs from `CONFIG`; `start.kind` is a phase, reached at `now` by real
 * steps:
 *   init     not started yet
 *   backup   started at `now`
 *   master   by waiting out the detection time, and with a gate's answers; `start.heard` is an
 *            advertisement heard meanwhile
 * Further fields of `start` replace those of the state at the start ("linkUp", "trackers").
 *
 * The event "wait" is time passing: the router is woken at each of its deadlines until then.
 * Effects of an earlier moment are marked with it, "@MICROS EFFECT".
 *
 * Every event of `at` is followed by its expectation. EFFECT is a line of `printEffect`. `state`
 * names the fields that the case is about: those of the state and of its phase, "kind" (the phase)
 * always. Addresses are written with dots, null is "undefined" and, as a deadline, "never".
 */

import { type Ipv4, printIpv4, readIpv4 } from "#units/address";
import { assert } from "#units/assert";
import { centis, type Instant, micros } from "#units/time";
import { priority, vrid } from "#units/vrrp";
import type { RouterConfig } from "#vrrp/router/config";
import type { RouterEvent } from "#vrrp/router/event";
import { deadline, initialState, step } from "#vrrp/router/router";
import type { RouterState } from "#vrrp/router/state";
import { printEffect } from "./print-core.ts";

/**
 * keepalived's defaults for a version 3 router at priority 100, one advertisement a second, two
 * unicast peers.
 */
export const CONFIG: RouterConfig = {
  name: "VI_1",
  vrid: vrid(1),
  version: 3,
  priority: priority(100),
  advertInterval: centis(100),
  preempt: true,
  preemptDelay: micros(0),
  startupDelay: micros(0),
  downTimerAdverts: 3,
  peerCount: 2,
  lowerPrioNoAdvert: false,
  higherPrioSendAdvert: false,
  handover: "make-before-break",
  announce: {
    delay: micros(5_000_000),
    repeat: 5,
    refresh: micros(0),
    refreshRepeat: 1,
    lowerPrioDelay: micros(5_000_000),
    lowerPrioRepeat: 5,
  },
  trackers: [],
  trackPrimary: true,
};

/** Our own address in every vector. */
export const SOURCE = "192.0.2.1";

type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export interface Header {
  readonly case: string;
  readonly proves: string;
  readonly config?: JsonObject;
  readonly start: JsonObject & { readonly kind: string };
  readonly now: number;
}
export interface Input {
  readonly at: number;
  readonly in: JsonObject & { readonly kind: string };
}
export interface Expectation {
  readonly out: readonly string[];
  readonly state: JsonObject;
  readonly deadline: number | null;
}
export interface Vector {
  readonly header: Header;
  readonly steps: readonly { readonly input: Input; readonly expected: Expectation }[];
}

const ADDRESS_FIELDS: readonly string[] = ["from", "to", "source", "ours", "address", "peer"];

export function readVector(text: string): Vector {
  const lines = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
  const [header, ...rest] = lines as [Header, ...(Input | Expectation)[]];
  const steps: { input: Input; expected: Expectation }[] = [];
  for (let i = 0; i < rest.length; i += 2) {
    const input = rest[i];
    const expected = rest[i + 1];
    if (input === undefined || !("in" in input)) throw new Error(`line ${i + 2} is no input`);
    if (expected === undefined || !("out" in expected))
      throw new Error(`line ${i + 3} is no expectation`);
    steps.push({ input, expected });
  }
  return { header, steps };
}

export function printVector(vector: Vector): string {
  const lines: unknown[] = [vector.header];
  for (const { input, expected } of vector.steps) lines.push(input, expected);
  return `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
}

/** Runs the inputs; each answer names the fields of the state that the expectation names. */
export function runVector(vector: Vector): Vector {
  const { header } = vector;
  const config = configOf(header);
  let state = startState(config, header);
  const steps = vector.steps.map(({ input, expected }) => {
    const at = input.at as Instant;
    const out: string[] = [];
    if (input.in.kind === "wait") {
      for (let due = deadline(state); due !== undefined && due <= at; due = deadline(state)) {
        const { state: next, effects } = step(
          config,
          deepFreeze(state),
          { kind: "timeReached" },
          due,
        );
        const mark = due < at ? `@${due} ` : "";
        out.push(...effects.map((effect) => mark + printEffect(effect)));
        state = next;
        assert((deadline(state) ?? due + 1) > due, `woken at ${due}, wants to be woken then again`);
      }
    } else {
      const result = step(config, deepFreeze(state), eventOf(input.in), at);
      state = result.state;
      out.push(...result.effects.map(printEffect));
    }
    return { input, expected: { out, ...shown(state, Object.keys(expected.state)) } };
  });
  return { header, steps };
}

export const configOf = (header: Header): RouterConfig => {
  const { announce, ...rest } = header.config ?? {};
  return {
    ...CONFIG,
    ...(rest as Partial<RouterConfig>),
    announce: { ...CONFIG.announce, ...(announce as Partial<RouterConfig["announce"]>) },
  };
};

function startState(config: RouterConfig, header: Header): RouterState {
  const { kind, heard, ...fields } = header.start;
  const source = readIpv4(SOURCE);
  const init = {
    ...initialState(config, true, source),
    ...(decode(fields) as Partial<RouterState>),
  };
  const now = header.now as Instant;
  switch (kind) {
    case "init":
      return init;
    case "backup":
      return step(config, init, { kind: "startup" }, now).state;
    case "master": {
      // Once to learn how long it takes, once more so that it ends at `now`.
      const took = untilMaster(config, init, heard, 0 as Instant).since;
      return untilMaster(config, init, heard, (now - took) as Instant);
    }
    default:
      throw new Error(`no such start: ${kind}`);
  }
}

function untilMaster(
  config: RouterConfig,
  init: RouterState,
  heard: Json | undefined,
  start: Instant,
): RouterState {
  let { state } = step(config, init, { kind: "startup" }, start);
  if (heard !== undefined) {
    const advert = { kind: "advertReceived", ...(heard as JsonObject) };
    ({ state } = step(config, state, eventOf(advert), start));
  }
  for (let wakes = 0; state.phase.kind !== "master"; wakes++) {
    assert(wakes < 200, "woken 200 times and not master");
    const due = deadline(state);
    if (due === undefined) throw new Error(`never master: ${state.phase.kind}`);
    ({ state } = step(config, state, { kind: "timeReached" }, due));
    for (let answer = gateAnswer(state); answer !== undefined; answer = gateAnswer(state))
      ({ state } = step(config, state, answer, due));
  }
  return state;
}

/** `gate`: nobody else has the address, and the promotion is done. */
function gateAnswer({ gate, phase }: RouterState): RouterEvent | undefined {
  if (phase.kind === "backup" && phase.probing !== undefined)
    return { kind: "probeAnswered", run: phase.probing.run, by: "nobody" };
  return gate?.running === undefined
    ? undefined
    : { kind: "gateAnswered", run: gate.running.run, outcome: "done" };
}

export const eventOf = (json: JsonObject): RouterEvent => decode(json) as RouterEvent;

function shown(state: RouterState, names: readonly string[]): Omit<Expectation, "out"> {
  const all = { ...state, ...state.phase } as unknown as Readonly<Record<string, unknown>>;
  const fields: [string, Json][] = names.map((name) => [name, encode(lastOf(name), at(all, name))]);
  return { state: Object.fromEntries(fields), deadline: deadline(state) ?? null };
}

/** `gate.fence` is a field of a field. */
const at = (all: Readonly<Record<string, unknown>>, name: string): unknown =>
  name
    .split(".")
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], all);

const lastOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

function decode(json: Json, name = ""): unknown {
  if (json === null) return undefined;
  if (typeof json === "string" && ADDRESS_FIELDS.includes(name)) return readIpv4(json) ?? json;
  if (Array.isArray(json)) return json.map((one: Json) => decode(one, name));
  if (typeof json !== "object") return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, decode(value, key)]));
}

function encode(name: string, value: unknown): Json {
  if (value === undefined) return null;
  if (typeof value === "number" && ADDRESS_FIELDS.includes(name) && value > 255) {
    return printIpv4(value as Ipv4);
  }
  if (Array.isArray(value)) return value.map((one) => encode(name, one));
  if (typeof value !== "object" || value === null) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, encode(key, one)]));
}

/** A step may not change what it was given. */
function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const one of Object.values(value)) deepFreeze(one);
  }
  return value;
}
