/** What asks one target. Only what is configured is loaded. */
import type { CheckOutcome } from "#databases/port/database";
import type { CheckTarget as DatabaseTarget } from "#databases/protocol";
import type { CheckTarget } from "#keepalived/plan/run-plan";
import { bad, type Found, good, type Probe } from "./probe.ts";
import * as texts from "./texts.ts";

export type AskDatabase = (target: DatabaseTarget, timeoutMs: number) => Promise<CheckOutcome>;

export async function loadProbe(target: CheckTarget, ask: AskDatabase): Promise<Probe> {
  switch (target.kind) {
    case "tcp":
      return (await import("./tcp.ts")).tcpProbe(target.host, target.port);
    case "http":
      return await (await import("./http.ts")).httpProbe(target);
    case "dns":
      return (await import("./dns.ts")).dnsProbe(target);
    case "ping":
      return (await import("./ping.ts")).pingProbe(target.host);
    case "mysql":
    case "postgresql":
    case "redis":
      return async ({ timeoutMs }) => databaseFound(await ask(target, marginOf(timeoutMs)));
  }
}

/** So that the answer "hung" of the process that asks arrives before the time is over here. */
const marginOf = (timeoutMs: number): number =>
  timeoutMs - Math.min(100, Math.max(10, timeoutMs / 10));

function databaseFound(outcome: CheckOutcome): Found {
  switch (outcome.ok) {
    case true:
      return good(texts.answered);
    case false:
      return bad(outcome.why);
    case "unknown":
      return { kind: "unknown", text: outcome.why };
  }
}
