/**
 * A planned move: what would happen (the node's own dry run), a confirmation, and what happened.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { SwitchAnswer, SwitchRequest, SwitchUnit } from "#daemon/switch-protocol";
import type { Failure } from "../../base/failure.ts";
import { language, t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { durationText } from "../../base/time-text.ts";
import { Badge } from "../../parts/badge.tsx";
import { Dialog, DialogActions } from "../../parts/dialog.tsx";
import { SelectField, TextField } from "../../parts/fields.tsx";
import { FailureNotice, Notice } from "../../parts/notice.tsx";
import { switchOver } from "./actions.ts";
import type { Member } from "./routers.ts";

const TEXT = {
  title: (name: string): Text => text(`Move ${name} to another node`, `将 ${name} 切换到其他节点`),
  back: (name: string): Text => text(`Let ${name} come back`, `允许 ${name} 切回`),
  about: text(
    "The new owner answers before this node stops: no packet is lost. Afterwards this node stays BACKUP until it is switched back, or the new owner fails.",
    "新的持有者开始应答之后，本节点才会停止，不会丢包。此后本节点保持 BACKUP，直到切回或新的持有者发生故障。",
  ),
  backAbout: text(
    "The node takes part again as its priority says. If it preempts, it takes the address back at once.",
    "节点重新按优先级参与选举；如果允许抢占，会立即取回地址。",
  ),
  to: text("To", "切换到"),
  anyone: text("the next by priority", "按优先级自动选择"),
  why: text("Reason, for the history", "原因（写入历史）"),
  dryRun: text("What would happen", "预演结果"),
  asking: text("Asking the node…", "正在询问节点…"),
  go: text("Switch now", "立即切换"),
  goBack: text("Switch back now", "立即切回"),
  working: text("Switching…", "正在切换…"),
  close: text("Close", "关闭"),
  both: text("both answered for", "两个节点同时应答"),
  took: text("it took", "耗时"),
};

const TITLES = {
  moved: text("Moved", "切换完成"),
  "would-move": text("It would move", "将会切换"),
  back: text("It may come back", "已允许切回"),
  refused: text("Nothing moved", "未切换"),
  partly: text("Only a part moved", "部分已切换"),
} as const;

export interface SwitchDialogProps {
  readonly member: Member;
  /** The instance, or the sync group that moves with it. */
  readonly name: string;
  readonly isBack: boolean;
  readonly onClose: () => void;
}

type Shown = SwitchAnswer | Failure | undefined;

export function SwitchDialog({ member, name, isBack, onClose }: SwitchDialogProps): JSX.Element {
  const to = useSignal("");
  const why = useSignal("");
  const plan = useSignal<Shown>(undefined);
  const result = useSignal<Shown>(undefined);
  const isWorking = useSignal(false);
  const { entry } = member.node;
  const request = (): SwitchRequest => ({
    names: [name],
    ...(isBack && { back: true as const }),
    ...(to.value !== "" && { to: to.value }),
  });
  const successor = to.value;
  useEffect(() => {
    let isCurrent = true;
    plan.value = undefined;
    void switchOver(entry, { ...request(), dryRun: true }).then((answer) => {
      if (isCurrent) plan.value = answer.kind === "failed" ? answer : answer.body;
    });
    return () => {
      isCurrent = false;
    };
  }, [successor, language.value]);
  const act = async (): Promise<void> => {
    if (isWorking.value || !mayGo(plan.value)) return;
    isWorking.value = true;
    const reason = why.value.trim();
    const answer = await switchOver(entry, {
      ...request(),
      ...(reason !== "" && { why: reason }),
    });
    isWorking.value = false;
    result.value = answer.kind === "failed" ? answer : answer.body;
  };
  if (result.value !== undefined) return <Result shown={result.value} onClose={onClose} />;
  return (
    <Dialog
      title={t(isBack ? TEXT.back(name) : TEXT.title(name))}
      onClose={onClose}
      onSubmit={() => void act()}
    >
      <p class="muted">{t(isBack ? TEXT.backAbout : TEXT.about)}</p>
      {!isBack && (
        <SelectField
          label={t(TEXT.to)}
          value={to}
          choices={[
            { value: "", label: t(TEXT.anyone) },
            ...member.instance.peers.map(({ address }) => ({ value: address, label: address })),
          ]}
        />
      )}
      <TextField label={t(TEXT.why)} value={why} />
      <section class="stack tight" aria-live="polite">
        <h3>{t(TEXT.dryRun)}</h3>
        <Plan shown={plan.value} />
      </section>
      <DialogActions
        label={t(isWorking.value ? TEXT.working : isBack ? TEXT.goBack : TEXT.go)}
        isDisabled={isWorking.value || !mayGo(plan.value)}
        onClose={onClose}
      />
    </Dialog>
  );
}

const isFailure = (shown: SwitchAnswer | Failure): shown is Failure => "kind" in shown;

/** The node itself decides again; a refusal of the dry run would be one of the switch. */
const mayGo = (shown: Shown): boolean =>
  shown !== undefined && !isFailure(shown) && shown.outcome !== "refused";

function Plan({ shown }: { readonly shown: Shown }): JSX.Element {
  if (shown === undefined) return <p class="muted">{t(TEXT.asking)}</p>;
  if (isFailure(shown)) return <FailureNotice failure={shown} />;
  return <Units units={shown.units} />;
}

const OUTCOMES = {
  moved: { tone: "ok", shape: "full", word: text("moved", "已切换") },
  "would-move": { tone: "info", shape: "ring", word: text("would move", "将会切换") },
  stays: { tone: "warning", shape: "bars", word: text("stays here", "保持不变") },
  "not-owner": { tone: "idle", shape: "square", word: text("not the owner", "非持有者") },
} as const;

function Units({ units }: { readonly units: readonly SwitchUnit[] }): JSX.Element {
  return (
    <ul class="units">
      {units.map((unit) => {
        const { tone, shape, word } = OUTCOMES[unit.outcome];
        return (
          <li key={unit.name}>
            <div class="row">
              <strong>{unit.name}</strong>
              <Badge tone={tone} shape={shape}>
                {t(word)}
              </Badge>
            </div>
            <p>{unit.text[language.value]}</p>
            <Times unit={unit} />
          </li>
        );
      })}
    </ul>
  );
}

function Times({ unit: { bothAnsweredMs, tookMs } }: { readonly unit: SwitchUnit }): JSX.Element {
  const parts = [
    ...(bothAnsweredMs === undefined ? [] : [[TEXT.both, bothAnsweredMs] as const]),
    ...(tookMs === undefined ? [] : [[TEXT.took, tookMs] as const]),
  ];
  return (
    <>
      {parts.map(([name, ms]) => (
        <p key={name.en} class="muted small">
          {t(name)} <span class="mono">{durationText(ms, language.value)}</span>
        </p>
      ))}
    </>
  );
}

const TONES = {
  moved: "ok",
  "would-move": "info",
  back: "ok",
  refused: "error",
  partly: "warning",
} as const;

interface ResultProps {
  readonly shown: SwitchAnswer | Failure;
  readonly onClose: () => void;
}

function Result({ shown, onClose }: ResultProps): JSX.Element {
  const title = isFailure(shown) ? TITLES.refused : TITLES[shown.outcome];
  return (
    <Dialog title={t(title)} onClose={onClose} onSubmit={onClose}>
      {isFailure(shown) ? (
        <FailureNotice failure={shown} />
      ) : (
        <Notice tone={TONES[shown.outcome]} isSaid>
          <Units units={shown.units} />
        </Notice>
      )}
      <div class="actions">
        <button type="submit" class="button primary">
          {t(TEXT.close)}
        </button>
      </div>
    </Dialog>
  );
}
