/** The first thing a reader sees: is everything as it should be, and if not, what is wrong? */
import type { JSX } from "preact";
import { t } from "../../base/language.ts";
import type { NodeView } from "../../base/node-view.ts";
import { type Text, text } from "../../base/text.ts";
import { Notice } from "../../parts/notice.tsx";
import {
  addressesOfMember,
  heardMaster,
  type Mismatch,
  type Router,
  type Totals,
} from "./routers.ts";

const SHOWN_MAX = 5;

const addressesOf = ({ addresses, name }: Router): string =>
  addresses.length === 0 ? name : addresses.join(", ");

const two = (router: Router): Text => {
  const owners = router.owners.map(({ name }) => name);
  return text(
    `${addressesOf(router)} has ${owners.length} owners: ${owners.join(", ")}`,
    `${addressesOf(router)} 有 ${owners.length} 个持有者：${owners.join("、")}`,
  );
};

function mismatch({ vrid, members }: Mismatch): Text {
  const each = members.map((one) => {
    const addresses = addressesOfMember(one);
    return {
      name: one.name,
      en: addresses.length === 0 ? "none" : addresses.join(", "),
      zh: addresses.length === 0 ? "无地址" : addresses.join("、"),
    };
  });
  return text(
    `VRID ${vrid} has different addresses: ${each.map(({ name, en }) => `${name} has ${en}`).join("; ")}. Nodes that are peers must have the same ones`,
    `VRID ${vrid} 的地址不一致：${each.map(({ name, zh }) => `${name} 为 ${zh}`).join("；")}。互为对端的节点应配置相同的地址`,
  );
}

const none = (router: Router): Text =>
  text(`${addressesOf(router)} has no owner`, `${addressesOf(router)} 无人持有`);

const unknown = (router: Router): Text => {
  const master = heardMaster(router);
  return master === undefined
    ? text(
        `${addressesOf(router)}: no owner seen, and not every node answers`,
        `${addressesOf(router)}：未发现持有者，且有节点没有应答`,
      )
    : text(
        `${addressesOf(router)}: owned by ${master}, which this console does not ask`,
        `${addressesOf(router)}：由 ${master} 持有，本控制台未连接该节点`,
      );
};

function unreachableNode(node: NodeView): Text {
  const detail = node.failure?.message ?? "";
  return text(`${node.name} does not answer. ${detail}`, `${node.name} 没有应答。${detail}`);
}

const fine = ({ routers }: Totals): Text =>
  routers === 1
    ? text("The address has exactly one owner.", "地址有且只有一个持有者。")
    : text(
        `All ${routers} virtual routers have exactly one owner.`,
        `全部 ${routers} 个虚拟路由器都有且只有一个持有者。`,
      );

export function Verdict({ totals }: { readonly totals: Totals }): JSX.Element | null {
  const errors = [
    ...totals.disputed.map(two),
    ...totals.mismatched.map(mismatch),
    ...totals.without.map(none),
  ];
  const warnings = [...totals.unreachable.map(unreachableNode), ...totals.unknown.map(unknown)];
  if (errors.length === 0 && warnings.length === 0) {
    if (totals.routers === 0) return null;
    return (
      <Notice tone="ok" isSaid>
        <strong>{t(fine(totals))}</strong>
      </Notice>
    );
  }
  return (
    <div class="stack tight">
      <Lines tone="error" lines={errors} />
      <Lines tone="warning" lines={warnings} />
    </div>
  );
}

const MORE = (count: number): Text => text(`and ${count} more`, `另有 ${count} 项`);

interface LinesProps {
  readonly tone: "error" | "warning";
  readonly lines: readonly Text[];
}

function Lines({ tone, lines }: LinesProps): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <Notice tone={tone} isSaid>
      {lines.slice(0, SHOWN_MAX).map((line) => (
        <div key={line.en}>
          <strong>{t(line)}</strong>
        </div>
      ))}
      {lines.length > SHOWN_MAX && <div>{t(MORE(lines.length - SHOWN_MAX))}</div>}
    </Notice>
  );
}
