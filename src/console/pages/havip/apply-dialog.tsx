/** Step 1 of the tutorial: applies for a HAVIP. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { CloudSubnet } from "../../base/cloud-shape.ts";
import { t } from "../../base/language.ts";
import { type Text, text } from "../../base/text.ts";
import { ActionDialog } from "./action-dialog.tsx";
import { apply, choices, havips, region } from "./desk.ts";
import { Members } from "./members.tsx";
import { REGIONS } from "./regions.ts";
import { type AddressProblem, findAddressProblem } from "./subnet-address.ts";

const TEXT = {
  title: text("Apply for a HAVIP", "申请高可用虚拟 IP"),
  confirm: text("Apply", "确定"),
  done: (name: string): Text => text(`${name} was applied for`, `高可用虚拟 IP ${name} 申请成功`),
  region: (name: string): Text => text(`Region: ${name}`, `所在地域：${name}`),
  name: text("Name", "名称"),
  nameHelp: text("At most 60 characters", "不超过 60 个字符"),
  nameMissing: text("Give it a name", "请输入名称"),
  vpc: text("VPC", "所属网络"),
  subnet: text("Subnet", "所属子网"),
  subnetHelp: (free: number): Text =>
    text(
      `${free} free addresses. Only machines of this subnet can have the HAVIP.`,
      `剩余 ${free} 个可用 IP。HAVIP 只能由本子网内的机器宣告。`,
    ),
  address: text("Address", "IP 地址"),
  automatic: text("A free one", "自动分配"),
  given: text("This one", "手动填写"),
  range: text("Drift range", "漂移范围"),
  checked: text(
    "Only chosen instances may take it (cannot be changed later)",
    "仅限指定的实例宣告（申请后不可更改）",
  ),
  open: text(
    "Anybody in the subnet may take it: a machine that is set up wrongly gets the address.",
    "子网内任何实例都可以宣告，配置错误的机器也可能抢走此地址。",
  ),
  quota: (count: number, most: number): Text =>
    text(
      `${count} of ${most} HAVIPs of this VPC are in use.`,
      `该私有网络已用 ${count} 个，配额 ${most} 个。`,
    ),
  noVpc: text("This region has no VPC.", "该地域没有私有网络。"),
};

const PROBLEMS: Readonly<Record<AddressProblem, (cidr: string) => Text>> = {
  "not-an-address": (cidr) => text(`Write an address of ${cidr}`, `请填写 ${cidr} 内的 IP 地址`),
  outside: (cidr) => text(`It is not in ${cidr}`, `不在子网 ${cidr} 内`),
  reserved: () =>
    text(
      "The network, gateway and broadcast address cannot be taken",
      "网络地址、网关地址和广播地址不可使用",
    ),
};

interface Form {
  readonly name: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly isGiven: boolean;
  readonly address: string;
  readonly checksRange: boolean;
  readonly range: readonly string[];
}

const FIRST: Form = {
  name: "",
  vpcId: "",
  subnetId: "",
  isGiven: false,
  address: "",
  // As the platform's own console has it; its API has the other default.
  checksRange: true,
  range: [],
};

export function ApplyDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [given, setForm] = useState(FIRST);
  const [isTried, setTried] = useState(false);
  const known = choices.value;
  const vpcId = given.vpcId || (known?.vpcs[0]?.id ?? "");
  const subnets = known?.subnets.filter((one) => one.vpcId === vpcId) ?? [];
  const subnet = subnets.find(({ id }) => id === given.subnetId) ?? subnets[0];
  const form: Form = { ...given, vpcId, subnetId: subnet?.id ?? "" };
  const put = (part: Partial<Form>): void => setForm({ ...form, ...part });
  const problem =
    form.isGiven && subnet !== undefined
      ? findAddressProblem(form.address.trim(), subnet.cidr)
      : undefined;
  const isUnnamed = form.name.trim() === "";
  const confirm = (): ReturnType<typeof apply> | undefined => {
    setTried(true);
    if (isUnnamed || problem !== undefined) return undefined;
    return apply({
      vpcId,
      subnetId: form.subnetId,
      name: form.name.trim(),
      checksRange: form.checksRange,
      range: form.checksRange ? form.range : [],
      ...(form.isGiven && { address: form.address.trim() }),
    });
  };
  const place = REGIONS.find(([id]) => id === region())?.[1];
  return (
    <ActionDialog
      title={t(TEXT.title)}
      confirm={t(TEXT.confirm)}
      done={t(TEXT.done(form.name))}
      isIncomplete={subnet === undefined}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p class="muted">
        {t(TEXT.region(place === undefined ? "" : t(place)))} <span class="mono">{region()}</span>
      </p>
      <NameField form={form} put={put} isTried={isTried} />
      <VpcField vpcId={vpcId} onChoose={(id) => put({ vpcId: id, subnetId: "", range: [] })} />
      <label class="field">
        <span>{t(TEXT.subnet)}</span>
        <select
          value={form.subnetId}
          onChange={(event) => put({ subnetId: event.currentTarget.value, range: [] })}
        >
          {subnets.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name} ({one.cidr}) {one.zone}
            </option>
          ))}
        </select>
        {subnet !== undefined && <small>{t(TEXT.subnetHelp(subnet.free))}</small>}
      </label>
      <AddressField form={form} subnet={subnet} isTried={isTried} put={put} />
      <RangeField form={form} put={put} />
    </ActionDialog>
  );
}

function NameField({ form, put, isTried }: PartProps & { readonly isTried: boolean }): JSX.Element {
  const isMissing = isTried && form.name.trim() === "";
  return (
    <label class="field">
      <span>{t(TEXT.name)}</span>
      <input
        type="text"
        value={form.name}
        maxLength={60}
        aria-invalid={isMissing}
        onInput={(event) => put({ name: event.currentTarget.value })}
      />
      <small class={isMissing ? "wrong" : ""}>
        {t(isMissing ? TEXT.nameMissing : TEXT.nameHelp)}
      </small>
    </label>
  );
}

interface VpcFieldProps {
  readonly vpcId: string;
  readonly onChoose: (id: string) => void;
}

function VpcField({ vpcId, onChoose }: VpcFieldProps): JSX.Element {
  const known = choices.value;
  const used = havips.value?.filter((one) => one.vpcId === vpcId).length ?? 0;
  const most = known?.havipsPerVpc;
  return (
    <label class="field">
      <span>{t(TEXT.vpc)}</span>
      <select value={vpcId} onChange={(event) => onChoose(event.currentTarget.value)}>
        {known?.vpcs.map(({ id, name, cidr }) => (
          <option key={id} value={id}>
            {name} ({cidr})
          </option>
        ))}
      </select>
      {known?.vpcs.length === 0 && <small class="wrong">{t(TEXT.noVpc)}</small>}
      {most !== undefined && most > 0 && <small>{t(TEXT.quota(used, most))}</small>}
    </label>
  );
}

interface PartProps {
  readonly form: Form;
  readonly put: (part: Partial<Form>) => void;
}

interface AddressFieldProps extends PartProps {
  readonly subnet: CloudSubnet | undefined;
  readonly isTried: boolean;
}

function AddressField({ form, subnet, isTried, put }: AddressFieldProps): JSX.Element {
  const cidr = subnet?.cidr ?? "";
  const { isGiven, address } = form;
  const problem =
    isGiven && (address !== "" || isTried) ? findAddressProblem(address.trim(), cidr) : undefined;
  return (
    <fieldset class="field">
      <legend>{t(TEXT.address)}</legend>
      <label class="check">
        <input
          type="radio"
          name="address"
          checked={!isGiven}
          onChange={() => put({ isGiven: false })}
        />
        {t(TEXT.automatic)}
      </label>
      <div class="row">
        <label class="check">
          <input
            type="radio"
            name="address"
            checked={isGiven}
            onChange={() => put({ isGiven: true })}
          />
          {t(TEXT.given)}
        </label>
        <input
          type="text"
          class="mono"
          aria-label={t(TEXT.address)}
          placeholder={cidr}
          value={address}
          aria-invalid={problem !== undefined}
          onInput={(event) => put({ address: event.currentTarget.value, isGiven: true })}
        />
      </div>
      {problem !== undefined && <small class="wrong">{t(PROBLEMS[problem](cidr))}</small>}
    </fieldset>
  );
}

function RangeField({ form, put }: PartProps): JSX.Element {
  return (
    <fieldset class="field">
      <legend>{t(TEXT.range)}</legend>
      <label class="check">
        <input
          type="checkbox"
          checked={form.checksRange}
          onChange={(event) => put({ checksRange: event.currentTarget.checked })}
        />
        {t(TEXT.checked)}
      </label>
      {form.checksRange ? (
        <Members
          subnetId={form.subnetId}
          chosen={form.range}
          onChoose={(range) => put({ range })}
        />
      ) : (
        <small class="wrong">{t(TEXT.open)}</small>
      )}
    </fieldset>
  );
}
