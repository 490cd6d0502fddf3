/** `baton eip …`: elastic public addresses of the cloud or of an emulator. */
import type { Address } from "#cloud/api/answer-shapes";
import { waitForTask } from "#cloud/client/wait";
import {
  type Accepts,
  type Command,
  type Line,
  type Operand,
  text,
  value,
} from "#command-line/definition";
import type { Session } from "./cloud-session.ts";
import { CommandFailure, cloudCommand, cloudGroup, mistake } from "./cloud-session.ts";
import { printRows } from "./columns.ts";

const A_COUNT: Accepts = {
  test: (count) => /^[1-9]\d{0,4}$/.test(count),
  wanted: text("a count", "正整数"),
};

const EIP: Operand = {
  name: text("EIP", "EIP"),
  about: text("an id (eip-…) or the public address", "ID（eip-…）或公网地址"),
};

const ALLOCATE_OPTIONS = {
  count: value(text("N", "个数"), text("how many (default 1)", "申请个数（默认 1）"), {
    accepts: A_COUNT,
  }),
  name: value(text("NAME", "名称"), text("of the address", "地址的名称")),
  bandwidth: value(text("MBPS", "带宽"), text("in Mbps", "单位为 Mbps"), { accepts: A_COUNT }),
} as const;

type Eip = Address;
const PAGE = 100;

async function listAll(
  session: Session,
  more: {
    readonly AddressIds?: readonly string[];
    readonly Filters?: readonly { readonly Name: string; readonly Values: readonly string[] }[];
  },
): Promise<readonly Eip[]> {
  const found: Eip[] = [];
  for (;;) {
    const page = { Offset: found.length, Limit: PAGE };
    const { answer } = await session.ask("DescribeAddresses", { ...more, ...page });
    found.push(...answer.AddressSet);
    if (answer.AddressSet.length === 0 || found.length >= answer.TotalCount) return found;
  }
}

async function find(session: Session, word: string): Promise<Eip> {
  const [row] = word.startsWith("eip-")
    ? await listAll(session, { AddressIds: [word] })
    : await listAll(session, { Filters: [{ Name: "address-ip", Values: [word] }] });
  if (row !== undefined) return row;
  const { region } = session.client.options;
  throw mistake(
    `there is no elastic address ${word} in ${region}`,
    `地域 ${region} 没有弹性公网 IP ${word}`,
    1,
  );
}

function show(session: Session, rows: readonly Eip[]): void {
  const { say } = session;
  printRows(session, rows, {
    none: say("no elastic addresses", "没有弹性公网 IP"),
    head: [
      "ID",
      say("NAME", "名称"),
      say("ADDRESS", "地址"),
      say("STATUS", "状态"),
      say("BOUND TO", "绑定到"),
      say("MBPS", "带宽"),
    ],
    cells: (row) => [
      row.AddressId,
      row.AddressName,
      row.AddressIp,
      row.AddressStatus,
      row.InstanceId ?? "-",
      `${row.Bandwidth ?? "-"}`,
    ],
  });
}

/** False if the task is only printed and not waited for. */
async function settle(session: Session, taskId: string, ids: readonly string[]): Promise<boolean> {
  if (!session.waits) {
    const { io, isJson, say } = session;
    if (isJson) io.stdout(`${JSON.stringify({ AddressSet: ids, TaskId: taskId })}\n`);
    else
      io.stdout(
        say(
          `${ids.join(" ")}: accepted, task ${taskId}\n`,
          `${ids.join(" ")}：已受理，任务 ${taskId}\n`,
        ),
      );
    return false;
  }
  const waited = await waitForTask(session.client, taskId, session.timeoutMs);
  if (waited.kind !== "done") throw new CommandFailure(waited);
  return true;
}

async function allocate(
  session: Session,
  { options: { count, bandwidth, name } }: Line<typeof ALLOCATE_OPTIONS>,
): Promise<void> {
  const made = await session.change("AllocateAddresses", {
    ...(count !== undefined && { AddressCount: Number(count) }),
    ...(bandwidth !== undefined && { InternetMaxBandwidthOut: Number(bandwidth) }),
    ...(name !== undefined && { AddressName: name }),
  });
  if (made === undefined) return;
  const { AddressSet, TaskId } = made.answer;
  if (await settle(session, TaskId, AddressSet)) {
    show(session, await listAll(session, { AddressIds: AddressSet }));
  }
}

async function rename(session: Session, { operands }: Line): Promise<void> {
  const [word = "", name = ""] = operands;
  const { AddressId } = await find(session, word);
  const done = await session.change("ModifyAddressAttribute", { AddressId, AddressName: name });
  if (done !== undefined) show(session, [await find(session, AddressId)]);
}

async function release(session: Session, { operands }: Line): Promise<void> {
  const ids: string[] = [];
  for (const word of operands) ids.push((await find(session, word)).AddressId);
  const done = await session.change("ReleaseAddresses", { AddressIds: ids });
  if (done === undefined || !(await settle(session, done.answer.TaskId, ids))) return;
  const { io, isJson, say } = session;
  if (isJson) io.stdout(`${JSON.stringify({ AddressSet: ids, released: true })}\n`);
  else io.stdout(say(`${ids.join(" ")}: released\n`, `${ids.join(" ")}：已释放\n`));
}

const COMMANDS: readonly Command[] = [
  cloudCommand("eip", {
    name: "list",
    summary: text("Lists all of the region.", "列出该地域的全部地址。"),
    options: {},
    run: async (session) => show(session, await listAll(session, {})),
  }),
  cloudCommand("eip", {
    name: "show",
    summary: text("Shows one address.", "显示一个地址。"),
    operands: [EIP],
    options: {},
    run: async (session, { operands }) => show(session, [await find(session, operands[0] ?? "")]),
  }),
  cloudCommand("eip", {
    name: "allocate",
    summary: text("Applies for addresses.", "申请地址。"),
    options: ALLOCATE_OPTIONS,
    examples: [
      {
        line: "baton eip allocate --name web --bandwidth 5",
        about: text("one of 5 Mbps", "一个 5 Mbps 的地址"),
      },
    ],
    run: allocate,
  }),
  cloudCommand("eip", {
    name: "rename",
    summary: text("Changes the name.", "修改名称。"),
    operands: [EIP, { name: text("NAME", "名称") }],
    options: {},
    run: rename,
  }),
  cloudCommand("eip", {
    name: "release",
    summary: text("Gives addresses back.", "释放地址。"),
    operands: [{ ...EIP, most: 20 }],
    options: {},
    run: release,
  }),
];

export const command: Command = cloudGroup({
  name: "eip",
  summary: text(
    "Elastic public addresses of the cloud or of an emulator. `baton havip bind-eip` binds one.",
    "云平台或模拟器中的弹性公网 IP。绑定请使用 `baton havip bind-eip`。",
  ),
  commands: COMMANDS,
  examples: [
    { line: "baton eip list --json", about: text("for programs", "供程序读取") },
    {
      line: "baton eip release eip-1a2b3c4d",
      about: text("gives it back", "释放该地址"),
    },
  ],
});
