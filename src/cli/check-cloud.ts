/**
 * `--live`, the cloud's part: would the platform let this machine have the addresses? It is
 * asked only if there is a `havip` block, or a key in the environment. Nothing here changes
 * anything, and a control plane that cannot be reached is one warning.
 */
import { statSync } from "node:fs";
import type { HavipRow } from "#cloud/agreement/ownership-lookup";
import type { CloudClient } from "#cloud/client/client";
import { postOverHttp, type Transport } from "#cloud/client/transport";
import { CloudSource, type Self } from "#daemon/cloud-source";
import { type AnyFinding, finding, type Language } from "#diagnostics/diagnostic";
import type { Span } from "#diagnostics/source";
import { type Block, lastSetting, nameOf, placeOf } from "#keepalived/blocks/block";
import { addressesOf } from "#keepalived/model/effective";
import type { HavipPlan } from "#keepalived/plan/run-plan";
import type { Reading } from "#keepalived/read";
import type { AddressItem } from "#keepalived/values/value";

export interface CheckCloudOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly language: Language;
  /** Prints a line for a person who is waiting. */
  readonly report: (line: string) => void;
  /** Milliseconds since 1970, for tests. */
  readonly now?: () => number;
  /** Carries a request; tests bring their own. */
  readonly transport?: Transport;
  readonly deadlineMs?: number;
  readonly progressMs?: number;
}

const DEADLINE_MS = 10_000;
const PROGRESS_MS = 2_000;
/** The platform's limit for a clock difference, and the difference that deserves a warning. */
const SKEW_LIMIT_SECONDS = 300;
const SKEW_REPORTED_SECONDS = 60;
/** The platform's limit for values of one filter. */
const FILTER_MAX = 5;
const HAVIP_LIMIT = "vpc-max-havips";

/** The addresses that one account is asked about. */
interface Group {
  readonly havip: HavipPlan | undefined;
  readonly place: Span;
  readonly addresses: AddressItem[];
}

function checkKeyFile({ havip, place }: Group): readonly AnyFinding[] {
  const path = havip?.credentialsFile;
  if (path === undefined) return [];
  const mode = modeOf(path) ?? 0;
  return (mode & 0o077) === 0 ? [] : [finding("VR5208", place, { path, mode: mode.toString(8) })];
}

/** A file that is missing or unreadable is reported when it is needed. */
function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return undefined;
  }
}

export async function checkCloud(
  readings: readonly Reading[],
  options: CheckCloudOptions,
): Promise<readonly AnyFinding[]> {
  const groups = groupsOf(readings, hasKey(options.env));
  const asked = await Promise.all(groups.map((group) => askAbout(group, options)));
  return [...groups.flatMap(checkKeyFile), ...asked.flat()];
}

const hasKey = (env: CheckCloudOptions["env"]): boolean =>
  Boolean(env["TENCENTCLOUD_SECRET_ID"]) && Boolean(env["TENCENTCLOUD_SECRET_KEY"]);

function groupsOf(readings: readonly Reading[], asksForAll: boolean): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { model, plan } of readings) {
    for (const { config, havip } of plan.instances) {
      const block = model.instances.find((one) => nameOf(one) === config.router.name);
      if (block === undefined || (havip === undefined && !asksForAll)) continue;
      const key = JSON.stringify(havip ?? null);
      const group = groups.get(key) ?? { havip, place: placeIn(block), addresses: [] };
      groups.set(key, group);
      group.addresses.push(...addressesOf(block).filter(({ ip }) => ip.family === 4));
    }
  }
  return [...groups.values()];
}

const placeIn = (block: Block): Span => lastSetting(block, "havip")?.token.span ?? placeOf(block);

async function askAbout(group: Group, options: CheckCloudOptions): Promise<readonly AnyFinding[]> {
  const { env, language, report, now = Date.now, deadlineMs = DEADLINE_MS } = options;
  const ending = new AbortController();
  let skew: number | undefined;
  const transport: Transport = async (post) => {
    const sentAt = now();
    const result = await (options.transport ?? postOverHttp)(post);
    if (result.kind === "response") skew = skewOf(result.date, (sentAt + now()) / 2) ?? skew;
    return result;
  };
  const nobody = { endpoint: undefined, region: undefined, instanceId: undefined };
  const question = group.havip ?? { ...nobody, credentialsFile: undefined };
  const { signal } = ending;
  const source = new CloudSource(question, { env, language, signal, transport, now });
  const say = (en: string, zh: string): string => (language === "en" ? en : zh);
  const progress = setTimeout(
    () =>
      report(
        say(
          `baton check: waiting for the cloud (${source.endpoint})\n`,
          `baton check：正在等待云平台应答（${source.endpoint}）\n`,
        ),
      ),
    options.progressMs ?? PROGRESS_MS,
  );
  const deadline = setTimeout(() => ending.abort(), deadlineMs);
  const asked = await ask(source, group);
  clearTimeout(progress);
  clearTimeout(deadline);
  const seconds = Math.round(skew ?? 0);
  if (Math.abs(seconds) >= SKEW_REPORTED_SECONDS) {
    const facts = { seconds, limit: SKEW_LIMIT_SECONDS };
    const skewed = finding("VR5207", group.place, facts);
    // Beyond the limit every call is refused; the finding says why.
    if (Math.abs(seconds) > SKEW_LIMIT_SECONDS) return [skewed];
    return [skewed, ...(typeof asked === "string" ? [] : asked)];
  }
  if (typeof asked !== "string") return asked;
  const limit = deadlineMs / 1_000;
  const why = signal.aborted ? say(`nothing within ${limit} s`, `${limit} 秒内没有应答`) : asked;
  return [finding("VR5201", group.place, { endpoint: source.endpoint, why })];
}

/** How many seconds this machine is ahead. The header has whole seconds, rounded down. */
function skewOf(date: string | undefined, localMs: number): number | undefined {
  const server = Date.parse(date ?? "");
  return Number.isNaN(server) ? undefined : (localMs - (server + 500)) / 1_000;
}

/** The result is a text, the reason, if the cloud could not be asked. */
async function ask(source: CloudSource, group: Group): Promise<readonly AnyFinding[] | string> {
  const connected = await source.connect();
  if (connected.kind === "missing") return connected.why;
  const self = await source.self();
  if (self.kind === "missing") return self.why;
  const client = connected.value;
  const rows: HavipRow[] = [];
  for (let at = 0; at < group.addresses.length; at += FILTER_MAX) {
    const Values = group.addresses.slice(at, at + FILTER_MAX).map(({ ip }) => ip.text);
    const result = await client.call("DescribeHaVips", {
      Filters: [{ Name: "vip", Values }],
      Limit: 100,
    });
    if (result.kind !== "answer") return source.failed(result);
    rows.push(...result.answer.HaVipSet);
  }
  const { region } = client.options;
  const found = group.addresses.flatMap((item) => assess(item, rows, self.value, region));
  const isMissing = found.some(({ code }) => code === "VR5202");
  return [
    ...found,
    ...(isMissing ? await checkQuota(client, self.value, group.place) : []),
    ...(await checkIdle(client, group.place)),
  ];
}

/** One address against the rows that have it, in whatever VPC. */
function assess(
  { ip, token }: AddressItem,
  rows: readonly HavipRow[],
  { instanceId, interfaces }: Self,
  region: string,
): readonly AnyFinding[] {
  const address = ip.text;
  const named = rows.filter(({ Vip }) => Vip === address);
  const [elsewhere] = named;
  if (elsewhere === undefined) return [finding("VR5202", token.span, { address, region })];
  const own = [...new Set(interfaces.map(({ SubnetId }) => SubnetId))];
  const row = named.find(({ SubnetId }) => own.includes(SubnetId));
  if (row === undefined) {
    const { HaVipId: havip, SubnetId: subnet } = elsewhere;
    return [finding("VR5203", token.span, { address, havip, subnet, own })];
  }
  const names = [instanceId, ...interfaces.map((one) => one.NetworkInterfaceId)];
  const isInRange = row.HaVipAssociationSet.some(({ InstanceId }) => names.includes(InstanceId));
  if (!row.CheckAssociate || isInRange) return [];
  return [finding("VR5204", token.span, { address, havip: row.HaVipId, instance: instanceId })];
}

/**
 * Reported only where a HAVIP has to be created. Keys without the right to ask are not
 * reported.
 */
async function checkQuota(
  client: CloudClient,
  { interfaces }: Self,
  place: Span,
): Promise<readonly AnyFinding[]> {
  const [first] = interfaces;
  if (first === undefined) return [];
  const vpc = first.VpcId;
  const limits = await client.call("DescribeVpcLimits", { LimitTypes: [HAVIP_LIMIT] });
  const all = await client.call("DescribeHaVips", {
    Filters: [{ Name: "vpc-id", Values: [vpc] }],
    Limit: 1,
  });
  if (limits.kind !== "answer" || all.kind !== "answer") return [];
  const limit = limits.answer.VpcLimitSet.find((one) => one.LimitType === HAVIP_LIMIT)?.LimitValue;
  const used = all.answer.TotalCount;
  if (limit === undefined || used < limit) return [];
  return [finding("VR5205", place, { vpc, used, limit })];
}

async function checkIdle(client: CloudClient, place: Span): Promise<readonly AnyFinding[]> {
  const result = await client.call("DescribeAddresses", {
    Filters: [{ Name: "address-status", Values: ["UNBIND"] }],
    Limit: 20,
  });
  if (result.kind !== "answer") return [];
  const addresses = result.answer.AddressSet.map(
    ({ AddressIp, AddressId }) => `${AddressIp} (${AddressId})`,
  );
  if (addresses.length === 0) return [];
  return [finding("VR5206", place, { addresses, region: client.options.region })];
}
