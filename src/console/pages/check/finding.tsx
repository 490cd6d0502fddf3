/** One finding: where, what, why, and the button that corrects it. */
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import type { Severity } from "#diagnostics/codes";
import { t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { Badge, type Shape, type Tone } from "../../parts/badge.tsx";
import { Icon } from "../../parts/icon.tsx";
import { applyFix } from "./checker.ts";
import type { PageFinding, Place } from "./examine.ts";
import { Explanation, WithCode } from "./explanation.tsx";

interface Look {
  readonly tone: Tone;
  readonly shape: Shape;
  readonly word: Text;
  readonly counted: (count: number) => Text;
}

const counted =
  (en: string, zh: string) =>
  (count: number): Text =>
    text(`${count} ${en}${count === 1 ? "" : "s"}`, `${count} ${zh}`);

export const LOOKS: Readonly<Record<Severity, Look>> = {
  error: {
    tone: "error",
    shape: "triangle",
    word: text("error", "错误"),
    counted: counted("error", "个错误"),
  },
  warning: {
    tone: "warning",
    shape: "half",
    word: text("warning", "警告"),
    counted: counted("warning", "个警告"),
  },
  info: {
    tone: "info",
    shape: "ring",
    word: text("remark", "提示"),
    counted: counted("remark", "条提示"),
  },
};

const TEXT = {
  line: (line: number): Text => text(`line ${line}`, `第 ${line} 行`),
  place: (file: string, line: number): Text =>
    text(`${file}, line ${line}`, `${file} 第 ${line} 行`),
  fix: text("Correct it", "改正"),
  maybe: text("Try this correction", "尝试改正"),
  maybeNote: text("Likely what was meant; look at it first", "很可能如此，请先确认"),
  why: text("Why this matters", "详细说明"),
  pair: text("both files", "两个文件对比"),
};

export interface FindingProps {
  readonly finding: PageFinding;
  /** With the name of the file in its place. */
  readonly hasFile: boolean;
  readonly onLook: (place: Place) => void;
}

export function Finding({ finding, hasFile, onLook }: FindingProps): JSX.Element {
  const { code, severity, message, place, related, notes, help, fix, isOfPair } = finding;
  const [isOpen, setOpen] = useState(false);
  const region = useId();
  const { tone, shape, word } = LOOKS[severity];
  return (
    <li class={`finding tone-${tone}`}>
      <div class="row spread">
        <span class="row">
          <Badge tone={tone} shape={shape}>
            {t(word)}
          </Badge>
          <PlaceButton place={place} hasFile={hasFile} onLook={onLook} />
          {isOfPair && <span class="small muted">{t(TEXT.pair)}</span>}
        </span>
        {fix !== undefined && (
          <button
            type="button"
            class="button small"
            title={fix.safety === "safe" ? undefined : t(TEXT.maybeNote)}
            onClick={() => applyFix(fix)}
          >
            <Icon name="edit" />
            {t(fix.safety === "safe" ? TEXT.fix : TEXT.maybe)}
          </button>
        )}
      </div>
      <p class="message">
        <WithCode text={message} />
      </p>
      <Related places={related} hasFile={hasFile} onLook={onLook} />
      {notes.map((note) => (
        <p key={note} class="small muted">
          <WithCode text={note} />
        </p>
      ))}
      {help !== undefined && (
        <p class="help">
          <Icon name="right" />
          <span>
            <WithCode text={help} />
          </span>
        </p>
      )}
      <button
        type="button"
        class="fold"
        aria-expanded={isOpen}
        aria-controls={region}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? "down" : "right"} />
        {t(TEXT.why)} <span class="mono">{code}</span>
      </button>
      <div id={region}>{isOpen && <Explanation code={code} />}</div>
    </li>
  );
}

/** A remark about a token that stands in the file ten thousand times names the first few. */
const RELATED_MAX = 5;

interface RelatedProps {
  readonly places: readonly Place[];
  readonly hasFile: boolean;
  readonly onLook: (place: Place) => void;
}

function Related({ places, hasFile, onLook }: RelatedProps): JSX.Element | null {
  if (places.length === 0) return null;
  return (
    <ul class="related">
      {places.slice(0, RELATED_MAX).map((one, index) => (
        <li key={index}>
          <PlaceButton place={one} hasFile={hasFile} onLook={onLook} />
          {one.text !== "" && (
            <span class="muted">
              <WithCode text={one.text} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

interface PlaceButtonProps {
  readonly place: Place;
  readonly hasFile: boolean;
  readonly onLook: (place: Place) => void;
}

function PlaceButton({ place, hasFile, onLook }: PlaceButtonProps): JSX.Element {
  const { file, line } = place;
  return (
    <button type="button" class="place" onClick={() => onLook(place)}>
      {t(hasFile ? TEXT.place(file, line) : TEXT.line(line))}
    </button>
  );
}
