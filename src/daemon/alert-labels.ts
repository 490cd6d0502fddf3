/** Destinations as they may be printed: the rest of an address may be its key. */
import type { DestinationPlan, MailPlan } from "#keepalived/plan/run-plan";

/** `wecom qyapi.weixin.qq.com`; of two that look the same the second gets `#2`. */
export function labelsOf(
  destinations: readonly DestinationPlan[],
  mail: MailPlan | undefined,
): readonly string[] {
  const seen = new Map<string, number>();
  return destinations.map((one) => {
    const plain = labelOf(one, mail);
    const nth = (seen.get(plain) ?? 0) + 1;
    seen.set(plain, nth);
    return nth === 1 ? plain : `${plain} #${nth}`;
  });
}

function labelOf(destination: DestinationPlan, mail: MailPlan | undefined): string {
  if (destination.kind === "email") return mailLabel(mail);
  return `${destination.kind} ${URL.parse(destination.url.reveal())?.host ?? "?"}`;
}

export const mailLabel = (mail: MailPlan | undefined): string =>
  mail === undefined ? "email" : `email ${mail.server.host}`;
