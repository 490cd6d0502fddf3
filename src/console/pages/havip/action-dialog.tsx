/** A dialog that asks the platform: it waits, and shows a refusal where it was asked. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Failure } from "../../base/failure.ts";
import type { Answer } from "../../base/http.ts";
import { t } from "../../base/language.ts";
import { text } from "../../base/text.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { FailureNotice } from "../../parts/notice.tsx";
import { toast } from "../../parts/toast.tsx";

const TEXT = {
  cancel: text("Cancel", "取消"),
  asking: text("Asking the platform…", "正在请求平台…"),
};

export interface ActionDialogProps {
  readonly title: string;
  readonly confirm: string;
  readonly isDangerous?: boolean;
  /** Nothing can be asked yet. */
  readonly isIncomplete?: boolean;
  /** Undefined: something in the dialog is to be corrected first. */
  readonly onConfirm: () => Promise<Answer<unknown>> | undefined;
  /** What is said when it is done. */
  readonly done: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function ActionDialog(props: ActionDialogProps): JSX.Element {
  const { title, confirm, isDangerous = false, isIncomplete = false, done, onClose } = props;
  const [isAsking, setAsking] = useState(false);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const submit = async (): Promise<void> => {
    if (isAsking || isIncomplete) return;
    const asked = props.onConfirm();
    if (asked === undefined) return;
    setAsking(true);
    setFailure(undefined);
    const answer = await asked;
    setAsking(false);
    if (answer.kind === "failed") return setFailure(answer);
    toast("ok", done);
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose} onSubmit={() => void submit()}>
      {props.children}
      {failure !== undefined && <FailureNotice failure={failure} />}
      <div class="actions">
        <button type="button" class="button" onClick={onClose}>
          {t(TEXT.cancel)}
        </button>
        <button
          type="submit"
          class={`button primary${isDangerous ? " danger" : ""}`}
          aria-disabled={isAsking || isIncomplete}
        >
          {isAsking ? t(TEXT.asking) : confirm}
        </button>
      </div>
    </Dialog>
  );
}
