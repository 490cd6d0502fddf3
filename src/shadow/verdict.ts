/**
 * Is a difference one that Baton makes on purpose? Each rule is as narrow as its reason allows: a
 * time beyond what the reason explains is unexplained.
 */
import { type Micros, micros } from "#units/time";
import type { RouterConfig } from "#vrrp/router/config";
import type { Reason } from "#vrrp/router/reason";
import { masterDown, skew } from "#vrrp/router/timing";
import { intervalOf, slackOf } from "./adopt.ts";
import type { Section, Verdict, What } from "./finding.ts";

export interface Verdicts {
  readonly verdict: Verdict;
  readonly section: Section | undefined;
}

export interface VerdictContext {
  readonly config: RouterConfig;
  readonly tolerance: Micros;
  /** How much longer than the detection time Baton waits for a weaker master's lease to end. */
  readonly leaseWait: Micros;
}

const SAME: Verdicts = { verdict: "same", section: undefined };
const UNEXPLAINED: Verdicts = { verdict: "unexplained", section: undefined };
const expected = (section: Section): Verdicts => ({ verdict: "expected", section });

export function verdictOf(what: What, context: VerdictContext): Verdicts {
  const { config, tolerance } = context;
  switch (what.kind) {
    case "took-over":
    case "gave-up":
    case "released":
    case "stopped-advertising":
      return SAME;
    case "took-over-later":
      return later(what.micros, what.reason, context);
    case "took-over-earlier":
      return what.micros !== undefined && what.micros <= context.leaseWait + tolerance
        ? expected("weaker-master")
        : UNEXPLAINED;
    case "did-not-take-over":
      return what.reason.kind === "link-back-in-time" ? expected("link-flap") : UNEXPLAINED;
    case "did-not-yield":
      return isTenure(what.reason) ? expected("nopreempt") : UNEXPLAINED;
    case "yielded":
      return config.preempt ? UNEXPLAINED : expected("nopreempt");
    case "priority-0-ignored":
    case "preempted":
    case "not-as-configured":
      return UNEXPLAINED;
    case "returned":
      return expected("stalled-owner");
    case "address-kept":
      return expected("dead-owner");
    case "address-answered":
      return expected(what.from === undefined ? "claims" : "dead-owner");
    case "no-owner":
      return what.after === "priority-0" && what.micros <= longestSkew(config) + tolerance
        ? expected("planned-stop")
        : SAME;
    case "two-owners":
      return twoOwners(what.micros, context);
    case "refused":
      return refused(what.why.kind);
  }
}

function later(by: Micros, reason: Reason, { config, tolerance }: VerdictContext): Verdicts {
  if (reason.kind === "master-released" && reason.immediate)
    return by <= longestSkew(config) + tolerance ? expected("the-only-peer") : UNEXPLAINED;
  if (reason.kind === "link-back-in-time")
    return by <= masterDown(config, config.advertInterval, 1) + tolerance
      ? expected("link-flap")
      : UNEXPLAINED;
  return UNEXPLAINED;
}

/** The skew time of priority 1: a second with version 2, an interval with version 3. */
export const longestSkew = (config: RouterConfig): Micros => skew(config, config.advertInterval, 1);

/** Decided by who has been master longer, which keepalived does not ask. */
const isTenure = ({ kind }: Reason): boolean =>
  kind === "unconfirmed-yields" || kind === "master-was-alive";

/** Two that hear each other again find out with the next regular advertisement of one of them. */
function twoOwners(lasted: Micros, { config, tolerance }: VerdictContext): Verdicts {
  const interval = intervalOf(config);
  if (lasted > micros(interval + slackOf(interval, tolerance))) return UNEXPLAINED;
  return config.preempt ? SAME : expected("nopreempt");
}

/** keepalived refuses the same, but for two things. */
function refused(kind: Extract<What, { kind: "refused" }>["why"]["kind"]): Verdicts {
  if (kind === "not-a-peer") return expected("unknown-peers");
  return kind === "no-addresses" ? expected("empty-advertisements") : SAME;
}
