/**
 * Paste, open or drop a keepalived.conf: what is wrong with it, as it is typed, and buttons that
 * correct it. Nothing leaves the browser.
 */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Severity } from "#diagnostics/codes";
import type { Source } from "#diagnostics/source";
import type { CloudVendor } from "#keepalived/rules/cloud-vendor";
import { t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { Badge } from "../../parts/badge.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Empty, Notice } from "../../parts/notice.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { Segments } from "../../parts/segments.tsx";
import { toast } from "../../parts/toast.tsx";
import "./check.css";
import {
  addPartner,
  cloud,
  corrected,
  edit,
  examined,
  files,
  fixEverything,
  putFiles,
  removePartner,
  shown,
  startChecking,
} from "./checker.ts";
import { Editor, type Target } from "./editor.tsx";
import type { Examined, PageFinding, Place } from "./examine.ts";
import { EXAMPLE, EXAMPLE_PARTNER } from "./example.ts";
import { Finding, LOOKS } from "./finding.tsx";

const TEXT = {
  title: text("Check a configuration", "检查配置"),
  about: text(
    "Paste, open or drop a keepalived.conf. It is read in this page; nothing leaves the browser.",
    "粘贴、打开或拖入 keepalived.conf。文件只在本页内读取，不会离开浏览器。",
  ),
  open: text("Open…", "打开…"),
  example: text("The tutorial's file", "教程中的文件"),
  partner: text("Compare with the other node", "与另一节点对比"),
  alone: text("Close the second file", "关闭第二个文件"),
  cloud: text("Advice for", "平台建议"),
  placeholder: text("Paste a keepalived.conf here", "在此粘贴 keepalived.conf"),
  which: text("Which file", "选择文件"),
  fixAll: (count: number): Text =>
    text(`Correct what is certain (${count})`, `改正全部确定的问题（${count}）`),
  fixed: (count: number): Text =>
    text(
      count === 1 ? "1 place corrected" : `${count} places corrected`,
      count === 0 ? "没有可改正的问题" : `已改正 ${count} 处`,
    ),
  none: text("Nothing to complain about", "没有发现问题"),
  noneAbout: text("This does what it says.", "怎么写就怎么运行。"),
  wait: text("Nothing here yet", "尚无内容"),
  waitAbout: text(
    "What the check finds appears here, with its place and what to do.",
    "检查结果会显示在这里，并指出位置和改法。",
  ),
  wouldNot: text("keepalived would not start with this.", "keepalived 无法用它启动。"),
  otherwise: text(
    "keepalived would run this, but not as it reads.",
    "keepalived 会运行它，但与所写的不一致。",
  ),
  wouldRun: text("This would run.", "可以运行。"),
  notRead: (patterns: string): Text =>
    text(
      `The page has no other files, so this was not read: ${patterns}. Use \`baton check\` on the machine.`,
      `本页读不到其他文件，以下引用未读取：${patterns}。请在机器上使用 \`baton check\`。`,
    ),
  tooLarge: (name: string): Text => text(`${name} is larger than 2 MB`, `${name} 超过 2 MB`),
  findings: text("Findings", "检查结果"),
};

const CLOUDS: readonly (readonly [CloudVendor | "", Text])[] = [
  ["", text("what the file speaks of", "按文件内容判断")],
  ["none", text("no cloud", "不使用云平台")],
  ["tencent", text("Tencent Cloud", "腾讯云")],
  ["alibaba", text("Alibaba Cloud", "阿里云")],
  ["huawei", text("Huawei Cloud", "华为云")],
  ["aws", text("AWS", "AWS")],
  ["azure", text("Azure", "Azure")],
  ["gcp", text("Google Cloud", "Google Cloud")],
];

const SIZE_MAX = 2 * 1024 * 1024;

async function take(list: FileList | null | undefined): Promise<void> {
  const chosen = [...(list ?? [])].slice(0, 2);
  const large = chosen.find(({ size }) => size > SIZE_MAX);
  if (large !== undefined) return toast("error", t(TEXT.tooLarge(large.name)));
  const read = chosen.map(async (file): Promise<Source> => {
    const content = await file.text();
    return { name: file.name, text: content };
  });
  putFiles(await Promise.all(read));
}

export function CheckPage(): JSX.Element {
  const [target, setTarget] = useState<Target | undefined>(undefined);
  const [isOver, setOver] = useState(false);
  useEffect(startChecking, []);
  useEffect(() => {
    const count = corrected.value;
    if (count !== undefined) toast(count === 0 ? "info" : "ok", t(TEXT.fixed(count)));
  }, [corrected.value]);
  const look = (place: Place): void => {
    const index = files.value.findIndex(({ name }) => name === place.file);
    if (index >= 0) shown.value = index;
    setTarget({ start: place.start, end: place.end });
  };
  return (
    <div
      class={`check-page${isOver ? " is-over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer?.files);
      }}
    >
      <PageHead title={t(TEXT.title)} about={t(TEXT.about)} />
      <Tools />
      <div class="check-columns">
        <FileEditor target={target} />
        <Findings onLook={look} />
      </div>
    </div>
  );
}

function Tools(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const hasPartner = files.value.length > 1;
  return (
    <div class="row check-tools">
      <input
        ref={input}
        type="file"
        multiple
        class="hidden-label"
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          void take(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
      <button type="button" class="button" onClick={() => input.current?.click()}>
        <Icon name="file" />
        {t(TEXT.open)}
      </button>
      <button
        type="button"
        class="button"
        onClick={() => {
          const own = { name: files.value[shown.value]?.name ?? "keepalived.conf" };
          putFiles([{ ...own, text: shown.value === 0 ? EXAMPLE : EXAMPLE_PARTNER }]);
        }}
      >
        {t(TEXT.example)}
      </button>
      <button type="button" class="button" onClick={hasPartner ? removePartner : addPartner}>
        <Icon name={hasPartner ? "close" : "plus"} />
        {t(hasPartner ? TEXT.alone : TEXT.partner)}
      </button>
      <label class="row small cloud-choice">
        {t(TEXT.cloud)}
        <select
          value={cloud.value ?? ""}
          onChange={(event) => {
            const chosen = event.currentTarget.value as CloudVendor | "";
            cloud.value = chosen === "" ? undefined : chosen;
          }}
        >
          {CLOUDS.map(([value, label]) => (
            <option key={value} value={value}>
              {t(label)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

const RANK: readonly Severity[] = ["error", "warning", "info"];

/** The worst severity of each line of a file. */
function linesWith(found: readonly PageFinding[], file: string): ReadonlyMap<number, Severity> {
  const lines = new Map<number, Severity>();
  for (const { place, severity } of found) {
    if (place.file !== file) continue;
    const before = lines.get(place.line);
    const isWorse = before === undefined || RANK.indexOf(severity) < RANK.indexOf(before);
    if (isWorse) lines.set(place.line, severity);
  }
  return lines;
}

function FileEditor({ target }: { readonly target: Target | undefined }): JSX.Element {
  const file = files.value[shown.value] ?? { name: "", text: "" };
  const found = examined.value?.findings ?? NOTHING;
  const marks = useMemo(
    () =>
      found
        .filter(({ place }) => place.file === file.name)
        .map(({ place: { start, end }, severity }) => ({ start, end, severity })),
    [found, file.name],
  );
  const lines = useMemo(() => linesWith(found, file.name), [found, file.name]);
  return (
    <section class="card editor-card" aria-label={file.name}>
      {files.value.length > 1 && (
        <header>
          <Segments
            label={t(TEXT.which)}
            value={String(shown.value)}
            choices={files.value.map(({ name }, index) => ({ value: String(index), label: name }))}
            onChoose={(value) => {
              shown.value = Number(value);
            }}
          />
        </header>
      )}
      <Editor
        key={shown.value}
        label={file.name}
        placeholder={t(TEXT.placeholder)}
        text={file.text}
        marks={marks}
        lines={lines}
        target={target}
        onInput={(value) => edit(shown.value, value)}
      />
    </section>
  );
}

const NOTHING: readonly PageFinding[] = [];

function Findings({ onLook }: { readonly onLook: (place: Place) => void }): JSX.Element {
  const result = examined.value;
  if (result === undefined) {
    return (
      <section class="card" aria-label={t(TEXT.findings)}>
        <Empty icon="check" title={t(TEXT.wait)}>
          <p>{t(TEXT.waitAbout)}</p>
        </Empty>
      </section>
    );
  }
  const { findings, notRead } = result;
  const certain = findings.filter(({ fix }) => fix?.safety === "safe").length;
  return (
    <section class="stack findings" aria-label={t(TEXT.findings)}>
      <div class="row spread">
        <Summary result={result} />
        {certain > 0 && (
          <button type="button" class="button primary" onClick={fixEverything}>
            <Icon name="check" />
            {t(TEXT.fixAll(certain))}
          </button>
        )}
      </div>
      {notRead.length > 0 && (
        <Notice tone="info">
          <p>{t(TEXT.notRead(notRead.slice(0, 5).join(", "))).replaceAll("`", "")}</p>
        </Notice>
      )}
      {findings.length === 0 ? (
        <div class="card">
          <Empty icon="good" title={t(TEXT.none)}>
            <p>{t(TEXT.noneAbout)}</p>
          </Empty>
        </div>
      ) : (
        <ul class="card finding-list">
          {findings.map((one) => (
            <Finding
              key={`${one.code} ${one.place.file} ${one.place.start}`}
              finding={one}
              hasFile={files.value.length > 1}
              onLook={onLook}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

/** Said by screen readers when it changes; the list itself is too long for that. */
function Summary({ result }: { readonly result: Examined }): JSX.Element {
  const { counts, wouldRun } = result;
  const verdict = !wouldRun ? TEXT.wouldNot : counts.error > 0 ? TEXT.otherwise : TEXT.wouldRun;
  return (
    <div class="stack tight" role="status">
      <div class="row">
        {RANK.filter((severity) => counts[severity] > 0).map((severity) => {
          const { tone, shape, counted } = LOOKS[severity];
          return (
            <Badge key={severity} tone={tone} shape={shape}>
              {t(counted(counts[severity]))}
            </Badge>
          );
        })}
      </div>
      <p class="small">{t(verdict)}</p>
    </div>
  );
}
