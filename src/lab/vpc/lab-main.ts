/**
 * The long-lived process of `baton lab up`, inside its sandbox. Usage: lab-main.ts FOLDER [FILE]
 *
 * When the first process of the sandbox ends, everything in it ends too, so there is nothing to
 * clean up but the folder, which the process outside removes.
 */
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { languageOf } from "#diagnostics/language";
import { now } from "#linux/clock";
import { printIpv4 } from "#units/address";
import { printDrop } from "../network/drop-text.ts";
import { shadowSystemFolders } from "../sandbox/folders.ts";
import { connectOutside } from "../sandbox/sandbox.ts";
import { explainBuildFailure } from "./build-failure.ts";
import { DAEMON_ORDERS } from "./daemon-orders.ts";
import { isBreaking, printOrder } from "./fault-orders.ts";
import { type LabFile, readLabFile } from "./lab-file.ts";
import { bilingual } from "./lab-messages.ts";
import { LabMistake } from "./lab-mistake.ts";
import {
  API_SOCKET,
  type LabAnswer,
  type LabNews,
  type LabRequest,
  SOCKET,
} from "./lab-protocol.ts";
import { readLabRequest } from "./lab-protocol-shapes.ts";
import { LiveLab } from "./live-lab.ts";
import { RefusalLog } from "./refusal-log.ts";
import { RunningLab } from "./running-lab.ts";
import { tutorialLab } from "./tutorial-lab.ts";
import type { VpcEvent } from "./vpc.ts";

const [folder = "", file] = process.argv.slice(2);
/** The tutorial's machines without its HAVIP and with nothing started: for doing it by hand. */
const isByHand = process.env["BATON_LAB_BY_HAND"] === "1";
const isJson = process.env["BATON_LAB_JSON"] === "1";
const rootless = process.env["BATON_LAB_ROOTLESS"] === "1";
const startedAt = performance.now();
const refusals = new RefusalLog();
const refusalsInChinese = new RefusalLog("zh-CN");

function loadLab(): LabFile {
  if (file === undefined) {
    const times = { claimLatency: undefined, apiLatencyMs: undefined, callsPerSecond: undefined };
    return { description: tutorialLab({ hasHavip: !isByHand }), ...times };
  }
  const read = readLabFile(readFileSync(file, "utf8"), (path) => {
    const full = resolve(dirname(file), path);
    try {
      return readFileSync(full, "utf8");
    } catch (error) {
      const why = `${full}: ${error instanceof Error ? error.message : String(error)}`;
      return { problem: bilingual(why, why) };
    }
  });
  // The process outside has already reported mistakes; here there can be one only if the file
  // has changed since.
  if (read.kind === "problems") throw new Error(`${file}: ${read.problems[0]?.message}`);
  return read.lab;
}

function say(event: string, fields: Readonly<Record<string, unknown>>, text: string): void {
  if (isJson) process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
  else {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`[${seconds} s] ${text}\n`);
  }
}

/** Known when the lab is; nothing is watched before that. */
const live: { lab?: LiveLab } = {};

function note(
  kind: Extract<LabNews, { readonly news: "event" }>["kind"],
  instance: string | undefined,
  en: string,
  zh: string = en,
): void {
  live.lab?.note({
    news: "event",
    at: Date.now(),
    kind,
    instance,
    text: bilingual(en, zh),
  });
}

function sayEvent(event: VpcEvent): void {
  switch (event.kind) {
    case "claim":
      // Otherwise every refresh by an owner would be a line.
      if (event.moved) {
        const text = `${event.instance} announces ${event.address}`;
        note("claim", event.instance, text, `${event.instance} 宣告 ${event.address}`);
        say("claim", event, text);
      }
      return;
    case "moved": {
      const to = event.toName ?? event.to ?? "nobody";
      const moved = `${event.havipId} ${event.address} is bound to ${to}`;
      const bound = event.toName ?? event.to ?? "无";
      note("moved", event.toName, moved, `${event.havipId} ${event.address} 已绑定到 ${bound}`);
      return say("moved", event, moved);
    }
    case "dropped": {
      const text = printDrop(event.drop);
      const line = refusals.take(`${event.instance}: refused: ${text}`, event.count, now());
      // A program gets every one, to count for itself.
      const chinese = refusalsInChinese.take(
        `${event.instance}：被拒绝：${printDrop(event.drop, "zh-CN")}`,
        event.count,
        now(),
      );
      if (line !== undefined) note("refused", event.instance, line, chinese);
      if (isJson || line !== undefined) say("dropped", { ...event, text }, line ?? "");
      return;
    }
    case "log":
      note("cloud", undefined, event.text);
      return say("cloud", event, `cloud: ${event.text}`);
  }
}

let end: () => void = () => undefined;
const ended = new Promise<void>((done) => {
  end = done;
});
const outside = connectOutside(end);
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, end);
// Whoever started it has gone without a word.
process.stdout.on("error", end);

async function start(): Promise<RunningLab> {
  try {
    const output = {
      event: sayEvent,
      line: (instance: string, text: string): void => {
        note("output", instance, text);
        say("output", { instance, text }, `${instance} | ${text}`);
      },
      ended: (instance: string, command: string, how: string): void => {
        note("ended", instance, `${command}: ${how}`);
        say("ended", { instance, command, how }, `${instance}: \`${command}\` ended: ${how}`);
      },
    };
    return await RunningLab.start(loadLab(), folder, output, { runsPrograms: !isByHand });
  } catch (error) {
    const explained = explainBuildFailure(error, languageOf(process.env));
    if (explained === undefined) throw error;
    process.stderr.write(`baton lab: ${explained}\n`);
    process.exit(1);
  }
}

shadowSystemFolders();
const lab = await start();
const liveLab = new LiveLab(lab, () => lab.status(rootless));
live.lab = liveLab;

async function answer(request: LabRequest): Promise<LabAnswer> {
  switch (request.command) {
    case "status":
      return { ok: true, status: await lab.status(rootless) };
    case "exec": {
      const target = await lab.exec(request.instance, rootless);
      const pids = await outside?.pids();
      return { ok: true, exec: { ...target, pid: pids?.get(target.pid) ?? target.pid } };
    }
    case "fault": {
      const { instance, order } = request;
      const inject = (): void => lab.fault(instance, order);
      if (isBreaking(order)) await liveLab.break(instance, printOrder(order), inject);
      else inject();
      await lab.vpc.stats();
      return { ok: true };
    }
    case "daemon": {
      const { instance, order, address } = request;
      const carryOut = (): Promise<void> => lab.daemon(instance, order, address);
      if (DAEMON_ORDERS[order].breaks) await liveLab.break(instance, `daemon ${order}`, carryOut);
      else await carryOut();
      return { ok: true };
    }
    case "watch":
      return { ok: true };
    case "capture":
      lab.vpc.capture(request.instance, request.file);
      await lab.vpc.stats();
      return { ok: true };
    case "down":
      setImmediate(end);
      return { ok: true };
  }
}

/** What may wait for a reader that does not read: probes beyond that are left out. */
const WAITING_MAX = 256 * 1024;
const WAITING_END = 16 * WAITING_MAX;

function watch(socket: Socket): void {
  const end = liveLab.watch((news) => {
    if (news.news === "probes" && socket.writableLength > WAITING_MAX) return;
    if (socket.writableLength > WAITING_END) socket.destroy();
    else socket.write(`${JSON.stringify(news)}\n`);
  });
  socket.once("close", end);
}

const server = createServer((socket: Socket) => {
  socket.on("error", () => undefined);
  const lines = createInterface({ input: socket });
  // readline passes on the socket's error: a client that goes away does not end the laboratory.
  lines.on("error", () => undefined);
  lines.on("line", (line) => {
    const reply = (value: LabAnswer): void => void socket.write(`${JSON.stringify(value)}\n`);
    const request = readLabRequest(line);
    if (typeof request === "string") return reply({ ok: false, error: request });
    if (request.command === "watch") watch(socket);
    answer(request).then(reply, (error: unknown) =>
      reply({
        ok: false,
        error: error instanceof Error ? error.message : String(error),
        ...(error instanceof LabMistake && { text: error.text }),
      }),
    );
  });
});
server.listen(join(folder, SOCKET));
const api = lab.vpc.serveApi(join(folder, API_SOCKET));

const addresses = lab.vpc.havips().map((one) => printIpv4(one.vip));
const names = lab.vpc.instances().map((one) => one.name);
say(
  "up",
  { folder, instances: names, havips: addresses },
  `up: ${names.join(", ")}; HAVIPs: ${addresses.join(", ") || "none"}`,
);
await ended;
say("down", {}, "taking everything down");
server.close();
api.close();
await liveLab.close();
await lab.close();
outside?.close();
process.exit(0);
