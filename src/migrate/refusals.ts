/**
 * Why `--apply` is refused. Each is a reason for which the addresses could be lost, have two
 * owners, or be looked after with less than before; some of them are the operator's to decide.
 */
import { type Facts, type InstanceFacts, ownsAny } from "./facts.ts";

/** What `--accept` may say. */
export const ACCEPTABLE = ["owner", "unheard", "stopped-along"] as const;
export type Acceptable = (typeof ACCEPTABLE)[number];

export type Refusal =
  | { readonly kind: "not-root" }
  | { readonly kind: "no-systemd" }
  | { readonly kind: "no-keepalived" }
  /** It runs, but not as its unit's process. */
  | { readonly kind: "outside-unit"; readonly pids: readonly number[] }
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "arguments"; readonly why: string }
  | { readonly kind: "no-baton-unit"; readonly unit: string }
  | { readonly kind: "baton-runs" }
  | { readonly kind: "configuration"; readonly file: string; readonly status: number }
  | { readonly kind: "no-instances"; readonly file: string }
  | { readonly kind: "load-balancing"; readonly keywords: readonly string[] }
  /** Another machine says that it owns what is on this one. */
  | { readonly kind: "two-owners"; readonly instance: InstanceFacts }
  | { readonly kind: "owner"; readonly instances: readonly InstanceFacts[] }
  | { readonly kind: "unheard"; readonly instances: readonly InstanceFacts[] }
  | { readonly kind: "stopped-along"; readonly units: readonly string[] };

/** The oldest with which Baton's protocol and reading of the file were compared. */
const MAJOR_MIN = 2;

/** Empty if nothing speaks against it. */
export function refusalsOf(
  facts: Facts,
  accepted: ReadonlySet<Acceptable>,
  mayHaveErrors: boolean,
): readonly Refusal[] {
  return [
    ...ofMachine(facts),
    ...ofConfiguration(facts, mayHaveErrors),
    ...ofOwnership(facts).filter(({ kind }) => !isAccepted(kind, accepted)),
    ...ofOthers(facts).filter(({ kind }) => !isAccepted(kind, accepted)),
  ];
}

const isAccepted = (kind: Refusal["kind"], accepted: ReadonlySet<Acceptable>): boolean =>
  ACCEPTABLE.some((one) => one === kind && accepted.has(one));

function ofMachine({ isRoot, hasSystemd, keepalived, baton }: Facts): readonly Refusal[] {
  const found: Refusal[] = [];
  if (!isRoot) found.push({ kind: "not-root" });
  if (!hasSystemd) found.push({ kind: "no-systemd" });
  if (keepalived.strays.length > 0) found.push({ kind: "outside-unit", pids: keepalived.strays });
  else if (!keepalived.isActive) found.push({ kind: "no-keepalived" });
  const { version } = keepalived;
  if (version !== undefined && Number(version.split(".")[0]) < MAJOR_MIN)
    found.push({ kind: "version", version });
  if (keepalived.argsRefused !== undefined)
    found.push({ kind: "arguments", why: keepalived.argsRefused });
  if (baton.program === undefined) found.push({ kind: "no-baton-unit", unit: baton.unit });
  if (baton.runs || baton.isActive) found.push({ kind: "baton-runs" });
  return found;
}

function ofConfiguration(facts: Facts, mayHaveErrors: boolean): readonly Refusal[] {
  const { checkStatus: status, configFile: file, balancing, instances } = facts;
  const found: Refusal[] = [];
  if (balancing.length > 0) found.push({ kind: "load-balancing", keywords: balancing });
  // 6 is advice: keepalived runs such scripts too.
  const isRefused = status !== 0 && status !== 6 && !(status === 5 && mayHaveErrors);
  if (isRefused) found.push({ kind: "configuration", file, status });
  else if (instances.length === 0) found.push({ kind: "no-instances", file });
  return found;
}

function ofOwnership({ instances }: Facts): readonly Refusal[] {
  const found: Refusal[] = [];
  const both = instances.find((one) => ownsAny(one) && one.heard.length > 0);
  if (both !== undefined) found.push({ kind: "two-owners", instance: both });
  const owned = instances.filter(ownsAny);
  if (owned.length > 0) found.push({ kind: "owner", instances: owned });
  const unheard = instances.filter((one) => !ownsAny(one) && one.heard.length === 0);
  if (unheard.length > 0) found.push({ kind: "unheard", instances: unheard });
  return found;
}

function ofOthers({ keepalived }: Facts): readonly Refusal[] {
  const { stoppedAlong } = keepalived;
  return stoppedAlong.length === 0 ? [] : [{ kind: "stopped-along", units: stoppedAlong }];
}
