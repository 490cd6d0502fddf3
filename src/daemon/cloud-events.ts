/** What the platform says of our addresses, as events. */
import type { AgreementNews } from "#cloud/agreement/agreement-state";
import type { EventSeverity, NewEventOf } from "#events/record";
import { toSeconds } from "#units/time";
import { both } from "./event-texts.ts";
import { type HavipMessages, havipMessages } from "./havip-messages.ts";

const SEVERITIES: Readonly<Record<AgreementNews["kind"], EventSeverity>> = {
  agrees: "info",
  disagrees: "error",
  disputed: "error",
  doubted: "warning",
  lost: "warning",
};

function sentence(messages: HavipMessages, address: string, news: AgreementNews): string {
  switch (news.kind) {
    case "agrees":
      return messages.agrees({ address, seconds: toSeconds(news.after).toFixed(1) });
    case "disagrees": {
      const seconds = toSeconds(news.after).toFixed(1);
      const { view, announcements } = news;
      return messages.disagrees({ address, seconds, view, announcements });
    }
    case "disputed":
      return messages.disputed({ address, rival: news.rival });
    case "doubted":
      return messages.doubted({ address, sign: news.sign });
    case "lost":
      return messages.lost({ address, view: news.view });
  }
}

export function cloudEvent(
  instance: string,
  address: string,
  news: AgreementNews,
): NewEventOf<"cloud"> {
  const { kind: platform, ...details } = news;
  return {
    kind: "cloud",
    severity: SEVERITIES[platform],
    instance,
    text: both((language) => sentence(havipMessages(language), address, news)),
    data: { platform, address, ...details },
  };
}

/** The platform has not followed yet. */
export const announcedAgainEvent = (about: {
  readonly instance: string;
  readonly address: string;
}): NewEventOf<"announcement"> => ({
  kind: "announcement",
  severity: "info",
  instance: about.instance,
  text: {
    en: `${about.address} is announced again: the platform has not moved it here yet`,
    "zh-CN": `再次宣告 ${about.address}：云平台尚未将其切换到本机`,
  },
  data: { cause: "platform", address: about.address },
});
