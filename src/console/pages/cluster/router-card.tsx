/** A virtual router: its addresses, who owns them since when, and every node's part in it. */
import type { JSX } from "preact";
import { language, t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { Ago } from "../../parts/ago.tsx";
import { Badge, StateBadge } from "../../parts/badge.tsx";
import { Icon } from "../../parts/icon.tsx";
import { remarksOf } from "./remarks.ts";
import { heardMaster, type Member, type Router } from "./routers.ts";

const TEXT = {
  owner: text("Owner", "持有者"),
  none: text("no owner", "无人持有"),
  two: (count: number): Text => text(`${count} owners`, `${count} 个持有者`),
  unknown: text("not known", "未知"),
  elsewhere: (address: string): Text =>
    text(`${address}, not asked by this console`, `${address}（本控制台未连接）`),
  noAddress: text("no address", "无地址"),
  switch: text("Switch…", "切换…"),
  back: text("Switch back", "切回"),
  priority: text("Priority", "优先级"),
  base: (base: number): Text => text(`of ${base}`, `（基础 ${base}）`),
  hears: text("Hears", "收到通告"),
  nobody: text("no master", "无主节点"),
  from: (address: string, priority: number): Text =>
    text(`${address}, priority ${priority}`, `${address}，优先级 ${priority}`),
  peers: text("Peers", "对端"),
  interface: text("Interface", "网卡"),
  any: text("any", "任意"),
  stale: text("last known", "最后所知"),
  group: (name: string): Text => text(`group ${name}`, `同步组 ${name}`),
  switched: (to: string, by: string): Text =>
    text(
      `Switched to ${to} by ${by}: stays BACKUP until switched back`,
      `已由 ${by} 切换到 ${to}：切回之前保持 BACKUP`,
    ),
  maintained: (to: string, by: string): Text =>
    text(
      `Moved to ${to} by ${by}: stays BACKUP until the maintenance ends`,
      `已由 ${by} 切换到 ${to}：维护结束之前保持 BACKUP`,
    ),
};

export interface RouterCardProps {
  readonly router: Router;
  readonly onSwitch: (member: Member, isBack: boolean) => void;
}

export function RouterCard({ router, onSwitch }: RouterCardProps): JSX.Element {
  const { name, vrid, group, addresses, members, owners } = router;
  const [owner] = owners;
  const canSwitch = owners.length === 1 && owner?.node.entry.mayAct === true;
  return (
    <article class={`card router ${router.verdict}`} aria-label={`${name} ${addresses.join(", ")}`}>
      <header>
        <div class="router-name">
          <h3 class="addresses">
            {addresses.length === 0 ? (
              <span>{t(TEXT.noAddress)}</span>
            ) : (
              addresses.slice(0, 3).map((one) => (
                <span key={one} class="mono">
                  {one}
                </span>
              ))
            )}
            {addresses.length > 3 && <span class="muted">+{addresses.length - 3}</span>}
          </h3>
          <p class="muted small">
            {name} · VRID <span class="mono">{vrid}</span>
            {group !== undefined && ` · ${t(TEXT.group(group))}`}
          </p>
        </div>
        <OwnerLine router={router} />
        {canSwitch && owner !== undefined && (
          <button type="button" class="button" onClick={() => onSwitch(owner, false)}>
            <Icon name="switch" />
            {t(TEXT.switch)}
          </button>
        )}
      </header>
      <ul class="members">
        {members.map((member) => (
          <li key={member.node.entry.id}>
            <MemberTile member={member} onBack={() => onSwitch(member, true)} />
          </li>
        ))}
      </ul>
    </article>
  );
}

function OwnerLine({ router }: { readonly router: Router }): JSX.Element {
  const { owners, verdict } = router;
  const [owner] = owners;
  return (
    <p class="owner">
      <span class="muted small">{t(TEXT.owner)}</span>
      {verdict === "one-owner" && owner !== undefined && (
        <span>
          <strong>{owner.name}</strong>{" "}
          <span class="muted small">
            <Ago at={owner.instance.since} skewMs={owner.node.clockAheadMs ?? 0} form="for" />
          </span>
        </span>
      )}
      {verdict === "two-owners" && (
        <Badge tone="error" shape="half">
          {t(TEXT.two(owners.length))}
        </Badge>
      )}
      {verdict === "no-owner" && (
        <Badge tone="error" shape="triangle">
          {t(TEXT.none)}
        </Badge>
      )}
      {verdict === "unknown" && <UnknownOwner master={heardMaster(router)} />}
    </p>
  );
}

function UnknownOwner({ master }: { readonly master: string | undefined }): JSX.Element {
  if (master !== undefined) return <span>{t(TEXT.elsewhere(master))}</span>;
  return (
    <Badge tone="warning" shape="dotted">
      {t(TEXT.unknown)}
    </Badge>
  );
}

/** Reasons are written to follow a colon; here each stands alone. */
const sentence = (reason: string): string => reason.charAt(0).toUpperCase() + reason.slice(1);

interface MemberTileProps {
  readonly member: Member;
  readonly onBack: () => void;
}

function MemberTile({ member, onBack }: MemberTileProps): JSX.Element {
  const { instance, name, node, isFresh } = member;
  const remarks = remarksOf(instance, node.status?.scripts ?? []);
  const { switched } = instance;
  // Its end is on the node's card; switching back would change nothing until then.
  const isMaintained = switched?.back === "maintenance-off";
  const isOwner = isFresh && instance.state === "MASTER";
  return (
    <div class={`member ${isOwner ? "owns" : ""} ${isFresh ? "" : "stale"}`}>
      <div class="row spread">
        <strong class="member-name">{name}</strong>
        <span class="row">
          {!isFresh && <span class="muted small">{t(TEXT.stale)}</span>}
          <StateBadge state={instance.state} />
        </span>
      </div>
      <p class="why">
        {sentence(instance.why[language.value])}{" "}
        <span class="muted">
          · <Ago at={instance.since} skewMs={node.clockAheadMs ?? 0} />
        </span>
      </p>
      <Facts member={member} />
      {remarks.length > 0 && (
        <ul class="remarks">
          {remarks.map(({ tone, text: both }) => (
            <li key={both.en} class={`tone-${tone}`}>
              <Icon name={tone === "error" ? "bad" : tone === "warning" ? "warning" : "info"} />
              <span>{t(both)}</span>
            </li>
          ))}
        </ul>
      )}
      {switched !== undefined && (
        <div class="row spread switched">
          <span class="small">
            {t(
              isMaintained
                ? TEXT.maintained(switched.to, switched.by)
                : TEXT.switched(switched.to, switched.by),
            )}
          </span>
          {node.entry.mayAct && !isMaintained && (
            <button type="button" class="button small" onClick={onBack}>
              {t(TEXT.back)}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Facts({ member: { instance } }: { readonly member: Member }): JSX.Element {
  const { basePriority, effectivePriority, standby, peers } = instance;
  const master = standby?.master;
  return (
    <dl class="facts">
      <div>
        <dt>{t(TEXT.priority)}</dt>
        <dd>
          <span class="mono">{effectivePriority}</span>
          {basePriority !== effectivePriority && (
            <span class="muted small"> {t(TEXT.base(basePriority))}</span>
          )}
        </dd>
      </div>
      {standby !== undefined && (
        <div>
          <dt>{t(TEXT.hears)}</dt>
          <dd>
            {t(master === undefined ? TEXT.nobody : TEXT.from(master.address, master.priority))}
          </dd>
        </div>
      )}
      {standby === undefined && peers.length > 0 && (
        <div>
          <dt>{t(TEXT.peers)}</dt>
          <dd class="mono">{peers.map(({ address }) => address).join(" ")}</dd>
        </div>
      )}
      <div>
        <dt>{t(TEXT.interface)}</dt>
        <dd class="mono">{instance.interface ?? t(TEXT.any)}</dd>
      </div>
    </dl>
  );
}
