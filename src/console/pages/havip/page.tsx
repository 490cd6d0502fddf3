/** HAVIPs of a region: the tutorial's list and dialogs, fresh while somebody looks at it. */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CloudHavip } from "../../base/cloud-shape.ts";
import { t } from "../../base/language.ts";
import { session } from "../../base/session.ts";
import { type Text, text } from "../../base/text.ts";
import { Badge } from "../../parts/badge.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Empty, FailureNotice } from "../../parts/notice.tsx";
import { PageHead } from "../../parts/page-head.tsx";
import { ApplyDialog } from "./apply-dialog.tsx";
import {
  BindDialog,
  type ChangeDialogProps,
  RangeDialog,
  ReleaseDialog,
  RenameDialog,
  UnbindDialog,
} from "./change-dialogs.tsx";
import {
  choices,
  chooseRegion,
  failure,
  havips,
  memberName,
  region,
  startRefreshing,
} from "./desk.ts";
import "./havip.css";
import { REGIONS } from "./regions.ts";

const TEXT = {
  title: text("HAVIPs", "高可用虚拟 IP"),
  about: text(
    "Private addresses of a subnet that move to whichever instance announces them.",
    "子网内的私有地址，由宣告它的实例持有。",
  ),
  region: text("Region", "地域"),
  apply: text("Apply", "申请"),
  id: text("ID / name", "ID / 名称"),
  state: text("State", "状态"),
  address: text("Address", "IP 地址"),
  network: text("VPC / subnet", "所属网络 / 子网"),
  holder: text("Held by", "持有者"),
  publicAddress: text("Public address", "弹性公网 IP"),
  range: text("Drift range", "漂移范围"),
  actions: text("Actions", "操作"),
  bind: text("Bind", "绑定"),
  unbind: text("Unbind", "解绑"),
  rename: text("Rename", "修改名称"),
  release: text("Release", "释放"),
  anybody: text("anybody in the subnet", "子网内所有实例"),
  nobody: text("nobody", "无"),
  members: (count: number): Text =>
    text(count === 1 ? "1 instance" : `${count} instances`, `${count} 个实例`),
  none: text("No HAVIPs in this region", "该地域还没有高可用虚拟 IP"),
  noneAbout: text(
    "Apply for one: it is UNBIND until an instance announces it.",
    "点击“申请”创建一个。在有实例宣告之前，状态为 UNBIND。",
  ),
};

const STATES: Readonly<Record<string, Text>> = {
  AVAILABLE: text("AVAILABLE", "AVAILABLE 已绑定"),
  UNBIND: text("UNBIND", "UNBIND 未绑定"),
};

type Opened = { readonly dialog: ComponentType<ChangeDialogProps>; readonly id: string };

export function HavipPage(): JSX.Element {
  const [isApplying, setApplying] = useState(false);
  const [opened, setOpened] = useState<Opened | undefined>(undefined);
  useEffect(startRefreshing, []);
  const rows = havips.value;
  const open = opened && rows?.find(({ id }) => id === opened.id);
  const Opened = opened?.dialog;
  return (
    <>
      <PageHead title={t(TEXT.title)} about={t(TEXT.about)}>
        <RegionChoice />
        <button type="button" class="button primary" onClick={() => setApplying(true)}>
          <Icon name="plus" />
          {t(TEXT.apply)}
        </button>
      </PageHead>
      {failure.value !== undefined && <FailureNotice failure={failure.value} />}
      {rows !== undefined && (
        <section class="card">
          {rows.length === 0 ? (
            <Empty icon="havip" title={t(TEXT.none)}>
              <p>{t(TEXT.noneAbout)}</p>
            </Empty>
          ) : (
            <HavipTable rows={rows} onOpen={(dialog, { id }) => setOpened({ dialog, id })} />
          )}
        </section>
      )}
      {isApplying && <ApplyDialog onClose={() => setApplying(false)} />}
      {Opened !== undefined && open !== undefined && (
        <Opened havip={open} onClose={() => setOpened(undefined)} />
      )}
    </>
  );
}

function RegionChoice(): JSX.Element {
  const own = session.value?.cloud?.region ?? "";
  const known = REGIONS.some(([id]) => id === own);
  const offered = known || own === "" ? REGIONS : [[own, text(own, own)] as const, ...REGIONS];
  return (
    <label class="row small">
      <span class="muted">{t(TEXT.region)}</span>
      <select value={region()} onChange={(event) => chooseRegion(event.currentTarget.value)}>
        {offered.map(([id, name]) => (
          <option key={id} value={id}>
            {t(name)}
            {id === t(name) ? "" : ` ${id}`}
          </option>
        ))}
      </select>
    </label>
  );
}

interface TableProps {
  readonly rows: readonly CloudHavip[];
  readonly onOpen: (dialog: ComponentType<ChangeDialogProps>, havip: CloudHavip) => void;
}

function HavipTable({ rows, onOpen }: TableProps): JSX.Element {
  const heads = [
    TEXT.id,
    TEXT.state,
    TEXT.address,
    TEXT.network,
    TEXT.holder,
    TEXT.publicAddress,
    TEXT.range,
    TEXT.actions,
  ];
  return (
    // It has a name, and can be scrolled with the keyboard.
    <div class="table-scroll body" role="region" aria-label={t(TEXT.title)} tabIndex={0}>
      <table class="rows havips">
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
            <HavipRow key={row.id} row={row} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  readonly row: CloudHavip;
  readonly onOpen: TableProps["onOpen"];
}

function HavipRow({ row, onOpen }: RowProps): JSX.Element {
  const isHeld = row.state === "AVAILABLE";
  const known = choices.value;
  const subnet = known?.subnets.find(({ id }) => id === row.subnetId);
  const vpc = known?.vpcs.find(({ id }) => id === row.vpcId);
  const name = STATES[row.state];
  return (
    <tr>
      <th scope="row">
        <span class="mono">{row.id}</span>
        <button
          type="button"
          class="button quiet small"
          aria-label={`${t(TEXT.rename)} ${row.name}`}
          title={t(TEXT.rename)}
          onClick={() => onOpen(RenameDialog, row)}
        >
          {row.name}
          <Icon name="edit" />
        </button>
      </th>
      <td>
        <Badge tone={isHeld ? "ok" : "idle"} shape={isHeld ? "full" : "dotted"}>
          {name === undefined ? row.state : t(name)}
        </Badge>
      </td>
      <td class="mono">{row.address}</td>
      <td>
        {vpc?.name ?? row.vpcId}
        <span class="small muted">
          {subnet === undefined ? row.subnetId : `${subnet.name} ${subnet.cidr}`}
        </span>
      </td>
      <td>
        {row.instanceId === "" ? (
          "–"
        ) : (
          <>
            {memberName(row.instanceId)}
            <span class="small muted mono">{row.instanceId}</span>
          </>
        )}
      </td>
      <td class="mono">{row.publicAddress === "" ? "–" : row.publicAddress}</td>
      <td>
        <button type="button" class="place" onClick={() => onOpen(RangeDialog, row)}>
          {row.checksRange
            ? row.range.length === 0
              ? t(TEXT.nobody)
              : t(TEXT.members(row.range.length))
            : t(TEXT.anybody)}
        </button>
      </td>
      <td>
        <Actions row={row} onOpen={onOpen} />
      </td>
    </tr>
  );
}

function Actions({ row, onOpen }: RowProps): JSX.Element {
  const isBound = row.publicAddress !== "";
  return (
    <div class="row">
      <button
        type="button"
        class="button small"
        onClick={() => onOpen(isBound ? UnbindDialog : BindDialog, row)}
      >
        {t(isBound ? TEXT.unbind : TEXT.bind)}
      </button>
      <button type="button" class="button small danger" onClick={() => onOpen(ReleaseDialog, row)}>
        {t(TEXT.release)}
      </button>
    </div>
  );
}
