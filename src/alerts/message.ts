/** What is reported about a cause, once or again. */
import type { EventKind, EventSeverity, EventText, Unnumbered } from "#events/record";

export interface AlertMessage {
  /** `fault/VI_1`: the same for all messages of one cause. */
  readonly cause: string;
  /** Firing: it lasts. Resolved: it has ended. Event: it has no end. */
  readonly status: "firing" | "resolved" | "event";
  /** It was reported before. */
  readonly isRepeat: boolean;
  /** The highest one since it began. */
  readonly severity: EventSeverity;
  /** How often it began (or happened) since the first time. */
  readonly count: number;
  /** When it first began, and what was said then. */
  readonly since: string;
  readonly first: EventText;
  /** How long it lasted, or lasts by now; until its end, not until that was certain. */
  readonly seconds: number;
  /** The last event of the cause. */
  readonly event: Unnumbered;
}

/** The document that `webhook` posts. */
export interface WebhookDocument {
  readonly version: 1;
  readonly node: string;
  /** When it was made: `2026-11-30T17:26:25.123Z`. */
  readonly at: string;
  readonly alerts: readonly WebhookAlert[];
  /** How many alerts did not fit in the queue while the destination could not be reached. */
  readonly leftOut: number;
}

export interface WebhookAlert {
  readonly cause: string;
  readonly status: AlertMessage["status"];
  readonly repeat: boolean;
  readonly severity: EventSeverity;
  readonly count: number;
  readonly since: string;
  readonly seconds: number;
  readonly kind: EventKind;
  readonly instance: string | undefined;
  readonly group: string | undefined;
  readonly text: EventText;
  readonly event: Unnumbered;
}

export function webhookDocument(
  node: string,
  at: string,
  messages: readonly AlertMessage[],
  leftOut: number,
): WebhookDocument {
  const alerts = messages.map((message): WebhookAlert => {
    const { cause, status, isRepeat: repeat, severity, count, since, seconds, event } = message;
    const { kind, instance, group, text } = event;
    const common = { cause, status, repeat, severity, count, since, seconds };
    return { ...common, kind, instance, group, text, event };
  });
  return { version: 1, node, at, alerts, leftOut };
}
