/** Fields of forms: each has its label, and keeps its value in a signal. */
import type { Signal } from "@preact/signals";
import type { JSX } from "preact";

interface FieldProps<Value> {
  readonly label: string;
  readonly value: Signal<Value>;
  /** Below it: what may be written there. */
  readonly hint?: string;
}

interface TextFieldProps extends FieldProps<string> {
  readonly placeholder?: string;
  readonly isMono?: boolean;
}

const LENGTH_MAX = 200;

export function TextField(props: TextFieldProps): JSX.Element {
  const { label, value, hint, placeholder, isMono = false } = props;
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="text"
        class={isMono ? "mono" : undefined}
        maxLength={LENGTH_MAX}
        placeholder={placeholder}
        spellcheck={false}
        value={value.value}
        onInput={({ currentTarget }) => {
          value.value = currentTarget.value;
        }}
      />
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}

interface SelectFieldProps extends FieldProps<string> {
  readonly choices: readonly { readonly value: string; readonly label: string }[];
}

export function SelectField({ label, value, hint, choices }: SelectFieldProps): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <select
        value={value.value}
        onChange={({ currentTarget }) => {
          value.value = currentTarget.value;
        }}
      >
        {choices.map((one) => (
          <option key={one.value} value={one.value}>
            {one.label}
          </option>
        ))}
      </select>
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}

export function CheckField({ label, value }: FieldProps<boolean>): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={value.value}
        onChange={({ currentTarget }) => {
          value.value = currentTarget.checked;
        }}
      />
      <span>{label}</span>
    </label>
  );
}
