/**
 * Keyword by keyword against keepalived: which missing arguments stop it, what it makes of
 * values it complains about, how it splits commands, and which lines of `track_*` lists it
 * drops.
 *
 * Needs: keepalived
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { INSTANCE } from "#keepalived/keywords/instance";
import type { Keyword, NumberTakes } from "#keepalived/keywords/keyword";
import { FILE, PROCESS, SCRIPT } from "#keepalived/keywords/trackers";
import { type Reading, readConfiguration } from "#keepalived/read";
import { createRng } from "#units/rng";
import type { InstanceConfig } from "#vrrp/router/config";
import { AROUND, BLOCKS, instanceWith } from "../support/config-blocks.ts";
import { ask, dumpOf, sections, skipKeepalived, valueOf } from "../support/keepalived.ts";

const skip = skipKeepalived;
const options = { skip, timeout: 300_000 };

const read = (text: string): Reading =>
  readConfiguration([{ name: "/etc/keepalived/keepalived.conf", text }], {
    configId: "main",
    cloud: "none",
    all: true,
  });

/** A machine too busy for a dump says nothing about keepalived. */
async function dumped(text: string): Promise<string | undefined> {
  const output = await dumpOf(text);
  return output?.includes("------<") === true ? output : undefined;
}

test(
  "a missing argument stops Baton's reading where it stops keepalived, and nowhere else",
  options,
  () => {
    const texts = new Map<string, string>();
    for (const [block, table] of BLOCKS) {
      for (const { word, takes, since } of table.values()) {
        if (since === "baton" || ["list", "block", "foreign"].includes(takes.kind)) continue;
        texts.set(`${block} ${word}`, AROUND[block](word));
      }
    }
    const problems: string[] = [];
    let compared = 0;
    for (const [name, { status, text }] of ask(texts)) {
      // Newer than this keepalived, or it crashes (bfd's `neighbor_ip`).
      if (/Unknown keyword/.test(text) || status > 100) continue;
      compared++;
      const reading = read(texts.get(name) ?? "");
      if ((status === 2) !== !reading.wouldRun)
        problems.push(
          `${name}: keepalived ${status}, Baton ${reading.wouldRun ? "runs" : "stops"}`,
        );
    }
    assert.deepEqual(problems, []);
    assert.ok(compared > 200, String(compared));
  },
);

/** Around the limits, and what people write by mistake. */
function badValues({ takes }: Keyword): readonly string[] {
  if (takes.kind === "integer" || takes.kind === "decimal") return numbersAround(takes);
  if (takes.kind === "weight") return WEIGHTS;
  if (takes.kind === "boolean") return ["on", "off", "ON", "1", "no", "yes", ""];
  if (takes.kind !== "choice") return [];
  return takes.of.flatMap((one) => [one, one.toLowerCase(), `${one.toLowerCase()}y`]);
}

const WEIGHTS = ["253", "-254", "255", "-255", "300", "abc", "1.5", "5s", "7 rev", "7 reverse"];

/** Not written as any range. */
const NO_NUMBERS = '1.5 5s 2.5s abc 0x10 010 +7 "" 1e2 7; 99999999999'.split(" ");

const numbersAround = ({ min, max }: NumberTakes): readonly string[] => [
  ...new Set([min - 1, min, max, max + 1, -1, 0].map(String)),
  ...NO_NUMBERS,
];

/**
 * Of strict mode other tests speak; a VRID is each instance's own here; the others keepalived
 * 2.2.7 does not dump.
 */
const NOT_HERE: ReadonlySet<string> = new Set([
  "virtual_router_id",
  "strict_mode",
  "debug",
  "kernel_rx_buf_size",
  "unicast_ttl",
]);

interface Case {
  readonly name: string;
  readonly what: string;
  readonly text: string;
}

function instanceCases(): readonly Case[] {
  const cases: Case[] = [];
  for (const keyword of INSTANCE.values()) {
    if (keyword.since === "baton" || NOT_HERE.has(keyword.word)) continue;
    const states = keyword.word === "priority" ? ["MASTER", "BACKUP"] : ["BACKUP"];
    for (const state of keyword.word === "state" ? [""] : states) {
      for (const value of badValues(keyword)) {
        const at = cases.length;
        const lines = `${state === "" ? "" : ` state ${state}\n`} ${keyword.word} ${value}`;
        const name = `V${at}`;
        const device = `eth${Math.floor(at / 250)}`;
        const head = `vrrp_instance ${name} {\n interface ${device}\n virtual_router_id ${(at % 250) + 1}`;
        const tail = ` virtual_ipaddress {\n  10.9.${Math.floor(at / 250)}.${(at % 250) + 1}\n }\n}\n`;
        cases.push({
          name,
          what: `${state} ${keyword.word} ${value}`,
          text: `${head}\n${lines}\n${tail}`,
        });
      }
    }
  }
  return cases;
}

function theirFigures(lines: readonly string[]): Record<string, string | undefined> {
  const value = (label: string): string | undefined => valueOf(lines, label)?.split(" ")[0];
  const [amount = "", unit = ""] = (valueOf(lines, "Advert interval") ?? "").split(" ");
  const seconds = valueOf(lines, "Preempt delay");
  return {
    version: value("VRRP Version"),
    priority: value("Priority"),
    interval: String(unit.startsWith("milli") ? Number(amount) / 10 : Number(amount) * 100),
    preempt: String(value("Preempt") === "enabled"),
    delay: seconds === undefined ? "0" : String(Number.parseFloat(seconds)),
    down: value("Down timer adverts"),
    garpDelay: value("Gratuitous ARP delay"),
    garpRepeat: value("Gratuitous ARP repeat"),
    refresh: value("Gratuitous ARP refresh"),
    refreshRepeat: value("Gratuitous ARP refresh repeat"),
    lowerDelay: value("Gratuitous ARP lower priority delay"),
    lowerRepeat: value("Gratuitous ARP lower priority repeat"),
    answers: value("Send advert after receive lower priority advert"),
    yields: value("Send advert after receive higher priority advert"),
  };
}

function ourFigures({ router }: InstanceConfig): Record<string, string | undefined> {
  const { announce } = router;
  return {
    version: String(router.version),
    priority: String(router.priority),
    interval: String(router.advertInterval),
    preempt: String(router.preempt),
    delay: String(Number.parseFloat(String(router.preemptDelay / 1_000_000))),
    down: String(router.downTimerAdverts),
    garpDelay: String(announce.delay / 1_000_000),
    garpRepeat: String(announce.repeat),
    refresh: String(announce.refresh / 1_000_000),
    refreshRepeat: String(announce.refreshRepeat),
    lowerDelay: String(announce.lowerPrioDelay / 1_000_000),
    lowerRepeat: String(announce.lowerPrioRepeat),
    answers: String(!router.lowerPrioNoAdvert),
    yields: String(router.higherPrioSendAdvert),
  };
}

test(
  "bad values of an instance: keepalived runs what the plan says, default for default",
  options,
  async (t) => {
    const cases = instanceCases();
    const text = cases.map((one) => one.text).join("");
    const output = await dumped(text);
    if (output === undefined) return t.skip("the machine is too busy");
    const theirs = sections(output, /^ VRRP Instance = (.*)$/);
    const plan = new Map(
      read(text).plan.instances.map(({ config }) => [config.router.name, config]),
    );
    const problems: string[] = [];
    for (const { name, what } of cases) {
      const lines = theirs.get(name);
      const config = plan.get(name);
      assert.ok(lines !== undefined && config !== undefined, what);
      const [their, our] = [theirFigures(lines), ourFigures(config)];
      for (const [figure, value] of Object.entries(their)) {
        if (value !== our[figure])
          problems.push(`${what}: ${figure} is ${value}, not ${our[figure]}`);
      }
    }
    assert.deepEqual(problems, []);
    assert.ok(cases.length > 250, String(cases.length));
  },
);

const TRACKERS = [
  { block: "vrrp_script", list: "track_script", table: SCRIPT, base: 'script "/usr/bin/true"' },
  { block: "vrrp_track_process", list: "track_process", table: PROCESS, base: "process nginx" },
  { block: "track_file", list: "track_file", table: FILE, base: "file /proc/version" },
] as const;

/** What is written behind the name in a list, on both sides of what keepalived drops. */
const LISTED: readonly string[] = [
  "",
  "weight",
  "weight=0",
  "weight 5",
  "weight -5",
  "weight x",
  "weight 5s",
  "weight 255",
  "weight 5 reverse",
  "weight 5 rev",
  "weight 5 reverse more",
  "wieght 5",
  "other",
];

/** 2.2.7 knows only whole seconds here. */
const WHOLE_SECONDS = /^(?:interval|timeout)$/;

interface TrackerCase extends Case {
  readonly line: string;
  readonly list: string;
}

function trackerCases(): readonly TrackerCase[] {
  const cases: TrackerCase[] = [];
  const add = (list: string, what: string, body: string, more: string): void => {
    const name = `T${cases.length}`;
    const text = body.replace("NAME", name);
    cases.push({ name, what, text, list, line: `  ${name} ${more}` });
  };
  for (const { block, list, table, base } of TRACKERS) {
    for (const keyword of table.values()) {
      for (const value of badValues(keyword)) {
        if (WHOLE_SECONDS.test(keyword.word) && /[.e]|^-/.test(value)) continue;
        // 3600 seconds are more than its microseconds hold.
        if (keyword.word.endsWith("delay") && value === "3600") continue;
        const body = `${block} NAME {\n ${base}\n ${keyword.word} ${value}\n}\n`;
        add(list, `${block} ${keyword.word} ${value}`, body, "");
      }
    }
    for (const more of LISTED)
      add(list, `${list} NAME ${more}`, `${block} NAME {\n ${base}\n weight 3\n}\n`, more);
  }
  return cases;
}

test(
  "bad values and lines of trackers: keepalived tracks what the plan says",
  options,
  async (t) => {
    const cases = trackerCases();
    const lists = TRACKERS.map(({ list }) => {
      const lines = cases.filter((one) => one.list === list).map((one) => one.line);
      return ` ${list} {\n${lines.join("\n")}\n }`;
    });
    const blocks = cases.map((one) => one.text).join("");
    const text = `global_defs {\n script_user root\n}\n${blocks}${instanceWith(lists.join("\n"))}`;
    const output = await dumped(text);
    if (output === undefined) return t.skip("the machine is too busy");
    const weights = new Map<string, string>();
    for (const line of sections(output, /^ VRRP Instance = (A)$/).get("A") ?? []) {
      const match = /^(T\d+),? weight (.*)$/.exec(line);
      if (match !== null) weights.set(match[1] ?? "", match[2] ?? "");
    }
    const scripts = sections(output, /^ VRRP Script = (.*)$/);
    const processes = sections(output, /^ VRRP Track process = (.*)$/);
    const { plan } = read(text);
    const ours = new Map(plan.instances[0]?.config.router.trackers.map((one) => [one.name, one]));
    const problems: string[] = [];
    for (const { name, what } of cases) {
      const own = ours.get(name);
      const ourWeight = own && `${own.weight}${own.reverse ? " reverse" : ""}`;
      // It keeps a script's weight beyond the limit and clamps the priority.
      const theirWeight = weights
        .get(name)
        ?.replace(/^(-?)(254|255|300)$/, (all, sign: string) =>
          what.startsWith("vrrp_script") ? `${sign}253` : all,
        );
      if (theirWeight !== ourWeight)
        problems.push(`${what}: weight ${theirWeight}, not ${ourWeight}`);
      const script = scripts.get(name);
      const plannedScript = plan.scripts.find((one) => one.name === name);
      if (script !== undefined && plannedScript !== undefined) {
        const their = ["Rise", "Fall"].map((label) => valueOf(script, label));
        const our = [plannedScript.rise, plannedScript.fall].map(String);
        const interval = valueOf(script, "Interval")?.split(" ")[0];
        if (WHOLE_SECONDS.test(what.split(" ")[1] ?? "")) {
          their.push(interval);
          our.push(String(plannedScript.interval / 1_000_000));
        }
        // 0 is "not set": it is shown as it is, and counts as one.
        const shown = their.map((one, index) => (one === "0" && index < 2 ? "1" : one));
        if (shown.join(" ") !== our.join(" "))
          problems.push(`${what}: ${their.join(" ")}, not ${our.join(" ")}`);
      }
      const process = processes.get(name);
      const plannedProcess = plan.processes.find((one) => one.name === name);
      if (process !== undefined && plannedProcess !== undefined) {
        const their = ["Min processes", "Fork delay", "Terminate delay", "Full command"].map(
          (label) => valueOf(process, label),
        );
        const { quorum, forkDelay, terminateDelay, fullCommand } = plannedProcess;
        const delays = [forkDelay, terminateDelay].map((one) => `${(one / 1_000_000).toFixed(6)}s`);
        const our = [String(quorum), ...delays, String(fullCommand)];
        if (their.join(" ") !== our.join(" "))
          problems.push(`${what}: ${their.join(" ")}, not ${our.join(" ")}`);
      }
    }
    assert.deepEqual(problems, []);
  },
);

/**
 * Tokens, quotes, escapes and blanks in any order (before 2.3.2 `\\x` takes more than two
 * digits); unbalanced ones end keepalived's process and are left out.
 */
function commandLine(seed: number): string {
  const random = createRng(seed);
  const pieces = [
    "a",
    "bc",
    "x=1",
    " ",
    " ",
    "  ",
    "'",
    '"',
    "\\'",
    '\\"',
    "\\ ",
    "\\x41-",
    "\\101",
    "/",
    "-f",
  ];
  const count = random.between(2, 10);
  const inner = Array.from({ length: count }, () => random.pick(pieces)).join("");
  const [left, right] = random.pick([
    ["", ""],
    ['"', '"'],
    ["'", "'"],
  ] as const);
  return `${left}/usr/bin/echo ${inner}${right}`;
}

test("arguments of commands: keepalived runs what the plan runs", options, async (t) => {
  const lines = Array.from({ length: 900 }, (_, seed) => commandLine(seed + 1));
  const block = (line: string, index: number): string =>
    `vrrp_script S${index} {\n script ${line}\n}\n`;
  const commandOf = (line: string): readonly string[] | undefined => {
    const one = `${block(line, 0)}${instanceWith(" track_script {\n  S0\n }")}`;
    return read(one).plan.scripts[0]?.command.argv;
  };
  const kept = lines.filter((line) => commandOf(line)?.[0] === "/usr/bin/echo");
  assert.ok(kept.length > 150, String(kept.length));
  const names = kept.map((_, index) => `  S${index}`).join("\n");
  const text = `global_defs {\n script_user root\n}\n${kept.map(block).join("")}${instanceWith(` track_script {\n${names}\n }`)}`;
  const output = await dumped(text);
  if (output === undefined) return t.skip("the machine is too busy");
  const theirs = sections(output, /^ VRRP Script = (.*)$/);
  const problems = kept.flatMap((line, index) => {
    const argv = commandOf(line) ?? [];
    const our = argv.map((word) => `'${word}'`).join(" ");
    const their = valueOf(theirs.get(`S${index}`) ?? [], "Command");
    return our === their ? [] : [`${line}: ${their}, not ${our}`];
  });
  assert.deepEqual(problems, []);
});
