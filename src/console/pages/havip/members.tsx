/** The instances of a subnet, to choose those that may take a HAVIP. */
import type { JSX } from "preact";
import type { CloudInterface } from "../../base/cloud-shape.ts";
import { t } from "../../base/language.ts";
import { text } from "../../base/text.ts";
import { Notice } from "../../parts/notice.tsx";
import { choices } from "./desk.ts";

const TEXT = {
  none: text("This subnet has no instances yet.", "该子网还没有实例。"),
  nobody: text(
    "None is chosen: nobody can take the address, and it stays UNBIND. They can be added later.",
    "未选择任何实例：没有实例能宣告此地址，状态会一直是 UNBIND。之后可以再添加。",
  ),
  most: text("At most ten, of one kind", "最多十个，且只能是同一种类型"),
  secondary: text("secondary interface", "辅助网卡"),
};

export interface MembersProps {
  readonly subnetId: string;
  readonly chosen: readonly string[];
  readonly onChoose: (ids: readonly string[]) => void;
}

const MOST = 10;

/** A primary interface stands for its instance, as the platform has it. */
const idOf = ({ id, instanceId, isPrimary }: CloudInterface): string =>
  isPrimary && instanceId !== "" ? instanceId : id;

const kindOf = (id: string): string => id.slice(0, 4);

export function Members({ subnetId, chosen, onChoose }: MembersProps): JSX.Element {
  const offered = (choices.value?.interfaces ?? []).filter(
    (one) => one.subnetId === subnetId && (one.isPrimary || one.instanceId !== ""),
  );
  if (offered.length === 0) return <small>{t(TEXT.none)}</small>;
  const [first] = chosen;
  return (
    <>
      <ul class="members">
        {offered.map((one) => {
          const id = idOf(one);
          const isChosen = chosen.includes(id);
          const isOther = first !== undefined && kindOf(first) !== kindOf(id);
          return (
            <li key={id}>
              <label class="check">
                <input
                  type="checkbox"
                  checked={isChosen}
                  disabled={!isChosen && (isOther || chosen.length >= MOST)}
                  onChange={() =>
                    onChoose(isChosen ? chosen.filter((other) => other !== id) : [...chosen, id])
                  }
                />
                <span>
                  <strong>{one.name}</strong> <span class="mono">{one.address}</span>{" "}
                  <span class="mono muted small">{id}</span>
                  {!one.isPrimary && <span class="muted small"> {t(TEXT.secondary)}</span>}
                </span>
              </label>
            </li>
          );
        })}
      </ul>
      {chosen.length === 0 ? (
        <Notice tone="warning">{t(TEXT.nobody)}</Notice>
      ) : (
        <small>{t(TEXT.most)}</small>
      )}
    </>
  );
}
