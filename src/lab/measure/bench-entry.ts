/**
 * `npm run bench -- entry`: nginx or HAProxy behind the address, 500 new connections a second and
 * 50 long streams, and what becomes of them when the address moves: by an operator, by a stop, and
 * by the death of the process that speaks VRRP. Baton resets what is left (`reset_connections`), or
 * lets it end before that (`drain`); keepalived knows neither, nor a move: its service is stopped.
 *
 * When a stream was reset is the kernel's time of the frame. The same client asks the same servers
 * at the nodes' own addresses: what fails or is slow there too has another reason than the move,
 * and so has what falls into a pause of the client itself.
 */
import { join } from "node:path";
import { stdout } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { scratchFolder } from "../sandbox/sandbox.ts";
import { askDaemon } from "./control.ts";
import type { DaemonKind } from "./daemon.ts";
import { type EntryFigures, EntryTier, hasServer } from "./entry-load.ts";
import type { EntryServer } from "./entry-names.ts";
import { ms, spread } from "./figures.ts";
import { Lab } from "./lab.ts";
import type { LabNode } from "./node.ts";
import type { Profile } from "./profile.ts";
import type { Table } from "./table.ts";

export interface EntryOptions {
  readonly profile: Profile;
  readonly servers: readonly EntryServer[];
  readonly runs: number;
}

type EventName = "move" | "stop" | "kill";
const EVENTS: readonly EventName[] = ["move", "stop", "kill"];

/** One pair of daemons with its settings. */
interface Variant {
  readonly title: string;
  readonly kind: DaemonKind;
  readonly gate: readonly string[];
  /** A stream's length: longer than everything, or ended within the drain. */
  readonly streamSeconds: number;
  readonly events: readonly EventName[];
}

const RATE = 500;
const STREAMS = 50;
/** The load runs so long before and after. */
const AROUND_MS = 1_500;
const DRAIN_SECONDS = 5;
const LONG_SECONDS = 600;
const MOVE_SECONDS = 15;

const gateWith = (...lines: readonly string[]): readonly string[] => [
  "gate {",
  "    takeover_probe off",
  ...lines.map((line) => `    ${line}`),
  "}",
];

const VARIANTS: readonly Variant[] = [
  {
    title: "baton, reset",
    kind: "baton",
    gate: gateWith("reset_connections on"),
    streamSeconds: LONG_SECONDS,
    events: EVENTS,
  },
  {
    title: "baton, drain",
    kind: "baton",
    gate: gateWith("reset_connections on", `drain ${DRAIN_SECONDS}`),
    streamSeconds: DRAIN_SECONDS - 1,
    events: ["move", "stop"],
  },
  {
    title: "keepalived",
    kind: "keepalived",
    gate: [],
    streamSeconds: LONG_SECONDS,
    events: ["stop", "kill"],
  },
];

interface Measured extends EntryFigures {
  readonly event: EventName;
}

export async function entry(options: EntryOptions): Promise<Table> {
  const { profile, runs } = options;
  const servers = options.servers.filter(hasServer);
  const missing = options.servers.filter((one) => !servers.includes(one));
  if (missing.length > 0) stdout.write(`not installed (apt-get install): ${missing.join(", ")}\n`);
  if (servers.length === 0) throw new Error(`${options.servers.join(" and ")}: not installed`);
  const rows: (readonly string[])[] = [];
  for (const server of servers)
    for (const variant of VARIANTS)
      rows.push(...(await measureVariant(server, variant, profile, runs)));
  return { columns: COLUMNS, rows };
}

async function measureVariant(
  server: EntryServer,
  variant: Variant,
  profile: Profile,
  runs: number,
): Promise<readonly (readonly string[])[]> {
  const extraInstanceLines = [...profile.extraInstanceLines, ...variant.gate];
  const { kind } = variant;
  const lab = new Lab({
    profile: { ...profile, extraInstanceLines },
    folder: join(scratchFolder(), `${server}-${kind}-${variant.streamSeconds}`),
    kinds: [kind, kind],
    slowness: 3,
  });
  const tier = new EntryTier(lab, server);
  const measured: Measured[] = [];
  try {
    await tier.ready();
    await lab.startDaemons();
    for (let run = 0; run < runs; run++)
      for (const event of variant.events) {
        const one = await measure(lab, tier, variant, event);
        measured.push(one);
        stdout.write(`${server}, ${variant.title}, ${event}: ${describe(one)}\n`);
      }
  } finally {
    tier.close();
    await lab.close();
  }
  return variant.events.map((event) => [
    server,
    variant.title,
    event,
    ...row(measured.filter((one) => one.event === event)),
  ]);
}

async function measure(
  lab: Lab,
  tier: EntryTier,
  { streamSeconds }: Variant,
  event: EventName,
): Promise<Measured> {
  const owner = await lab.untilSettled();
  const load = await tier.load(RATE, STREAMS, streamSeconds);
  try {
    await sleep(AROUND_MS);
    await begin(owner, event);
    await lab.untilMovedFrom(owner, MOVE_SECONDS);
    await sleep(AROUND_MS);
    const figures = await load.finish();
    if (event === "stop") {
      await owner.untilDaemonEnded();
      await owner.startDaemon();
    }
    return { ...figures, event };
  } finally {
    load.close();
  }
}

async function begin(owner: LabNode, event: EventName): Promise<void> {
  switch (event) {
    case "stop":
      return owner.signalSupervisor("SIGTERM");
    case "kill":
      return owner.signalEngine("SIGKILL");
    case "move": {
      const path = join(owner.folder, "run/baton/control.sock");
      const answer = await askDaemon(path, { command: "switch" }, MOVE_SECONDS * 1_000);
      if (answer?.ok !== true || !("switch" in answer) || answer.switch?.outcome !== "moved")
        throw new Error(`no move on ${owner.name}: ${JSON.stringify(answer)}`);
    }
  }
}

const all = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, one) => sum + one, 0);
const cutOf = ({ requests }: EntryFigures): number => all(requests.cut);
const awayOf = ({ requests }: EntryFigures): number => all(requests.turnedAway);

/** Milliseconds between frames, by the kernel's time; of each stream that was reset. */
const sinceAnnouncement = ({ frames: { announcedAt, streams } }: EntryFigures): readonly number[] =>
  streams.flatMap(({ end, endedAt }) =>
    end === "reset" && endedAt !== undefined && announcedAt !== undefined
      ? [(endedAt - announcedAt) / 1_000]
      : [],
  );
const sinceData = ({ frames: { streams } }: EntryFigures): readonly number[] =>
  streams.flatMap(({ end, endedAt, lastDataAt }) =>
    end === "reset" && endedAt !== undefined ? [(endedAt - lastDataAt) / 1_000] : [],
  );

function describe(one: EntryFigures): string {
  const { requests, streams } = one;
  const { completed, reset, hung, running } = streams;
  const most = (times: readonly number[]): string =>
    times.length === 0 ? "-" : ms(Math.max(...times));
  const { control } = requests;
  const atNodes =
    control === undefined
      ? ""
      : `; at the nodes' own addresses ${control.failures.length} of ${control.asked} failed, ${control.late} late, slowest ${ms(control.slowest)} ms`;
  return [
    `${requests.failures.length} of ${requests.asked} failed to connect${causes(one)}, ${requests.late} late, ${cutOf(one)} cut, ${awayOf(one)} turned away`,
    `, slowest ${ms(requests.slowest)} ms (client's own pause ${ms(requests.pause)} ms${atNodes})`,
    `; streams: ${completed} complete, ${reset} reset (at most ${most(sinceAnnouncement(one))} ms after the announcement, ${most(sinceData(one))} ms after data), ${hung} hung, ${running} run`,
  ].join("");
}

/** Each kind of failure, and how much of its longest wait the client did not run itself. */
function causes({ requests }: EntryFigures): string {
  const codes = [...new Set(requests.failures.map(({ code }) => code))];
  if (codes.length === 0) return "";
  const each = codes.map((code) => {
    const those = requests.failures.filter((one) => one.code === code);
    const longest = Math.max(...those.map(({ tookMs }) => tookMs));
    const paused = Math.max(...those.map(({ pausedMs }) => pausedMs));
    return `${those.length} ${code}, after ${longest} ms, ${paused} ms of it the client's pause`;
  });
  return ` (${each.join("; ")})`;
}

function row(results: readonly Measured[]): readonly string[] {
  const sum = (of: (one: Measured) => number): string =>
    String(results.reduce((all, one) => all + of(one), 0));
  return [
    String(results.length),
    sum(({ requests }) => requests.asked),
    sum(({ requests }) => requests.failures.length),
    sum(({ requests }) => requests.control?.failures.length ?? 0),
    sum(({ requests }) => requests.late),
    sum(cutOf),
    sum(awayOf),
    sum(({ streams }) => streams.completed),
    sum(({ streams }) => streams.reset),
    sum(({ streams }) => streams.hung),
    spread(results.flatMap(sinceAnnouncement)),
    spread(results.flatMap(sinceData)),
    spread(results.map(({ requests }) => requests.slowest)),
    spread(results.map(({ requests }) => requests.control?.slowest ?? 0)),
    spread(results.map(({ requests }) => requests.pause)),
  ];
}

const right = (title: string): Table["columns"][number] => ({ title, align: "right" });
const COLUMNS: Table["columns"] = [
  { title: "server", align: "left" },
  { title: "daemon", align: "left" },
  { title: "event", align: "left" },
  right("times"),
  right("new connections"),
  right("failed to connect"),
  right("failed at the nodes' own addresses"),
  right("connected late"),
  right("requests cut"),
  right("turned away"),
  right("streams complete"),
  right("reset"),
  right("hung"),
  right("announcement to reset ms"),
  right("data to reset ms"),
  right("slowest request ms"),
  right("slowest at own addresses ms"),
  right("client's pause ms"),
];
