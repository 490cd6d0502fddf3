/** `baton alert test`: one message through each destination of a file, now and once. */
import type { AlertMessage } from "#alerts/message";
import { alertText } from "#alerts/text";
import type { Language } from "#diagnostics/diagnostic";
import type { DestinationPlan, MailPlan, RunPlan } from "#keepalived/plan/run-plan";
import { fromSeconds, type Micros } from "#units/time";
import { callOverHttp } from "./alert-http.ts";
import { labelsOf } from "./alert-labels.ts";
import { type MailHost, sendLetter } from "./alert-mail.ts";
import type { CallOutcome } from "./alert-outcome.ts";

export interface TestedDestination {
  readonly label: string;
  readonly kind: DestinationPlan["kind"];
  /** How long the call took. */
  readonly milliseconds: number;
  readonly outcome: CallOutcome;
}

export interface TestOptions {
  readonly host: MailHost;
  readonly language: Language;
  /** Only destinations of this kind; undefined: all. */
  readonly kind?: DestinationPlan["kind"] | undefined;
}

interface Way {
  readonly destination: DestinationPlan;
  readonly timeout: Micros;
  readonly language: Language;
}

const TIMEOUT = fromSeconds(10);

/** All at the same time; empty if the file has none of that kind. */
export async function testAlerts(
  plan: RunPlan,
  { host, language, kind }: TestOptions,
): Promise<readonly TestedDestination[]> {
  const { mail } = plan.globals;
  const ways = waysOf(plan, language).filter(
    ({ destination }) => kind === undefined || destination.kind === kind,
  );
  const labels = labelsOf(
    ways.map(({ destination }) => destination),
    mail,
  );
  return await Promise.all(
    ways.map(async (way, at) => {
      const before = performance.now();
      const outcome = await callOne(way, mail, plan.globals.routerId ?? host.name, host);
      const milliseconds = Math.round(performance.now() - before);
      const { kind: its } = way.destination;
      return { label: labels[at] ?? its, kind: its, milliseconds, outcome };
    }),
  );
}

/** Those of the `alert` blocks, and mail once if anything is mailed. */
function waysOf({ alerts = [], instances, groups }: RunPlan, language: Language): readonly Way[] {
  const all = alerts.flatMap(({ to, timeout, language: own }) =>
    to.map((destination): Way => ({ destination, timeout, language: own ?? language })),
  );
  const ways = all.filter(({ destination }) => destination.kind !== "email");
  const isMailed = [...instances, ...groups].some((one) => one.isMailed === true);
  if (!isMailed && ways.length === all.length) return ways;
  return [...ways, { destination: { kind: "email" }, timeout: TIMEOUT, language }];
}

async function callOne(
  { destination, timeout, language }: Way,
  mail: MailPlan | undefined,
  routerId: string,
  host: MailHost,
): Promise<CallOutcome> {
  const at = new Date();
  const messages = [testMessage(host.name, at)];
  if (destination.kind !== "email")
    return await callOverHttp(destination, {
      node: host.name,
      messages,
      leftOut: 0,
      language,
      timeout,
      at,
    });
  if (mail === undefined) return { kind: "failed", isForGood: true, why: { kind: "no-mail" } };
  const { title, lines } = alertText(host.name, messages, { language, bytes: 1_000, leftOut: 0 });
  const letter = { subject: `[${routerId}] ${title}`, text: `${lines.join("\n")}\n`, at };
  return await sendLetter(mail, letter, host);
}

function testMessage(node: string, at: Date): AlertMessage {
  const text = {
    en: `this is a test: alerts of ${node} arrive here`,
    "zh-CN": `这是一条测试消息：${node} 的告警会发送到这里`,
  };
  const stamp = at.toISOString();
  return {
    cause: "test",
    status: "event",
    isRepeat: false,
    severity: "info",
    count: 1,
    since: stamp,
    first: text,
    seconds: 0,
    event: { at: stamp, node, kind: "alert", severity: "info", text, data: { outcome: "test" } },
  };
}
