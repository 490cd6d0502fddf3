/** Something the reader should know: a failure with what to do, a remark, a success. */
import type { ComponentChildren, JSX } from "preact";
import type { Failure } from "../base/failure.ts";
import type { Tone } from "./badge.tsx";
import { Icon, type IconName } from "./icon.tsx";

const ICONS: Readonly<Record<Tone, IconName>> = {
  ok: "good",
  info: "info",
  warning: "warning",
  error: "bad",
  idle: "info",
};

export interface NoticeProps {
  readonly tone: Tone;
  /** Said at once by a screen reader. For what happens, not for what is there from the start. */
  readonly isSaid?: boolean;
  readonly children: ComponentChildren;
}

export function Notice({ tone, isSaid = false, children }: NoticeProps): JSX.Element {
  const role = isSaid ? { role: tone === "error" ? "alert" : "status" } : {};
  return (
    <div class={`notice tone-${tone}`} {...(role as { role?: "alert" | "status" })}>
      <Icon name={ICONS[tone]} />
      <div>{children}</div>
    </div>
  );
}

export function FailureNotice({ failure }: { readonly failure: Failure }): JSX.Element {
  return (
    <Notice tone="error" isSaid>
      <p>{failure.message}</p>
      {failure.help !== undefined && <p>{failure.help}</p>}
    </Notice>
  );
}

export interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** In place of a list that has nothing in it: why, and what would bring something. */
export function Empty({ icon, title, children }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}
