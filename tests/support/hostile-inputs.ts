/**
 * What a supervisor may be given by whoever it listens to: the metadata service, the cloud,
 * clients, files, scripts, the engine.
 */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as libc from "#linux/ffi";
import type { Rng } from "#units/rng";
import { OWN_VIP } from "./own-address.ts";

/** 0 to one less. */
export const below = (random: Rng, count: number): number => random.between(0, count - 1);

/** Draws one of a list. */
export const pickFrom =
  (random: Rng): (<T>(items: readonly T[]) => T) =>
  <T>(items: readonly T[]): T =>
    random.pick(items);

const STRINGS = [
  "",
  "\n",
  "\0",
  "VI_1",
  "广州",
  "ap-guangzhou",
  "ins-12345678",
  "\u001b[2J",
  "\ud800",
  "__proto__",
  "constructor",
  "<html>\n<title>Sign in</title>\n</html>",
  OWN_VIP,
  "x".repeat(3_000),
  "-1",
  "1e999",
  "9007199254740993",
];

/** Any JSON value, small. */
export function value(random: Rng, depth = 3): unknown {
  const pick = pickFrom(random);
  switch (below(random, depth > 0 ? 8 : 6)) {
    case 0:
      return pick([null, true, false]);
    case 1:
      return pick([0, -1, 1.5, 2 ** 53, 1e308, -0]);
    case 2:
    case 3:
    case 4:
    case 5:
      return pick(STRINGS);
    case 6:
      return Array.from({ length: below(random, 4) }, () => value(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: below(random, 4) }, () => [pick(STRINGS), value(random, depth - 1)]),
      );
  }
}

/** One thing in a tree of JSON is another. */
export function mutate(tree: unknown, random: Rng): unknown {
  if (typeof tree !== "object" || tree === null || below(random, 4) === 0) return value(random);
  const keys = Object.keys(tree);
  if (keys.length === 0) return value(random);
  const at = random.pick(keys);
  const copy = (Array.isArray(tree) ? [...(tree as unknown[])] : { ...tree }) as Record<
    string,
    unknown
  >;
  if (below(random, 6) === 0) delete copy[at];
  else copy[at] = mutate(copy[at], random);
  return copy;
}

export function bytes(random: Rng, most: number): Buffer {
  return Buffer.from(Array.from({ length: below(random, most) }, () => below(random, 256)));
}

/** A line, or no line, for the control socket. */
export function request(random: Rng): string | Buffer {
  const pick = pickFrom(random);
  const command = pick(["status", "watch", "explain", "reload", "ping", "stop", "", "状态"]);
  const whole = {
    command,
    instance: pick(["VI_1", ...STRINGS]),
    lang: pick(["en", "zh-CN", "fr"]),
  };
  switch (below(random, 6)) {
    case 0:
      return bytes(random, 400);
    case 1:
      return `${JSON.stringify(mutate(whole, random))}\n`;
    case 2:
      return `${JSON.stringify(whole)}\n`.repeat(1 + below(random, 30));
    case 3:
      return JSON.stringify(whole).slice(0, below(random, 60));
    case 4:
      return "\n".repeat(below(random, 500));
    default:
      return `${JSON.stringify({ command })}\n`;
  }
}

export interface World {
  readonly url: string;
  readonly answered: () => number;
  readonly server: Server;
}

const HAVIP = {
  HaVipId: "havip-1",
  HaVipName: "",
  Vip: OWN_VIP,
  VpcId: "vpc-1",
  SubnetId: "subnet-1",
  NetworkInterfaceId: "eni-1",
  InstanceId: "ins-12345678",
  AddressIp: "",
  State: "AVAILABLE",
  CreatedTime: "",
  Business: "",
  HaVipAssociationSet: [],
  CheckAssociate: false,
  FlushedTime: "2026-01-01 00:00:00",
  TagSet: [],
};
const INTERFACE = { NetworkInterfaceId: "eni-1", SubnetId: "subnet-1", VpcId: "vpc-1" };

/** Metadata and API on one port: right, nearly right, wrong, endless, cut, slow. */
export async function serveWorld(random: Rng): Promise<World> {
  let answered = 0;
  const pick = pickFrom(random);
  const server = createServer((asked, response) => {
    asked.resume();
    asked.on("error", () => undefined);
    response.on("error", () => undefined);
    answered += 1;
    const action = asked.headers["x-tc-action"];
    const right =
      action === undefined
        ? pick(["ap-guangzhou", "ins-12345678"])
        : JSON.stringify({
            Response: mutateSometimes(
              action === "DescribeHaVips"
                ? { TotalCount: 1, HaVipSet: [HAVIP], RequestId: "r" }
                : { TotalCount: 1, NetworkInterfaceSet: [INTERFACE], RequestId: "r" },
              random,
            ),
          });
    answer(response, right, random);
  });
  server.on("clientError", (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answered: () => answered,
    server,
  };
}

const mutateSometimes = (tree: unknown, random: Rng): unknown =>
  below(random, 2) === 0 ? tree : mutate(tree, random);

function answer(response: ServerResponse, right: string, random: Rng): void {
  const pick = pickFrom(random);
  switch (below(random, 10)) {
    case 0:
      response.destroy();
      return;
    case 1:
      response.writeHead(pick([204, 302, 403, 429, 500, 503]), {
        Location: pick(["/", "//", "x:"]),
      });
      response.end(pick(STRINGS));
      return;
    case 2:
      response.writeHead(200, { "Content-Length": "100000" });
      response.write(pick(STRINGS));
      setTimeout(() => response.destroy(), 20);
      return;
    case 3:
      response.end(bytes(random, 2_000));
      return;
    case 4:
      response.end(`{"Response":${"[".repeat(below(random, 20_000))}`);
      return;
    case 5:
      response.end(JSON.stringify(value(random)));
      return;
    case 6: {
      const error = { Code: pick(STRINGS), Message: pick([...STRINGS, "m".repeat(300_000)]) };
      response.end(JSON.stringify({ Response: { Error: mutateSometimes(error, random) } }));
      return;
    }
    default:
      response.end(right);
  }
}

/**
 * Something by that name: text, a folder, a link, a pipe, nothing. The daemon may be quicker with
 * something of its own.
 */
export function place(path: string, random: Rng): void {
  try {
    placeNow(path, random);
  } catch {
    // Then that is there.
  }
}

function placeNow(path: string, random: Rng): void {
  const pick = pickFrom(random);
  rmSync(path, { recursive: true, force: true });
  switch (below(random, 7)) {
    case 0:
      return;
    case 1:
      mkdirSync(path);
      return;
    case 2:
      return symlinkSync(pick([path, "/nonexistent", "/dev/zero", "/proc/self/mem", "."]), path);
    case 3:
      libc.mkfifo(path, 0o600);
      return;
    case 4:
      return writeFileSync(path, bytes(random, 3_000));
    default:
      return writeFileSync(path, `${pick(["1", "-5", "254", "", ...STRINGS])}\n`);
  }
}

/** Lines as only a broken engine writes them. */
export function engineLine(random: Rng): string {
  const type = random.pick([
    "ready",
    "transition",
    "groupTransition",
    "priorityChanged",
    "report",
    "drop",
    "log",
    "snapshot",
    "record",
    "removed",
    "unknownVrid",
    "announced",
    "late",
    "stopped",
    "x",
  ]);
  if (below(random, 3) === 0) return `${bytes(random, 300).toString("latin1")}\n`;
  const known = { type, instance: "VI_1", id: below(random, 50), from: "BACKUP", to: "MASTER" };
  const more = { level: "info", text: "t", line: "{}", pid: 1, reason: { kind: "started" } };
  return `${JSON.stringify(mutate({ ...known, ...more, instances: [value(random)] }, random))}\n`;
}
