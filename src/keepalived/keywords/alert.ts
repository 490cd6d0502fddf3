/** `alert`: Baton's own. Where to report what happened, besides the file's mail keywords. */
import {
  block,
  boolean,
  choice,
  flag,
  integer,
  type Keyword,
  type KeywordTable,
  secrets,
  table,
  texts,
  yes,
} from "./keyword.ts";

/** At the root, where its `}` cannot end a block around it in keepalived. There may be several. */
export const ALERT_BLOCK: Keyword = {
  word: "alert",
  takes: block("alert", false),
  since: "baton",
  acts: yes,
  repeatable: true,
  purpose: "report what happens on this node to chat robots, a web hook, or by mail",
};

/** Keywords with an address; who knows the key in it can write there. */
export const DESTINATIONS = ["webhook", "wecom", "dingtalk", "feishu"] as const;
export type DestinationWord = (typeof DESTINATIONS)[number];

/**
 * What `on` takes: the kinds of events (src/events/record.ts) without "alert" itself, and `fault`
 * for the changes of state that are one.
 */
export const ALERT_KINDS = [
  "fault",
  "state",
  "group",
  "priority",
  "check",
  "reload",
  "announcement",
  "conflict",
  "cloud",
  "stall",
  "engine",
  "notify",
  "operator",
  "maintenance",
  "daemon",
  "gate",
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const ALERT_SEVERITIES = ["info", "warning", "error"] as const;

/** In seconds. */
export const ALERT_DEFAULTS = { repeat: 3_600, settle: 30, timeout: 10, deadline: 600 } as const;

const DAY = 86_400;

const seconds = (word: keyof typeof ALERT_DEFAULTS, min: number, max: number, purpose: string) =>
  ({
    word,
    takes: integer(min, max),
    since: "baton",
    default: String(ALERT_DEFAULTS[word]),
    unit: "s",
    acts: yes,
    purpose,
  }) satisfies Keyword;

const destination = (word: DestinationWord, takes: Keyword["takes"], purpose: string): Keyword => ({
  word,
  takes,
  since: "baton",
  acts: yes,
  repeatable: true,
  purpose,
});

export const ALERT: KeywordTable = table([
  destination(
    "webhook",
    secrets(1, 2),
    "address that gets a document in JSON (docs/alerts.md); with a secret it is signed",
  ),
  destination("wecom", secrets(1, 1), "address of a robot of WeCom (WeChat Work)"),
  destination("dingtalk", secrets(1, 2), "address of a robot of DingTalk, and its secret"),
  destination("feishu", secrets(1, 2), "address of a robot of Feishu (Lark), and its secret"),
  {
    word: "email",
    takes: flag,
    since: "baton",
    default: "off",
    acts: yes,
    purpose: "by mail to `notification_email` too",
  },
  {
    word: "on",
    takes: texts(1, ALERT_KINDS.length),
    since: "baton",
    default: "every kind",
    acts: yes,
    purpose: `kinds of events: ${ALERT_KINDS.join(", ")}`,
  },
  {
    word: "min_severity",
    takes: choice(...ALERT_SEVERITIES),
    since: "baton",
    default: "warning",
    acts: yes,
    purpose: "leave out events that are less important",
  },
  seconds("repeat", 0, 30 * DAY, "while it lasts, report it again so often; 0: once"),
  {
    word: "resolved",
    takes: boolean,
    since: "baton",
    default: "on",
    acts: yes,
    purpose: "report when it has ended",
  },
  seconds(
    "settle",
    0,
    3_600,
    "what comes back within this time has not ended: it is counted, and reported once",
  ),
  seconds("timeout", 1, 60, "how long one attempt may take"),
  seconds("deadline", 1, DAY, "how long a message that cannot be delivered is tried again"),
  {
    word: "language",
    takes: choice("en", "zh-CN"),
    since: "baton",
    default: "the daemon's",
    acts: yes,
    purpose: "language of the messages",
  },
]);
