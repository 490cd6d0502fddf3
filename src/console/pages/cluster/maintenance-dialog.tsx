/** Puts a node into maintenance, after showing what it would give up, or ends it. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { SwitchAnswer } from "#daemon/switch-protocol";
import type { Failure } from "../../base/failure.ts";
import { language, t } from "../../base/language.ts";
import type { NodeView } from "../../base/node-view.ts";
import { type Text, text } from "../../base/text.ts";
import { Dialog, DialogActions } from "../../parts/dialog.tsx";
import { CheckField, SelectField, TextField } from "../../parts/fields.tsx";
import { FailureNotice } from "../../parts/notice.tsx";
import { toast } from "../../parts/toast.tsx";
import { setMaintenance, switchOver } from "./actions.ts";

const TEXT = {
  title: (name: string): Text => text(`Maintenance of ${name}`, `维护 ${name}`),
  end: (name: string): Text => text(`End the maintenance of ${name}`, `结束 ${name} 的维护`),
  about: text(
    "The node hands over everything it owns and takes nothing over, also after a restart, until this ends.",
    "节点交出其持有的全部地址，且不再接管任何地址（重启后仍有效），直到维护结束。",
  ),
  endAbout: text(
    "The node takes part again as its priorities say. Where it preempts, it takes addresses back at once.",
    "节点重新按优先级参与选举；允许抢占的实例会立即取回地址。",
  ),
  length: text("For", "时长"),
  reason: text("Reason, shown everywhere", "原因（在各处显示）"),
  lastResort: text(
    "Take over all the same if no other node does",
    "若没有其他节点接管，仍由本节点接管",
  ),
  force: text(
    "Begin all the same: what nobody takes over has no owner then",
    "仍要开始：没有节点接管的地址将无人持有",
  ),
  dryRun: text("What it would give up", "将交出的地址"),
  nothing: text("It owns nothing now.", "当前不持有任何地址。"),
  asking: text("Asking the node…", "正在询问节点…"),
  begin: text("Begin maintenance", "开始维护"),
  endNow: text("End maintenance", "结束维护"),
  working: text("Handing over…", "正在交出…"),
  began: (name: string): Text => text(`${name} is in maintenance`, `${name} 已进入维护`),
  ended: (name: string): Text => text(`${name} takes part again`, `${name} 已恢复参与选举`),
};

const LENGTHS: readonly (readonly [seconds: string, label: Text])[] = [
  ["1800", text("30 minutes", "30 分钟")],
  ["7200", text("2 hours", "2 小时")],
  ["28800", text("8 hours", "8 小时")],
  ["86400", text("1 day", "1 天")],
  ["0", text("until I end it", "直到手动结束")],
];
const DEFAULT_SECONDS = "7200";

export interface MaintenanceDialogProps {
  readonly node: NodeView;
  readonly onClose: () => void;
}

export function MaintenanceDialog(props: MaintenanceDialogProps): JSX.Element {
  const { status } = props.node;
  // As it was when the dialog was opened: what it is for does not change under the reader.
  const isOn = useSignal(status?.maintenance !== undefined);
  return isOn.value ? <EndDialog {...props} /> : <BeginDialog {...props} />;
}

function BeginDialog({ node, onClose }: MaintenanceDialogProps): JSX.Element {
  const name = node.name;
  const seconds = useSignal(DEFAULT_SECONDS);
  const reason = useSignal("");
  const lastResort = useSignal(false);
  const force = useSignal(false);
  const plan = useSignal<SwitchAnswer | Failure | undefined>(undefined);
  const failure = useSignal<Failure | undefined>(undefined);
  const isWorking = useSignal(false);
  useEffect(() => {
    void switchOver(node.entry, { all: true, dryRun: true }).then((answer) => {
      plan.value = answer.kind === "failed" ? answer : answer.body;
    });
  }, [language.value]);
  const act = async (): Promise<void> => {
    if (isWorking.value) return;
    isWorking.value = true;
    const answer = await setMaintenance(node.entry, {
      on: {
        ...(seconds.value !== "0" && { forSeconds: Number(seconds.value) }),
        ...(reason.value.trim() !== "" && { reason: reason.value.trim() }),
        ...(lastResort.value && { lastResort: true as const }),
        ...(force.value && { force: true as const }),
      },
    });
    isWorking.value = false;
    if (answer.kind === "failed") {
      failure.value = answer;
      return;
    }
    toast("ok", t(TEXT.began(name)));
    onClose();
  };
  return (
    <Dialog title={t(TEXT.title(name))} onClose={onClose} onSubmit={() => void act()}>
      <p class="muted">{t(TEXT.about)}</p>
      <SelectField
        label={t(TEXT.length)}
        value={seconds}
        choices={LENGTHS.map(([value, label]) => ({ value, label: t(label) }))}
      />
      <TextField label={t(TEXT.reason)} value={reason} />
      <CheckField label={t(TEXT.lastResort)} value={lastResort} />
      <section class="stack tight" aria-live="polite">
        <h3>{t(TEXT.dryRun)}</h3>
        <Plan plan={plan.value} />
      </section>
      {failure.value !== undefined && (
        <>
          <FailureNotice failure={failure.value} />
          <CheckField label={t(TEXT.force)} value={force} />
        </>
      )}
      <DialogActions
        label={t(isWorking.value ? TEXT.working : TEXT.begin)}
        isDisabled={isWorking.value}
        onClose={onClose}
      />
    </Dialog>
  );
}

function Plan({ plan }: { readonly plan: SwitchAnswer | Failure | undefined }): JSX.Element {
  if (plan === undefined) return <p class="muted">{t(TEXT.asking)}</p>;
  if ("kind" in plan) return <FailureNotice failure={plan} />;
  const owned = plan.units.filter(({ outcome }) => outcome !== "not-owner");
  if (owned.length === 0) return <p class="muted">{t(TEXT.nothing)}</p>;
  return (
    <ul class="units">
      {owned.map((unit) => (
        <li key={unit.name}>
          <strong>{unit.name}</strong>
          <p>{unit.text[language.value]}</p>
        </li>
      ))}
    </ul>
  );
}

function EndDialog({ node, onClose }: MaintenanceDialogProps): JSX.Element {
  const name = node.name;
  const failure = useSignal<Failure | undefined>(undefined);
  const isWorking = useSignal(false);
  const act = async (): Promise<void> => {
    if (isWorking.value) return;
    isWorking.value = true;
    const answer = await setMaintenance(node.entry, { off: true });
    isWorking.value = false;
    if (answer.kind === "failed") {
      failure.value = answer;
      return;
    }
    toast("ok", t(TEXT.ended(name)));
    onClose();
  };
  return (
    <Dialog title={t(TEXT.end(name))} onClose={onClose} onSubmit={() => void act()}>
      <p class="muted">{t(TEXT.endAbout)}</p>
      {failure.value !== undefined && <FailureNotice failure={failure.value} />}
      <DialogActions label={t(TEXT.endNow)} isDisabled={isWorking.value} onClose={onClose} />
    </Dialog>
  );
}
