/** `baton eip …`: elastic public addresses of the cloud or of an emulator. */
import type { Address } from "#cloud/api/answer-shapes";
import { waitForTask } from "#cloud/client/wait";
import type { Arguments, Family, Session } from "./cloud-session.ts";
import { CommandFailure, mistake, runFamily } from "./cloud-session.ts";
import { printRows } from "./columns.ts";
import type { Command, CommandIo } from "./io.ts";

const USAGE: Family["usage"] = {
  en: `usage: baton eip list
       baton eip show EIP
       baton eip allocate [--count N] [--name NAME] [--bandwidth MBPS]
       baton eip rename EIP NAME
       baton eip release EIP ...

EIP is an id (eip-…) or the public address. Bind one with \`baton havip bind-eip\`.
`,
  "zh-CN": `用法：baton eip list
      baton eip show EIP
      baton eip allocate [--count 个数] [--name 名称] [--bandwidth 带宽Mbps]
      baton eip rename EIP 名称
      baton eip release EIP ...

EIP 为 ID（eip-…）或公网地址。绑定请使用 \`baton havip bind-eip\`。
`,
};

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
  throw mistake(
    `there is no elastic address ${word} in this region`,
    `该地域没有弹性公网 IP ${word}`,
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

/** False: not to be waited for, only told. */
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

async function allocate(session: Session, args: Arguments): Promise<void> {
  const count = readCount(args, "count");
  const bandwidth = readCount(args, "bandwidth");
  const name = args.text("name");
  const made = await session.change("AllocateAddresses", {
    ...(count !== undefined && { AddressCount: count }),
    ...(bandwidth !== undefined && { InternetMaxBandwidthOut: bandwidth }),
    ...(name !== undefined && { AddressName: name }),
  });
  if (made === undefined) return;
  const { AddressSet, TaskId } = made.answer;
  if (await settle(session, TaskId, AddressSet)) {
    show(session, await listAll(session, { AddressIds: AddressSet }));
  }
}

function readCount(args: Arguments, option: string): number | undefined {
  const text = args.text(option);
  if (text === undefined || /^[1-9]\d{0,4}$/.test(text))
    return text === undefined ? undefined : Number(text);
  throw mistake(`--${option} ${text} is not a count`, `--${option} ${text} 不是正整数`);
}

async function rename(session: Session, args: Arguments): Promise<void> {
  const [word = "", name = ""] = args.words;
  const { AddressId } = await find(session, word);
  const done = await session.change("ModifyAddressAttribute", { AddressId, AddressName: name });
  if (done !== undefined) show(session, [await find(session, AddressId)]);
}

async function release(session: Session, args: Arguments): Promise<void> {
  const ids: string[] = [];
  for (const word of args.words) ids.push((await find(session, word)).AddressId);
  const done = await session.change("ReleaseAddresses", { AddressIds: ids });
  if (done === undefined || !(await settle(session, done.answer.TaskId, ids))) return;
  const { io, isJson, say } = session;
  if (isJson) io.stdout(`${JSON.stringify({ AddressSet: ids, released: true })}\n`);
  else io.stdout(say(`${ids.join(" ")}: released\n`, `${ids.join(" ")}：已释放\n`));
}

const FAMILY: Family = {
  name: "eip",
  usage: USAGE,
  options: {
    count: { type: "string" },
    name: { type: "string" },
    bandwidth: { type: "string" },
  },
  verbs: {
    list: { words: [0, 0], run: async (session) => show(session, await listAll(session, {})) },
    show: {
      words: [1, 1],
      run: async (session, args) => show(session, [await find(session, args.words[0] ?? "")]),
    },
    allocate: { words: [0, 0], run: allocate },
    rename: { words: [2, 2], run: rename },
    release: { words: [1, 20], run: release },
  },
};

export const runEip = async (argv: readonly string[], io: CommandIo): Promise<number> =>
  await runFamily(FAMILY, argv, io);

export const command: Command = runEip;
