/** The table of the tutorial's last step, as it builds itself. */
import type { JSX } from "preact";
import type { FaultRow } from "../../base/lab-shape.ts";
import { language, t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { localTime } from "../../base/time-text.ts";
import { Badge } from "../../parts/badge.tsx";
import { orderText } from "./fault-text.ts";

const TEXT = {
  time: text("Time", "时间"),
  fault: text("What happened", "故障"),
  owner: text("Owner", "持有者"),
  bound: text("Platform", "平台绑定"),
  inside: text("Outage in the subnet", "子网内中断"),
  lost: text("Lost", "丢失"),
  outside: text("Outage from outside", "公网中断"),
  both: text("Two owners", "双主时长"),
  measuring: text("measuring", "测量中"),
  nobody: text("nobody", "无"),
  none: text("none", "无"),
  pause: (milliseconds: string): Text =>
    text(`this machine paused ${milliseconds} ms`, `本机停顿 ${milliseconds} 毫秒`),
  notMeasured: text("not measured", "未测量"),
  empty: text(
    "Break something: what a client notices of it becomes a row here.",
    "注入一个故障，客户端感受到的影响会记录在这里。",
  ),
  title: text("Faults and what a client noticed", "故障与客户端感受"),
  stayed: text("stayed", "未切换"),
  lostOf: (lost: number, sent: number): Text => text(`${lost} of ${sent}`, `${lost} / ${sent}`),
};

const nameList = (names: readonly string[]): string =>
  names.length === 0 ? t(TEXT.nobody) : names.join(" + ");

const move = (before: string, after: string): string =>
  before === after ? `${before} (${t(TEXT.stayed)})` : `${before} → ${after}`;

/** Under a period of the probes nothing can be seen. */
function outage(milliseconds: number | undefined, isDone: boolean): string {
  if (!isDone) return "…";
  if (milliseconds === undefined) return t(TEXT.notMeasured);
  if (milliseconds < 1) return t(TEXT.none);
  const unit = language.value === "en" ? "ms" : "毫秒";
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ${unit}`;
}

export function FaultTable({ rows }: { readonly rows: readonly FaultRow[] }): JSX.Element {
  if (rows.length === 0) return <p class="muted">{t(TEXT.empty)}</p>;
  const heads = [
    TEXT.time,
    TEXT.fault,
    TEXT.owner,
    TEXT.bound,
    TEXT.inside,
    TEXT.lost,
    TEXT.outside,
    TEXT.both,
  ];
  return (
    <div class="table-scroll" role="region" aria-label={t(TEXT.title)} tabIndex={0}>
      <table class="rows faults">
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head.en} scope="col">
                {t(head)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** From here on a figure is in doubt: the machine itself was busy. */
const PAUSE_SHOWN = 20;

function Row({ row }: { readonly row: FaultRow }): JSX.Element {
  const { at, instance, order, before, after, lost, sent } = row;
  const pause = row.pauseMilliseconds ?? 0;
  const isDone = row.state === "done";
  const time = new Date(at).toISOString();
  return (
    <tr>
      <td>
        <time dateTime={time}>{localTime(time, "s", new Date())}</time>
      </td>
      <td>
        <strong>{instance}</strong> {orderText(order)}
      </td>
      <td>{move(nameList(before), nameList(after))}</td>
      <td>{move(row.boundBefore ?? t(TEXT.nobody), row.boundAfter ?? t(TEXT.nobody))}</td>
      <td class="figure">
        {isDone ? (
          <>
            {outage(row.outageMilliseconds, true)}
            {pause >= PAUSE_SHOWN && (
              <span class="small muted">{t(TEXT.pause(pause.toFixed(0)))}</span>
            )}
          </>
        ) : (
          <Badge tone="info" shape="half">
            {t(TEXT.measuring)}
          </Badge>
        )}
      </td>
      <td>{lost === undefined || sent === undefined ? "" : t(TEXT.lostOf(lost, sent))}</td>
      <td class="figure">{outage(row.outsideOutageMilliseconds, isDone)}</td>
      <td>{isDone ? outage(row.bothMilliseconds, true) : "…"}</td>
    </tr>
  );
}
