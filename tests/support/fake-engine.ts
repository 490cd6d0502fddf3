/**
 * Stands in for the engine where only the supervisor is under test: says what an engine says,
 * touches no network. Every instance goes to BACKUP and MASTER at once. The folder in
 * FAKE_ENGINE_DIR steers it: `unresponsive` leaves questions unanswered, `stay` keeps it from
 * ending; what it receives is appended to `received`; what is in `say` is written as it is, once.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { instant, micros } from "#units/time";
import type { FromEngine, ToEngine } from "#vrrp/engine/engine-link";
import { readToEngine } from "#vrrp/engine/engine-link-lines";
import type { InstanceConfig } from "#vrrp/router/config";
import type { PublicState } from "#vrrp/router/state";

const folder = process.env["FAKE_ENGINE_DIR"] ?? "";
const is = (name: string): boolean => existsSync(join(folder, name));
const pipe = new Socket({ fd: 3 });
const states = new Map<string, PublicState>();
let instances: readonly InstanceConfig[] = [];
let configurations = 0;

const send = (message: FromEngine): void => void pipe.write(`${JSON.stringify(message)}\n`);

function enter({ router }: InstanceConfig, to: PublicState, more: { leaving?: number } = {}): void {
  const from = states.get(router.name) ?? "INIT";
  states.set(router.name, to);
  const reason = { kind: "started", masterDown: micros(1) } as const;
  const { name: instance, priority } = router;
  send({ type: "transition", instance, from, to, reason, priority, at: instant(0), ...more });
}

function onMessage(message: ToEngine): void {
  appendFileSync(join(folder, "received"), `${JSON.stringify(message)}\n`);
  switch (message.type) {
    case "configure": {
      send({ type: "configuring" });
      configurations += 1;
      const gone = instances.filter(
        (old) => !message.instances.some((one) => one.router.name === old.router.name),
      );
      instances = message.instances;
      send({ type: "ready", pid: process.pid });
      for (const one of gone) {
        enter(one, "STOP", { leaving: configurations });
        send({ type: "removed", instance: one.router.name, leaving: configurations });
      }
      for (const one of instances) {
        if (states.has(one.router.name)) continue;
        enter(one, "BACKUP");
        enter(one, "MASTER");
      }
      return;
    }
    case "snapshot":
      if (is("say")) {
        pipe.write(readFileSync(join(folder, "say")));
        rmSync(join(folder, "say"));
      }
      if (!is("unresponsive")) {
        const type = message.brief === true ? "brief" : "snapshot";
        send({ type, id: message.id, at: instant(0), instances: [] });
      }
      return;
    case "stop":
      for (const one of instances) enter(one, "STOP");
      send({ type: "stopped" });
      if (!is("stay")) pipe.end();
      return;
    case "tracker":
    case "announce":
    case "platform":
    case "switch":
    case "switchBack":
    case "maintenance":
    case "recording":
    case "gateAnswer":
    case "probeAnswer":
    case "dataCompared":
    case "drained":
    case "eligible":
    case "successorServes":
    case "promoteAsked":
      return;
  }
}

let buffered = "";
pipe.setEncoding("utf8");
pipe.on("data", (text: string) => {
  const lines = (buffered + text).split("\n");
  buffered = lines.pop() ?? "";
  for (const line of lines) onMessage(readToEngine(line));
});
