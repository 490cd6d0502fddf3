/** `baton havip …`: HAVIPs of the cloud or of an emulator. */
import type { HaVip } from "#cloud/api/answer-shapes";
import { waitForRequest } from "#cloud/client/wait";
import { readIpv4 } from "#units/address";
import type { Arguments, Family, Session } from "./cloud-session.ts";
import { CommandFailure, mistake, runFamily } from "./cloud-session.ts";
import { printFacts, printRows } from "./columns.ts";
import type { Command, CommandIo } from "./io.ts";

const USAGE: Family["usage"] = {
  en: `usage: baton havip list [--vpc ID] [--subnet ID] [--name PART]
       baton havip show HAVIP
       baton havip create --vpc ID --name NAME [--subnet ID] [--vip ADDRESS]
                          [--check-associate] [--associate ID ...] [--tag KEY=VALUE ...]
       baton havip rename HAVIP NAME
       baton havip release HAVIP
       baton havip bind-eip HAVIP EIP
       baton havip unbind-eip HAVIP
       baton havip associate HAVIP ID ...
       baton havip disassociate HAVIP ID ...

HAVIP is an id (havip-…) or the address; EIP an id (eip-…) or the public address; ID an instance
(ins-…) or a network interface (eni-…), one kind for each HAVIP.
`,
  "zh-CN": `用法：baton havip list [--vpc ID] [--subnet ID] [--name 部分名称]
      baton havip show HAVIP
      baton havip create --vpc ID --name 名称 [--subnet ID] [--vip 地址]
                         [--check-associate] [--associate ID ...] [--tag 键=值 ...]
      baton havip rename HAVIP 名称
      baton havip release HAVIP
      baton havip bind-eip HAVIP EIP
      baton havip unbind-eip HAVIP
      baton havip associate HAVIP ID ...
      baton havip disassociate HAVIP ID ...

HAVIP 为 ID（havip-…）或地址；EIP 为 ID（eip-…）或公网地址；ID 为实例（ins-…）或弹性网卡（eni-…），
同一个 HAVIP 只能使用其中一种。
`,
};

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

/** By id or by address; an address that several VPCs have names its candidates. */
async function find(session: Session, word: string): Promise<Havip> {
  const isAddress = readIpv4(word) !== undefined;
  const rows = isAddress
    ? await listAll(session, [{ Name: "vip", Values: [word] }])
    : (await session.ask("DescribeHaVips", { HaVipIds: [word] })).answer.HaVipSet;
  const [first, second] = rows;
  if (first === undefined) {
    throw mistake(`there is no HAVIP ${word} in this region`, `该地域没有高可用虚拟 IP ${word}`, 1);
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

async function list(session: Session, args: Arguments): Promise<void> {
  const filters: Filter[] = [];
  for (const [option, name] of [
    ["vpc", "vpc-id"],
    ["subnet", "subnet-id"],
    ["name", "havip-name"],
  ] as const) {
    const value = args.text(option);
    if (value !== undefined) filters.push({ Name: name, Values: [value] });
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
      row.HaVipName,
      row.Vip,
      row.State,
      row.InstanceId || "-",
      row.AddressIp || "-",
      row.SubnetId,
    ],
  });
}

/** Waits for work that goes on, then shows what became of the HAVIP; undefined: it is gone. */
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

async function create(session: Session, args: Arguments): Promise<void> {
  const [vpcId, name] = [args.text("vpc"), args.text("name")];
  if (vpcId === undefined || name === undefined) {
    throw mistake("create needs --vpc and --name", "create 需要 --vpc 与 --name");
  }
  const subnetId = args.text("subnet");
  const vip = args.text("vip");
  const members = args.texts("associate");
  const tags = args.texts("tag").map(readTag);
  const made = await session.change("CreateHaVip", {
    VpcId: vpcId,
    HaVipName: name,
    ...(subnetId !== undefined && { SubnetId: subnetId }),
    ...(vip !== undefined && { Vip: vip }),
    // The API's default is off: then any machine of the subnet may take the address.
    ...(args.has("check-associate") && { CheckAssociate: true }),
    ...(members.length > 0 && { HaVipAssociationSet: members.map(asMember) }),
    ...(tags.length > 0 && { Tags: tags }),
  });
  if (made !== undefined) show(session, made.answer.HaVip);
}

function readTag(text: string): { readonly Key: string; readonly Value: string } {
  const at = text.indexOf("=");
  if (at < 1) throw mistake(`--tag ${text} is not KEY=VALUE`, `--tag ${text} 不是 KEY=VALUE`);
  return { Key: text.slice(0, at), Value: text.slice(at + 1) };
}

const asMember = (id: string): { readonly InstanceId: string; readonly InstanceType: string } => ({
  InstanceId: id,
  InstanceType: id.startsWith("eni-") ? "ENI" : "CVM",
});

async function rename(session: Session, args: Arguments): Promise<void> {
  const [word = "", name = ""] = args.words;
  const { HaVipId } = await find(session, word);
  const done = await session.change("ModifyHaVipAttribute", { HaVipId, HaVipName: name });
  if (done !== undefined) show(session, await find(session, HaVipId));
}

async function release(session: Session, args: Arguments): Promise<void> {
  const { HaVipId } = await find(session, args.words[0] ?? "");
  await finish(session, await session.change("DeleteHaVip", { HaVipId }), HaVipId, "gone");
}

async function bindEip(session: Session, args: Arguments): Promise<void> {
  const [word = "", eip = ""] = args.words;
  const { HaVipId } = await find(session, word);
  const AddressIp = eip.startsWith("eip-") ? await addressOf(session, eip) : eip;
  const call = await session.change("HaVipAssociateAddressIp", { HaVipId, AddressIp });
  await finish(session, call, HaVipId, "shown");
}

/** The API wants the public address, people have the id at hand. */
async function addressOf(session: Session, id: string): Promise<string> {
  const { answer } = await session.ask("DescribeAddresses", { AddressIds: [id] });
  const [row] = answer.AddressSet;
  if (row !== undefined) return row.AddressIp;
  throw mistake(
    `there is no elastic address ${id} in this region`,
    `该地域没有弹性公网 IP ${id}`,
    1,
  );
}

async function unbindEip(session: Session, args: Arguments): Promise<void> {
  const { HaVipId } = await find(session, args.words[0] ?? "");
  const call = await session.change("HaVipDisassociateAddressIp", { HaVipId });
  await finish(session, call, HaVipId, "shown");
}

async function changeRange(
  session: Session,
  args: Arguments,
  action: "AssociateHaVipInstance" | "DisassociateHaVipInstance",
): Promise<void> {
  const [word = "", ...members] = args.words;
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

const FAMILY: Family = {
  name: "havip",
  usage: USAGE,
  options: {
    vpc: { type: "string" },
    subnet: { type: "string" },
    name: { type: "string" },
    vip: { type: "string" },
    "check-associate": { type: "boolean" },
    associate: { type: "string", multiple: true },
    tag: { type: "string", multiple: true },
  },
  verbs: {
    list: { words: [0, 0], run: list },
    show: {
      words: [1, 1],
      run: async (session, args) => show(session, await find(session, args.words[0] ?? "")),
    },
    create: { words: [0, 0], run: create },
    rename: { words: [2, 2], run: rename },
    release: { words: [1, 1], run: release },
    "bind-eip": { words: [2, 2], run: bindEip },
    "unbind-eip": { words: [1, 1], run: unbindEip },
    associate: {
      words: [2, 11],
      run: async (session, args) => await changeRange(session, args, "AssociateHaVipInstance"),
    },
    disassociate: {
      words: [2, 11],
      run: async (session, args) => await changeRange(session, args, "DisassociateHaVipInstance"),
    },
  },
};

export const runHavip = async (argv: readonly string[], io: CommandIo): Promise<number> =>
  await runFamily(FAMILY, argv, io);

export const command: Command = runHavip;
