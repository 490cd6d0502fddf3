/** `baton havip …`: HAVIPs of the cloud or of an emulator. */
import type { HaVip } from "#cloud/api/answer-shapes";
import { waitForRequest } from "#cloud/client/wait";
import {
  type Command,
  flag,
  type Line,
  type Operand,
  text,
  UsageError,
  value,
  values,
} from "#command-line/definition";
import { readIpv4 } from "#units/address";
import type { Session } from "./cloud-session.ts";
import { CommandFailure, cloudCommand, cloudGroup, mistake } from "./cloud-session.ts";
import { printFacts, printRows } from "./columns.ts";

const HAVIP: Operand = {
  name: text("HAVIP", "HAVIP"),
  about: text("an id (havip-…) or the address", "ID（havip-…）或地址"),
};
const EIP: Operand = {
  name: text("EIP", "EIP"),
  about: text("an id (eip-…) or the public address", "ID（eip-…）或公网地址"),
};
const MEMBERS: Operand = {
  name: text("ID", "ID"),
  about: text(
    "an instance (ins-…) or a network interface (eni-…), one kind for each HAVIP",
    "实例（ins-…）或弹性网卡（eni-…），同一个 HAVIP 只能使用其中一种",
  ),
  most: 10,
};

const ID = text("ID", "ID");
const LIST_OPTIONS = {
  vpc: value(ID, text("of this VPC only", "只列出该 VPC 的")),
  subnet: value(ID, text("of this subnet only", "只列出该子网的")),
  name: value(text("PART", "部分名称"), text("those with this in the name", "名称包含它的")),
} as const;
const CREATE_OPTIONS = {
  vpc: value(ID, text("required: the VPC", "必填：所在的 VPC")),
  name: value(text("NAME", "名称"), text("required: of the HAVIP", "必填：HAVIP 的名称")),
  subnet: value(ID, text("the subnet (default: the first)", "所在的子网（默认第一个）")),
  vip: value(
    text("ADDRESS", "地址"),
    text("the address (default: a free one)", "指定地址（默认自动分配）"),
  ),
  "check-associate": flag(
    text(
      "only instances of the drift range may claim it; fixed at creation",
      "只允许漂移范围内的实例宣告；仅可在创建时指定",
    ),
  ),
  associate: values(
    ID,
    text(
      "into the drift range: an instance (ins-…) or an interface (eni-…); may be repeated",
      "加入漂移范围：实例（ins-…）或弹性网卡（eni-…）；可多次给出",
    ),
  ),
  tag: values(text("KEY=VALUE", "键=值"), text("may be repeated", "可多次给出"), {
    accepts: {
      test: (tag) => tag.indexOf("=") > 0,
      wanted: text("KEY=VALUE", "键=值"),
    },
  }),
} as const;

type Havip = HaVip;
const PAGE = 100;

interface Filter {
  readonly Name: string;
  readonly Values: readonly string[];
}

async function listAll(session: Session, filters: readonly Filter[]): Promise<readonly Havip[]> {
  const found: Havip[] = [];
  for (;;) {
    const { answer } = await session.ask("DescribeHaVips", {
      ...(filters.length > 0 && { Filters: filters }),
      Offset: found.length,
      Limit: PAGE,
    });
    found.push(...answer.HaVipSet);
    if (answer.HaVipSet.length === 0 || found.length >= answer.TotalCount) return found;
  }
}

/**
 * Finds a HAVIP by id or by address. If several VPCs have the address, the failure names the
 * candidates.
 */
async function find(session: Session, word: string): Promise<Havip> {
  const isAddress = readIpv4(word) !== undefined;
  const rows = isAddress
    ? await listAll(session, [{ Name: "vip", Values: [word] }])
    : (await session.ask("DescribeHaVips", { HaVipIds: [word] })).answer.HaVipSet;
  const [first, second] = rows;
  if (first === undefined) {
    const { region } = session.client.options;
    throw mistake(
      `there is no HAVIP ${word} in ${region}`,
      `地域 ${region} 没有高可用虚拟 IP ${word}`,
      1,
    );
  }
  if (second === undefined) return first;
  const ids = rows.map(({ HaVipId, VpcId }) => `${HaVipId} (${VpcId})`).join(", ");
  throw mistake(
    `${word} is the address of several HAVIPs: ${ids}`,
    `地址 ${word} 对应多个高可用虚拟 IP：${ids}`,
    1,
  );
}

function show(session: Session, row: Havip): void {
  const { io, isJson, say } = session;
  if (isJson) {
    io.stdout(`${JSON.stringify(row, undefined, 2)}\n`);
    return;
  }
  const range = row.HaVipAssociationSet.map(({ InstanceId }) => InstanceId).join(", ");
  const facts: readonly (readonly [string, string])[] = [
    ["ID", row.HaVipId],
    [say("name", "名称"), row.HaVipName],
    [say("address", "地址"), row.Vip],
    [say("state", "状态"), row.State],
    [say("holder", "持有者"), [row.InstanceId, row.NetworkInterfaceId].filter(Boolean).join(", ")],
    [say("public address", "弹性公网 IP"), row.AddressIp],
    ["VPC", row.VpcId],
    [say("subnet", "子网"), row.SubnetId],
    [
      say("drift range", "漂移范围"),
      row.CheckAssociate
        ? range || say("nobody", "无")
        : say("everybody in the subnet", "子网内所有实例"),
    ],
    [say("last move", "最近迁移"), row.FlushedTime.startsWith("0000") ? "" : row.FlushedTime],
    [say("created", "创建时间"), row.CreatedTime],
    [say("tags", "标签"), row.TagSet.map(({ Key, Value }) => `${Key}=${Value}`).join(", ")],
  ];
  io.stdout(printFacts(facts));
}

async function list(session: Session, { options }: Line<typeof LIST_OPTIONS>): Promise<void> {
  const filters: Filter[] = [];
  for (const [option, name] of [
    ["vpc", "vpc-id"],
    ["subnet", "subnet-id"],
    ["name", "havip-name"],
  ] as const) {
    const wanted = options[option];
    if (wanted !== undefined) filters.push({ Name: name, Values: [wanted] });
  }
  const rows = await listAll(session, filters);
  const { say } = session;
  printRows(session, rows, {
    none: say("no HAVIPs", "没有高可用虚拟 IP"),
    head: [
      "ID",
      say("NAME", "名称"),
      say("ADDRESS", "地址"),
      say("STATE", "状态"),
      say("INSTANCE", "实例"),
      say("PUBLIC ADDRESS", "弹性公网 IP"),
      say("SUBNET", "子网"),
    ],
    cells: (row) => [
      row.HaVipId,
      row.HaVipName || "-",
      row.Vip,
      row.State,
      row.InstanceId || "-",
      row.AddressIp || "-",
      row.SubnetId,
    ],
  });
}

/**
 * Waits for work in progress, then shows the resulting HAVIP. Undefined if it has been deleted.
 */
async function finish(
  session: Session,
  call: { readonly requestId: string } | undefined,
  id: string,
  result: "shown" | "gone",
): Promise<void> {
  if (call === undefined) return;
  const { io, isJson, say } = session;
  if (!session.waits) {
    if (isJson) io.stdout(`${JSON.stringify({ HaVipId: id, TaskId: call.requestId })}\n`);
    else
      io.stdout(
        say(`${id}: accepted, task ${call.requestId}\n`, `${id}：已受理，任务 ${call.requestId}\n`),
      );
    return;
  }
  const waited = await waitForRequest(session.client, call.requestId, session.timeoutMs);
  if (waited.kind !== "done") throw new CommandFailure(waited);
  if (result === "shown") show(session, await find(session, id));
  else if (isJson) io.stdout(`${JSON.stringify({ HaVipId: id, released: true })}\n`);
  else io.stdout(say(`${id}: released\n`, `${id}：已释放\n`));
}

async function create(session: Session, { options }: Line<typeof CREATE_OPTIONS>): Promise<void> {
  const { vpc: vpcId, name, subnet: subnetId, vip, associate: members } = options;
  if (vpcId === undefined || name === undefined) {
    throw new UsageError(text("give `--vpc` and `--name`", "请给出 `--vpc` 与 `--name`"));
  }
  const tags = options.tag.map(readTag);
  const made = await session.change("CreateHaVip", {
    VpcId: vpcId,
    HaVipName: name,
    ...(subnetId !== undefined && { SubnetId: subnetId }),
    ...(vip !== undefined && { Vip: vip }),
    // The API's default is off, and then any machine of the subnet may take the address.
    ...(options["check-associate"] && { CheckAssociate: true }),
    ...(members.length > 0 && { HaVipAssociationSet: members.map(asMember) }),
    ...(tags.length > 0 && { Tags: tags }),
  });
  if (made !== undefined) show(session, made.answer.HaVip);
}

function readTag(tag: string): { readonly Key: string; readonly Value: string } {
  const at = tag.indexOf("=");
  return { Key: tag.slice(0, at), Value: tag.slice(at + 1) };
}

const asMember = (id: string): { readonly InstanceId: string; readonly InstanceType: string } => ({
  InstanceId: id,
  InstanceType: id.startsWith("eni-") ? "ENI" : "CVM",
});

async function rename(session: Session, { operands }: Line): Promise<void> {
  const [word = "", name = ""] = operands;
  const { HaVipId } = await find(session, word);
  const done = await session.change("ModifyHaVipAttribute", { HaVipId, HaVipName: name });
  if (done !== undefined) show(session, await find(session, HaVipId));
}

async function release(session: Session, { operands }: Line): Promise<void> {
  const { HaVipId } = await find(session, operands[0] ?? "");
  await finish(session, await session.change("DeleteHaVip", { HaVipId }), HaVipId, "gone");
}

async function bindEip(session: Session, { operands }: Line): Promise<void> {
  const [word = "", eip = ""] = operands;
  const { HaVipId } = await find(session, word);
  const AddressIp = eip.startsWith("eip-") ? await addressOf(session, eip) : eip;
  const call = await session.change("HaVipAssociateAddressIp", { HaVipId, AddressIp });
  await finish(session, call, HaVipId, "shown");
}

/** The API wants the public address, but people have the id at hand. */
async function addressOf(session: Session, id: string): Promise<string> {
  const { answer } = await session.ask("DescribeAddresses", { AddressIds: [id] });
  const [row] = answer.AddressSet;
  if (row !== undefined) return row.AddressIp;
  const { region } = session.client.options;
  throw mistake(
    `there is no elastic address ${id} in ${region}`,
    `地域 ${region} 没有弹性公网 IP ${id}`,
    1,
  );
}

async function unbindEip(session: Session, { operands }: Line): Promise<void> {
  const { HaVipId } = await find(session, operands[0] ?? "");
  const call = await session.change("HaVipDisassociateAddressIp", { HaVipId });
  await finish(session, call, HaVipId, "shown");
}

async function changeRange(
  session: Session,
  { operands }: Line,
  action: "AssociateHaVipInstance" | "DisassociateHaVipInstance",
): Promise<void> {
  const [word = "", ...members] = operands;
  const { HaVipId, CheckAssociate } = await find(session, word);
  const HaVipAssociationSet = members.map((id) => ({ HaVipId, ...asMember(id) }));
  const done = await session.change(action, { HaVipAssociationSet });
  if (done === undefined) return;
  show(session, await find(session, HaVipId));
  if (!CheckAssociate) {
    session.io.stderr(
      session.say(
        "note: this HAVIP does not check its drift range, anybody in the subnet may claim it; that is fixed at creation (--check-associate)\n",
        "提示：该高可用虚拟 IP 未开启漂移范围校验，子网内任何实例均可宣告；此选项仅可在创建时指定（--check-associate）\n",
      ),
    );
  }
}

const COMMANDS: readonly Command[] = [
  cloudCommand("havip", {
    name: "list",
    summary: text("Lists those of the region.", "列出该地域的 HAVIP。"),
    options: LIST_OPTIONS,
    run: list,
  }),
  cloudCommand("havip", {
    name: "show",
    summary: text(
      "Shows one, with its drift range and who holds it.",
      "显示一个 HAVIP，包括漂移范围和持有者。",
    ),
    operands: [HAVIP],
    options: {},
    run: async (session, { operands }) => show(session, await find(session, operands[0] ?? "")),
  }),
  cloudCommand("havip", {
    name: "create",
    summary: text("Applies for one.", "申请一个 HAVIP。"),
    options: CREATE_OPTIONS,
    examples: [
      {
        line: "baton havip create --vpc vpc-1a2b3c4d --name db --vip 10.0.0.100",
        about: text("with this address", "指定地址"),
      },
    ],
    run: create,
  }),
  cloudCommand("havip", {
    name: "rename",
    summary: text("Changes its name.", "修改名称。"),
    operands: [HAVIP, { name: text("NAME", "名称") }],
    options: {},
    run: rename,
  }),
  cloudCommand("havip", {
    name: "release",
    summary: text("Gives it back.", "释放 HAVIP。"),
    operands: [HAVIP],
    options: {},
    run: release,
  }),
  cloudCommand("havip", {
    name: "bind-eip",
    summary: text("Binds a public address to it.", "绑定弹性公网 IP。"),
    operands: [HAVIP, EIP],
    options: {},
    run: bindEip,
  }),
  cloudCommand("havip", {
    name: "unbind-eip",
    summary: text("Unbinds its public address.", "解绑弹性公网 IP。"),
    operands: [HAVIP],
    options: {},
    run: unbindEip,
  }),
  cloudCommand("havip", {
    name: "associate",
    summary: text("Adds to its drift range.", "加入漂移范围。"),
    operands: [HAVIP, MEMBERS],
    options: {},
    examples: [
      {
        line: "baton havip associate 10.0.0.100 ins-1a2b3c4d",
        about: text("one instance more", "增加一个实例"),
      },
    ],
    run: async (session, line) => await changeRange(session, line, "AssociateHaVipInstance"),
  }),
  cloudCommand("havip", {
    name: "disassociate",
    summary: text("Takes out of its drift range.", "移出漂移范围。"),
    operands: [HAVIP, MEMBERS],
    options: {},
    examples: [
      {
        line: "baton havip disassociate 10.0.0.100 ins-1a2b3c4d",
        about: text("one instance less", "移除一个实例"),
      },
    ],
    run: async (session, line) => await changeRange(session, line, "DisassociateHaVipInstance"),
  }),
];

export const command: Command = cloudGroup({
  name: "havip",
  summary: text(
    "HAVIPs of the cloud or of an emulator: apply for, list, bind and release them.",
    "云平台或模拟器中的高可用虚拟 IP（HAVIP）：申请、查看、绑定、释放。",
  ),
  commands: COMMANDS,
  examples: [
    { line: "baton havip list", about: text("one line each", "每个一行") },
    {
      line: "baton havip bind-eip 10.0.0.100 203.0.113.1",
      about: text("reachable from outside", "可从公网访问"),
    },
    {
      line: "baton havip release 10.0.0.100 --dry-run",
      about: text("what would be asked for", "只显示将要发出的请求"),
    },
  ],
});
