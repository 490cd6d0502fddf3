/** The dialogs of one HAVIP: its name, its public address, its drift range, its release. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CloudHavip } from "../../base/cloud-shape.ts";
import type { Answer } from "../../base/http.ts";
import { t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { FailureNotice, Notice } from "../../parts/notice.tsx";
import { ActionDialog } from "./action-dialog.tsx";
import { allocate, change, choices } from "./desk.ts";
import { Members } from "./members.tsx";

const TEXT = {
  ok: text("OK", "确定"),
  name: text("Name", "名称"),
  rename: text("Rename", "修改名称"),
  renamed: text("The name was changed", "名称已修改"),
  bind: text("Bind an elastic public address", "绑定弹性公网 IP"),
  bound: (address: string): Text => text(`${address} is bound`, `已绑定 ${address}`),
  chooseAddress: text("Choose one of the free addresses:", "请选择待绑定的弹性公网 IP："),
  noAddress: text(
    "There is no free elastic address in this region.",
    "该地域没有可用的弹性公网 IP。",
  ),
  allocate: text("Apply for one", "申请一个"),
  allocating: text("Applying…", "正在申请…"),
  unbind: text("Unbind the public address", "解绑弹性公网 IP"),
  unbound: text("The public address is unbound", "已解绑弹性公网 IP"),
  unbindAbout: (address: string): Text =>
    text(
      `Traffic through ${address} ends. An unbound elastic address costs an idle fee.`,
      `通过 ${address} 的公网流量将中断。未绑定的弹性公网 IP 会收取闲置费用。`,
    ),
  release: text("Release the HAVIP", "释放高可用虚拟 IP"),
  released: text("The HAVIP was released", "高可用虚拟 IP 已释放"),
  releaseAbout: (address: string): Text =>
    text(
      `${address} is given back and anybody may get it. This cannot be undone.`,
      `地址 ${address} 将被收回，可能分配给他人。此操作无法撤销。`,
    ),
  releaseHeld: (id: string): Text =>
    text(
      `It is in use: ${id} has it. Traffic to it ends.`,
      `正在使用：由 ${id} 持有，释放后访问将中断。`,
    ),
  range: text("Drift range", "漂移范围"),
  ranged: text("The drift range was changed", "漂移范围已修改"),
  rangeAbout: text(
    "These instances may take the address. The list moves nothing: an instance takes it by announcing it.",
    "以下实例可以宣告此地址。修改范围本身不会迁移地址，地址由实例宣告后迁移。",
  ),
  rangeOpen: text(
    "This HAVIP does not check its drift range: anybody in its subnet may take it. That was fixed when it was applied for.",
    "此高可用虚拟 IP 未开启漂移范围校验：子网内任何实例都可以宣告。该选项在申请时确定。",
  ),
};

export interface ChangeDialogProps {
  readonly havip: CloudHavip;
  readonly onClose: () => void;
}

export function RenameDialog({ havip, onClose }: ChangeDialogProps): JSX.Element {
  const [name, setName] = useState(havip.name);
  return (
    <ActionDialog
      title={t(TEXT.rename)}
      confirm={t(TEXT.ok)}
      done={t(TEXT.renamed)}
      isIncomplete={name.trim() === ""}
      onConfirm={() => change(havip.id, { change: "rename", name: name.trim() })}
      onClose={onClose}
    >
      <label class="field">
        <span>{t(TEXT.name)}</span>
        <input
          type="text"
          value={name}
          maxLength={60}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
    </ActionDialog>
  );
}

export function BindDialog({ havip, onClose }: ChangeDialogProps): JSX.Element {
  const [given, setAddress] = useState("");
  const [applying, setApplying] = useState<Answer<unknown> | "applying" | undefined>(undefined);
  const free = choices.value?.addresses.filter(({ status }) => status === "UNBIND") ?? [];
  const address = given || (free[0]?.address ?? "");
  const applyForOne = async (): Promise<void> => {
    setApplying("applying");
    setApplying(await allocate(havip.name));
  };
  return (
    <ActionDialog
      title={t(TEXT.bind)}
      confirm={t(TEXT.ok)}
      done={t(TEXT.bound(address))}
      isIncomplete={free.length === 0}
      onConfirm={() => change(havip.id, { change: "bind", address })}
      onClose={onClose}
    >
      {free.length === 0 ? (
        <Notice tone="info">
          <p>{t(TEXT.noAddress)}</p>
          <button
            type="button"
            class="button small"
            aria-disabled={applying === "applying"}
            onClick={() => void applyForOne()}
          >
            {t(applying === "applying" ? TEXT.allocating : TEXT.allocate)}
          </button>
        </Notice>
      ) : (
        <fieldset class="field">
          <legend>{t(TEXT.chooseAddress)}</legend>
          <ul class="members">
            {free.map((one) => (
              <li key={one.id}>
                <label class="check">
                  <input
                    type="radio"
                    name="eip"
                    checked={address === one.address}
                    onChange={() => setAddress(one.address)}
                  />
                  <span>
                    <strong class="mono">{one.address}</strong> {one.name}{" "}
                    <span class="mono muted small">{one.id}</span>
                  </span>
                </label>
              </li>
            ))}
          </ul>
        </fieldset>
      )}
      {typeof applying === "object" && applying.kind === "failed" && (
        <FailureNotice failure={applying} />
      )}
    </ActionDialog>
  );
}

export function UnbindDialog({ havip, onClose }: ChangeDialogProps): JSX.Element {
  return (
    <ActionDialog
      title={t(TEXT.unbind)}
      confirm={t(TEXT.ok)}
      done={t(TEXT.unbound)}
      isDangerous
      onConfirm={() => change(havip.id, { change: "unbind" })}
      onClose={onClose}
    >
      <p>{t(TEXT.unbindAbout(havip.publicAddress))}</p>
    </ActionDialog>
  );
}

export function ReleaseDialog({ havip, onClose }: ChangeDialogProps): JSX.Element {
  return (
    <ActionDialog
      title={t(TEXT.release)}
      confirm={t(TEXT.release)}
      done={t(TEXT.released)}
      isDangerous
      onConfirm={() => change(havip.id, { change: "release" })}
      onClose={onClose}
    >
      <p>
        <strong>{havip.name}</strong> <span class="mono">{havip.id}</span>
      </p>
      <p>{t(TEXT.releaseAbout(havip.address))}</p>
      {havip.instanceId !== "" && (
        <Notice tone="warning">
          <p>{t(TEXT.releaseHeld(havip.instanceId))}</p>
        </Notice>
      )}
    </ActionDialog>
  );
}

export function RangeDialog({ havip, onClose }: ChangeDialogProps): JSX.Element {
  const [range, setRange] = useState(havip.range);
  const added = range.filter((id) => !havip.range.includes(id));
  const taken = havip.range.filter((id) => !range.includes(id));
  const confirm = async (): Promise<Answer<unknown>> => {
    // New ones first: with an empty range in between nobody could take the address.
    if (added.length > 0) {
      const answer = await change(havip.id, { change: "add-to-range", ids: added });
      if (answer.kind === "failed" || taken.length === 0) return answer;
    }
    return await change(havip.id, { change: "take-from-range", ids: taken });
  };
  return (
    <ActionDialog
      title={t(TEXT.range)}
      confirm={t(TEXT.ok)}
      done={t(TEXT.ranged)}
      isIncomplete={added.length === 0 && taken.length === 0}
      onConfirm={confirm}
      onClose={onClose}
    >
      {havip.checksRange ? (
        <p class="muted">{t(TEXT.rangeAbout)}</p>
      ) : (
        <Notice tone="warning">
          <p>{t(TEXT.rangeOpen)}</p>
        </Notice>
      )}
      <Members subnetId={havip.subnetId} chosen={range} onChoose={setRange} />
    </ActionDialog>
  );
}
