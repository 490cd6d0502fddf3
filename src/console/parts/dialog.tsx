/**
 * A modal dialog: the browser's own `<dialog>`, which keeps the focus inside, closes with Escape,
 * gives the focus back, and hides the page behind it from screen readers.
 */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../base/language.ts";
import { text } from "../base/text.ts";

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** Enter, or the button of type `submit`. */
  readonly onSubmit?: () => void;
  readonly children: ComponentChildren;
}

/** What had the focus before the first of several dialogs that follow each other. */
let opener: HTMLElement | undefined;

function rememberOpener(): void {
  const active = document.activeElement;
  const isPage = active instanceof HTMLElement && active.closest("dialog") === null;
  if (isPage && active !== document.body) opener = active;
}

/** A button that waits for the node's answer is disabled, and takes the focus a moment later. */
function giveFocusBack(): void {
  const wanted = opener;
  if (wanted === undefined) return;
  wanted.focus();
  if (document.activeElement === wanted) return;
  requestAnimationFrame(() => {
    const isFree = document.querySelector("dialog[open]") === null;
    if (isFree && wanted.isConnected) wanted.focus();
  });
}

/** Shown while it is rendered. */
export function Dialog({ title, onClose, onSubmit, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current;
    rememberOpener();
    shown?.showModal();
    return () => {
      // While it is open nothing behind it can have the focus: another dialog may come next.
      shown?.close();
      giveFocusBack();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <h2 id={heading}>{title}</h2>
        {children}
      </form>
    </dialog>
  );
}

const CANCEL = text("Cancel", "取消");

export interface DialogActionsProps {
  /** Of the button that does it. */
  readonly label: string;
  readonly isDisabled: boolean;
  readonly onClose: () => void;
  /** It takes something away for ever. */
  readonly isDanger?: boolean;
}

/** "Cancel", and the button that submits the dialog. */
export function DialogActions(props: DialogActionsProps): JSX.Element {
  const { label, isDisabled, onClose, isDanger = false } = props;
  return (
    <div class="actions">
      <button type="button" class="button" onClick={onClose}>
        {t(CANCEL)}
      </button>
      <button
        type="submit"
        class={`button primary ${isDanger ? "danger" : ""}`}
        disabled={isDisabled}
      >
        {label}
      </button>
    </div>
  );
}
