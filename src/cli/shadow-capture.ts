/** `baton shadow --pcap FILE`: a capture is read piece by piece and given to the shadow. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "#daemon/contain";
import type { Language } from "#diagnostics/diagnostic";
import { CaptureReader } from "#shadow/capture/capture-reader";
import { CaptureError, type CaptureProblem } from "#shadow/capture/captured";
import { ownAddressOf, planForCapture } from "#shadow/capture-plan";
import { Shadow } from "#shadow/shadow";
import type { NodePlan } from "#shadow/shadow-node";
import { type IpAddress, printIp } from "#units/address";
import { fromSeconds, type Instant, type Micros, micros } from "#units/time";
import { readCapturedFrame } from "#vrrp/wire/captured-frame";
import { parseAdvert } from "#vrrp/wire/parse-advert";
import { unreadableSentence } from "./read-regular.ts";
import type { NodeFile, ShadowLine } from "./shadow-options.ts";
import { ShadowOutput } from "./shadow-output.ts";

const CHUNK = 1_048_576;
const GZIP = 0x1f8b;
/** Longer than anything that is waited for at the end of a capture. */
const AFTERWARDS = fromSeconds(1);

export function shadowCapture(
  file: string,
  nodes: readonly NodeFile[],
  tolerance: Micros | undefined,
  line: ShadowLine,
): number {
  const { options, language, io } = line;
  const complain = (what: string): number => {
    io.stderr(`baton shadow: ${what}\n`);
    return 2;
  };
  try {
    const plans = plansOf(file, nodes);
    if (typeof plans === "object" && "ambiguous" in plans)
      return complain(ambiguous(plans.ambiguous, plans.sources, language));
    const { json, all } = options;
    const dateOf = (at: number): Date => new Date(at / 1_000);
    const output = new ShadowOutput({ io, language, json, all, dateOf });
    const shadow = new Shadow({
      tolerance,
      nodes: plans,
      report: (finding, isRepeated) => output.add(finding, isRepeated),
    });
    return compare(file, shadow, output, (problem) =>
      complain(problemSentence(file, problem, language)),
    );
  } catch (error) {
    if (error instanceof CaptureError)
      return complain(problemSentence(file, error.problem, language));
    if (!(error instanceof Error && "code" in error)) throw error;
    return complain(unreadableSentence(file, errnoOf(error), language));
  }
}

/** What can be read of a capture that is cut short or broken is compared all the same. */
function compare(
  file: string,
  shadow: Shadow,
  output: ShadowOutput,
  onProblem: (problem: CaptureProblem) => number,
): number {
  const reader = new CaptureReader();
  let [first, last]: (number | undefined)[] = [undefined, undefined];
  const problem = readCapture(file, reader, (captured) => {
    const { number: packet, at } = captured;
    const frame = readCapturedFrame(captured.linkType, captured.bytes);
    first ??= at;
    last = Math.max(last ?? at, at);
    if (frame.kind === "vrrp") {
      const { packet: bytes, mac } = frame;
      shadow.observe(at as Instant, { kind: "vrrp", bytes: bytes.slice(), mac, packet });
    } else if (frame.kind === "arp") {
      shadow.observe(at as Instant, { kind: "arp", bytes: frame.frame, packet });
    }
  });
  if (last !== undefined) shadow.advance((last + AFTERWARDS) as Instant);
  const status = problem === undefined ? 0 : onProblem(problem);
  const { packets, otherLinks, cut } = reader.counts;
  const ended = output.end({
    micros: micros((last ?? 0) - (first ?? 0)),
    adverts: shadow.adverts,
    skipped: shadow.skipped,
    packets,
    unread: otherLinks + cut,
  });
  return status === 0 ? ended : status;
}

type OnPacket = (captured: NonNullable<ReturnType<CaptureReader["next"]>>) => void;

/** Returns what is wrong with the file; what comes before it has been read. */
function readCapture(
  file: string,
  reader: CaptureReader,
  onPacket: OnPacket,
): CaptureProblem | undefined {
  // A FIFO is not waited for, and a terminal does not become the controlling one.
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  try {
    const info = fstatSync(fd);
    if (info.isDirectory()) throw Object.assign(new Error("folder"), { code: "EISDIR" });
    if (!info.isFile()) throw new CaptureError({ kind: "not-a-file", at: 0 });
    const chunk = new Uint8Array(CHUNK);
    for (;;) {
      const length = readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) break;
      reader.feed(chunk.subarray(0, length));
      for (let one = reader.next(); one !== undefined; one = reader.next()) onPacket(one);
    }
    reader.end();
    return undefined;
  } catch (error) {
    if (error instanceof CaptureError) return error.problem;
    throw error;
  } finally {
    closeSync(fd);
  }
}

interface Ambiguous {
  readonly ambiguous: string;
  /** Routers that were seen in the capture. */
  readonly sources: readonly IpAddress[];
}

/** Every node needs its address; of one that has none, the capture is asked. */
function plansOf(file: string, nodes: readonly NodeFile[]): readonly NodePlan[] | Ambiguous {
  const plans: NodePlan[] = [];
  for (const { file: name, plan, address } of nodes) {
    const instances = plan.instances.map(({ config }) => config);
    const own = address ?? ownAddressOf(instances);
    const seen = own === undefined ? sourcesIn(file, instances) : { fitting: [own], all: [] };
    const [only, ...more] = seen.fitting;
    if (only === undefined || more.length > 0) return { ambiguous: name, sources: seen.all };
    plans.push(planForCapture(instances, plan.groups, only));
  }
  return plans;
}

const SOURCES_MAX = 64;

/** Who advertises these routers, and who of them with the configured priority. */
function sourcesIn(
  file: string,
  instances: readonly NodePlan["instances"][number][],
): { readonly fitting: readonly IpAddress[]; readonly all: readonly IpAddress[] } {
  const priorities = new Map(instances.map(({ router }) => [router.vrid, router.priority]));
  const fitting = new Set<IpAddress>();
  const all = new Set<IpAddress>();
  const problem = readCapture(file, new CaptureReader(), ({ linkType, bytes }) => {
    const frame = readCapturedFrame(linkType, bytes);
    if (frame.kind !== "vrrp") return;
    const parsed = parseAdvert(frame.packet);
    if (parsed.kind === "drop" || all.size >= SOURCES_MAX) return;
    const { vrid, source, priority } = parsed.advert;
    if (!priorities.has(vrid)) return;
    all.add(source);
    if (priorities.get(vrid) === priority) fitting.add(source);
  });
  // What is wrong behind the first advertisements is reported when they are compared.
  if (problem !== undefined && all.size === 0) throw new CaptureError(problem);
  return { fitting: [...fitting], all: [...all] };
}

function ambiguous(file: string, sources: readonly IpAddress[], language: Language): string {
  const seen = sources.map(printIp).join(", ");
  if (language === "en")
    return `which node of the capture is ${file}? Name its address with --node${seen === "" ? "; no router of it advertises there" : `: ${seen} advertise`}`;
  return `${file} 是抓包中的哪个节点？请用 --node 指定其地址${seen === "" ? "；其中没有该配置的通告" : `：发送通告的有 ${seen}`}`;
}

function problemSentence(file: string, problem: CaptureProblem, language: Language): string {
  const [en, zh] = problemTexts(problem);
  return language === "en"
    ? `${file}, byte ${problem.at}: ${en}`
    : `${file}，第 ${problem.at} 字节：${zh}`;
}

function problemTexts(problem: CaptureProblem): readonly [string, string] {
  switch (problem.kind) {
    case "not-a-capture":
      return problem.magic >>> 16 === GZIP
        ? ["it is compressed: unpack it with gunzip first", "文件已压缩：请先用 gunzip 解压"]
        : [
            "this is neither pcap nor pcapng; `tcpdump -w FILE 'proto 112 or arp'` writes one",
            "既不是 pcap 也不是 pcapng；可用 `tcpdump -w 文件 'proto 112 or arp'` 抓取",
          ];
    case "not-a-file":
      return [
        "it is a pipe or a device; write the capture to a file first",
        "它是管道或设备；请先把抓包写入文件",
      ];
    case "cut-short":
      return [
        "the file ends in the middle of a packet; what comes before it was compared",
        "文件在一个报文中间结束；此前的内容已比较",
      ];
    case "bad-length":
      return [
        `a length of ${problem.length} bytes cannot be right; the file is damaged from here on`,
        `长度 ${problem.length} 字节不可能正确；文件从此处起已损坏`,
      ];
    case "bad-block":
      return [
        `a block of type ${problem.type} contradicts itself; the file is damaged from here on`,
        `类型为 ${problem.type} 的块自相矛盾；文件从此处起已损坏`,
      ];
    case "no-time":
      return [
        "packets without a time (simple packet blocks): capture again with times",
        "报文没有时间（simple packet block）：请重新抓取",
      ];
    case "link-type":
      return [
        `link type ${problem.number} is not read; capture on an Ethernet interface or with \`-i any\``,
        `不支持链路类型 ${problem.number}；请在以太网接口上或用 \`-i any\` 抓取`,
      ];
  }
}
