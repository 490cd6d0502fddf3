/**
 * Every option of every command, in every way that it can be written: a value is taken by position,
 * and one that was forgotten is never replaced by the option behind it. Made from the definitions;
 * what the commands do is replaced by a note of what they were asked.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listCommands, ROOT_OPTIONS } from "#cli/command-list";
import { defineCommand } from "#command-line/command";
import type { Command, Definition, Line, Option, Options } from "#command-line/definition";
import { GLOBAL_OPTIONS } from "#command-line/language";

interface Ran {
  readonly status: number;
  /** Undefined: the command was not run. */
  readonly line: Line | undefined;
  readonly out: string;
  readonly err: string;
}

/** A command at the end of its path, with the options that it accepts there. */
interface Leaf {
  readonly path: readonly string[];
  readonly definition: Definition;
  readonly options: Options;
}

type Taken = { readonly given: string | undefined } | "refused" | "forgotten" | "help";

/** The same command, which only says how it was called. */
function stubbed({ definition }: Command, note: (line: Line) => void): Command {
  const { commands, ...rest } = definition;
  return defineCommand({
    ...rest,
    ...(commands !== undefined && { commands: commands.map((one) => stubbed(one, note)) }),
    run: (line) => {
      note(line);
      return 0;
    },
  });
}

async function run(command: Command, args: readonly string[]): Promise<Ran> {
  let [out, err] = ["", ""];
  let line: Line | undefined;
  const status = await stubbed(command, (asked) => void (line = asked))(args, {
    stdout: (part) => void (out += part),
    stderr: (part) => void (err += part),
    env: {},
    isTty: false,
  });
  return { status, line, out, err };
}

function leavesOf({ definition }: Command, path: readonly string[], above: Options): Leaf[] {
  const { commands, options = {}, common = {} } = definition;
  const own = { ...common, ...GLOBAL_OPTIONS, ...options };
  if (commands === undefined) return [{ path, definition, options: { ...above, ...own } }];
  const shared = Object.assign(
    {},
    ...commands.map((one) => ({ ...one.definition.common, ...one.definition.options })),
  ) as Options;
  return commands.flatMap((one) => leavesOf(one, [...path, one.definition.name], shared));
}

const SAMPLES = [
  "k=v",
  "7",
  "en",
  "text",
  "strict",
  "10.0.0.1",
  "1h",
  "http://x",
  "x",
  "/tmp/x.prom",
  "icmp",
];
function sampleFor(option: Option): string {
  if (option.kind === "flag") throw new Error("a flag takes no value");
  const { accepts } = option;
  const sample = accepts?.list?.[0] ?? SAMPLES.find((one) => accepts?.test(one) !== false);
  if (sample === undefined) throw new Error(`no sample fits: ${accepts?.wanted.en ?? ""}`);
  return sample;
}

/** Every way to write one option, and what it means. */
function* waysOf(
  name: string,
  option: Option,
  { definition, options }: Leaf,
): Generator<readonly [tokens: readonly string[], taken: Taken]> {
  const long = `--${name}`;
  const short = option.short === undefined ? undefined : `-${option.short}`;
  const spellings = short === undefined ? [long] : [long, short];
  if (option.kind === "flag") {
    yield [[`${long}=yes`], "refused"];
    return;
  }
  const isRefused = (value: string): boolean => option.accepts?.test(value) === false;
  const is = (value: string): Taken => (isRefused(value) ? "refused" : { given: value });
  const sample = sampleFor(option);
  for (const value of [sample, "", "-", "-5", "--json", "-h", "a=b", "--"]) {
    yield [[`${long}=${value}`], is(value)];
    if (short !== undefined) yield [[`${short}=${value}`], is(value)];
  }
  if (short !== undefined) yield [[`${short}${sample}`], is(sample)];
  yield [[`${long}=${sample}`, `${long}=${sample}`], is(sample)];
  const flags = Object.keys(options).filter((one) => options[one]?.kind === "flag");
  const behind = flags.filter((one) => one !== "help").map((one) => `--${one}`);
  for (const spelling of spellings) {
    if (option.kind === "attached") {
      yield [[spelling], { given: undefined }];
      // The same text stands attached elsewhere: it is known by its place.
      for (const value of [sample, ""]) {
        const taken = option.mayStandApart === true ? is(value) : "refused";
        yield [[spelling, value], taken];
        yield [[spelling, value, `${long}=${value}`], taken];
      }
      continue;
    }
    yield [[spelling], "forgotten"];
    for (const value of [sample, "", "-", "-5", "-.5"]) yield [[spelling, value], is(value)];
    const isAnything = definition.takesAnyValue === true;
    for (const word of [...behind, "--no-such-option", "-?"]) {
      yield [[spelling, word], isAnything ? is(word) : "forgotten"];
    }
    for (const word of ["-h", "--help"]) yield [[spelling, word], isAnything ? is(word) : "help"];
  }
}

function check(tokens: readonly string[], name: string, taken: Taken, ran: Ran): void {
  const shown = JSON.stringify(tokens);
  if (taken === "help") {
    assert.deepEqual([ran.status, ran.err, ran.line], [0, "", undefined], shown);
    assert.match(ran.out, /^usage: /, shown);
    return;
  }
  if (typeof taken === "string") {
    assert.deepEqual([ran.status, ran.out, ran.line], [2, "", undefined], shown);
    if (taken === "forgotten") assert.match(ran.err, /`-.+` needs a value\n/, shown);
    return;
  }
  assert.deepEqual([ran.status, ran.err], [0, ""], shown);
  const given = ran.line?.given.filter((one) => one.name === name).map(({ value }) => value) ?? [];
  assert.ok(given.length > 0, shown);
  for (const value of given) assert.equal(value, taken.given, shown);
}

const entries = listCommands(async () => await Promise.resolve(0)).flatMap(
  ({ commands }) => commands,
);

for (const { name: first, load } of entries) {
  test(`baton ${first}: every option, in every way`, async () => {
    const command = await load();
    for (const leaf of leavesOf(command, [], {})) {
      const { operands = [] } = leaf.definition;
      // Behind the options: what follows the first operand may belong to another program.
      const rest = operands.filter(({ isOptional }) => isOptional !== true).map(() => "operand");
      for (const [name, option] of Object.entries(leaf.options)) {
        for (const [tokens, taken] of waysOf(name, option, leaf)) {
          const behind = typeof taken === "string" ? [] : rest;
          const args = [...leaf.path, ...tokens, ...behind];
          check([first, ...args], name, taken, await run(command, args));
          if (leaf.path.length === 0) continue;
          // Before its command.
          const turned = [...tokens, ...leaf.path, ...behind];
          if (taken === "forgotten" && tokens.length === 1) continue;
          check([first, ...turned], name, taken, await run(command, turned));
        }
      }
    }
  });
}

test("no two commands of a group mean different things by an option", async () => {
  for (const { load } of entries) {
    const { commands = [] } = (await load()).definition;
    const seen = new Map<string, string>();
    for (const { definition } of commands) {
      const all = { ...definition.common, ...definition.options };
      for (const [name, { kind, short }] of Object.entries(all)) {
        const meant = `${kind} ${short ?? ""}`;
        assert.equal(seen.get(name) ?? meant, meant, `${definition.name} --${name}`);
        seen.set(name, meant);
      }
    }
  }
});

test("what stands before the command's name", async () => {
  const { dispatch } = await import("#cli/dispatch");
  for (const [args, status] of [
    [["--lang"], 2],
    [["--lang", "--version"], 2],
    [["--lang", "status"], 2],
    [["--lang", "-h"], 0],
    [["--version=1"], 2],
  ] as const) {
    let out = "";
    const asked = await dispatch(args, {
      stdout: (part) => void (out += part),
      stderr: () => undefined,
      env: {},
      isTty: false,
    });
    assert.equal(asked, status, args.join(" "));
    assert.equal(out !== "", status === 0, args.join(" "));
  }
  assert.equal(ROOT_OPTIONS.lang.kind, "value");
});
