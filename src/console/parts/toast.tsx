/** What an action brought, for some seconds, in a corner; said by screen readers. */
import { type Signal, signal } from "@preact/signals";
import type { JSX } from "preact";
import { t } from "../base/language.ts";
import { text } from "../base/text.ts";
import type { Tone } from "./badge.tsx";
import { Icon } from "./icon.tsx";
import { Notice } from "./notice.tsx";

interface Toast {
  readonly id: number;
  readonly tone: Tone;
  readonly message: string;
  readonly details?: readonly string[];
}

const toasts: Signal<readonly Toast[]> = signal([]);
let count = 0;
const SHOWN_MS = 9_000;
const MOST = 4;

const drop = (id: number): void => {
  toasts.value = toasts.value.filter((one) => one.id !== id);
};

/** An error stays until it is closed. */
export function toast(tone: Tone, message: string, details: readonly string[] = []): void {
  count += 1;
  const id = count;
  toasts.value = [...toasts.value, { id, tone, message, details }].slice(-MOST);
  if (tone !== "error") setTimeout(() => drop(id), SHOWN_MS);
}

const CLOSE = text("Close", "关闭");
const RESULTS = text("Results of actions", "操作结果");

export function Toasts(): JSX.Element {
  return (
    <section class="toasts" aria-label={t(RESULTS)} aria-live="polite">
      {toasts.value.map(({ id, tone, message, details }) => (
        <Notice key={id} tone={tone}>
          <div class="row spread">
            <strong>{message}</strong>
            <button
              type="button"
              class="button quiet small"
              aria-label={t(CLOSE)}
              onClick={() => drop(id)}
            >
              <Icon name="close" />
            </button>
          </div>
          {details?.map((line) => (
            <p key={line} class="small">
              {line}
            </p>
          ))}
        </Notice>
      ))}
    </section>
  );
}
