/** One of a few choices, all of them visible. */
import type { JSX } from "preact";
import { Icon, type IconName } from "./icon.tsx";

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  /** Instead of the label, which is then its name for readers and its tooltip. */
  readonly icon?: IconName;
  /** If the label is in another language than the page. */
  readonly lang?: string;
}

export interface SegmentsProps<Value extends string> {
  readonly label: string;
  readonly choices: readonly Choice<Value>[];
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}

export function Segments<Value extends string>(props: SegmentsProps<Value>): JSX.Element {
  const { label, choices, value, onChoose } = props;
  return (
    <div class="segments" role="group" aria-label={label}>
      {choices.map((one) => (
        <button
          key={one.value}
          type="button"
          aria-pressed={one.value === value}
          lang={one.lang}
          {...(one.icon !== undefined && { "aria-label": one.label, title: one.label })}
          onClick={() => onChoose(one.value)}
        >
          {one.icon === undefined ? one.label : <Icon name={one.icon} />}
        </button>
      ))}
    </div>
  );
}
