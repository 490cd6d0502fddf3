/**
 * A text field with line numbers and marks: an ordinary textarea, so that keyboard, undo, search
 * and screen readers work as everywhere, over a copy of its text that carries the marks. Both are
 * in one cell of a grid that scrolls, so they cannot come apart.
 */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Severity } from "#diagnostics/codes";
import { divideText, type Mark } from "./marks.ts";

/** Where the reader wants to look; a new object each time, so that the same place works again. */
export interface Target {
  readonly start: number;
  readonly end: number;
}

export interface EditorProps {
  readonly label: string;
  readonly placeholder: string;
  readonly text: string;
  readonly marks: readonly Mark[];
  /** The worst severity of each line that has findings. */
  readonly lines: ReadonlyMap<number, Severity>;
  readonly target: Target | undefined;
  readonly onInput: (text: string) => void;
}

export function Editor(props: EditorProps): JSX.Element {
  const { label, placeholder, text, marks, lines, target, onInput } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const pieces = useMemo(() => divideText(text, marks), [text, marks]);
  const count = useMemo(() => text.split("\n").length, [text]);
  useEffect(() => {
    const element = field.current;
    if (target === undefined || element === null || frame.current === null) return;
    element.focus({ preventScroll: true });
    element.setSelectionRange(target.start, target.end);
    const line = element.value.slice(0, target.start).split("\n").length;
    const height = element.scrollHeight / Math.max(1, element.value.split("\n").length);
    frame.current.scrollTo({
      top: Math.max(0, (line - 1) * height - frame.current.clientHeight / 3),
      left: 0,
    });
  }, [target]);
  return (
    <div class="editor" ref={frame}>
      <div class="gutter" aria-hidden="true">
        {Array.from({ length: count }, (_, index) => {
          const severity = lines.get(index + 1);
          return (
            <span key={index} class={severity === undefined ? undefined : `on-${severity}`}>
              {index + 1}
            </span>
          );
        })}
      </div>
      <div class="text">
        <pre aria-hidden="true">
          {pieces.map((piece, index) =>
            piece.severity === undefined ? (
              piece.text
            ) : (
              <mark key={index} class={`on-${piece.severity}`}>
                {piece.text}
              </mark>
            ),
          )}
          {/* The last line is as high as the others even when it is empty. */}
          {"\n"}
        </pre>
        <textarea
          ref={field}
          aria-label={label}
          placeholder={placeholder}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          wrap="off"
          value={text}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      </div>
    </div>
  );
}
