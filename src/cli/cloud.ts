/** `baton cloud serve`: the emulated cloud. */
import { serve } from "#cloud/server/serve";
import { defineCommand } from "#command-line/command";
import {
  type Command,
  flag,
  oneOf,
  text,
  UsageError,
  value,
  values,
} from "#command-line/definition";

const TIME = text("TIME", "时间");
const COUNT = text("N", "个数");

const OPTIONS = {
  listen: value(
    text("HOST:PORT", "地址:端口"),
    text(
      "default 127.0.0.1:18080; port 0 picks a free one",
      "默认 127.0.0.1:18080；端口写 0 则使用空闲端口",
    ),
  ),
  data: value(
    text("DIR", "目录"),
    text("keeps everything in DIR; nothing is kept without it", "数据保存在该目录；不写则不保存"),
    { completes: "folders" },
  ),
  memory: flag(text("keeps nothing", "不保存数据")),
  auth: value(
    text("HOW", "方式"),
    text(
      "strict (default with a secret): known key, right signature, right time; lenient (default without): the shape of the signature only; off: nothing. strict without --secret-file takes TENCENTCLOUD_SECRET_ID and _KEY",
      "strict（给出密钥时的默认值）：检查密钥、签名和时间；lenient（否则的默认值）：只检查签名的格式；off：不检查。strict 未给出 --secret-file 时使用 TENCENTCLOUD_SECRET_ID 和 _KEY",
    ),
    { accepts: oneOf(["strict", "lenient", "off"]) },
  ),
  "secret-file": value(
    text("FILE", "文件"),
    text(
      "the key, as tccli (JSON) or the SDKs ([default], secret_id=, secret_key=) keep it; --secret-id ID --secret-key KEY works too, but others see it in the process list",
      "密钥文件，格式同 tccli（JSON）或 SDK（[default]、secret_id=、secret_key=）；也可用 --secret-id ID --secret-key 密钥，但其他用户能在进程列表中看到",
    ),
    { completes: "files" },
  ),
  "secret-id": value(text("ID", "ID")),
  "secret-key": value(text("KEY", "密钥")),
  "allow-host": values(
    text("NAME", "名称"),
    text(
      "a name by which clients call it, besides addresses and localhost; may be repeated",
      "除地址和 localhost 之外，客户端访问时使用的名称；可多次给出",
    ),
  ),
  "claim-latency": value(
    TIME,
    text(
      "from a gratuitous ARP to the moved address, such as 4s (default 0)",
      "从免费 ARP 到地址迁移完成的时间，例如 4s（默认 0）",
    ),
  ),
  "task-latency": value(
    TIME,
    text("how long asynchronous work takes (default 100ms)", "异步任务的耗时（默认 100ms）"),
  ),
  "api-latency": value(
    TIME,
    text("every call waits so long (default 0)", "每次调用的延迟（默认 0）"),
  ),
  "calls-per-second": value(
    COUNT,
    text(
      "per region and action; the real cloud has 20 (default: no limit)",
      "每个地域、每个接口的频率限制；真实云平台为 20（默认不限）",
    ),
  ),
  "garp-burst": value(
    COUNT,
    text(
      "announcements of one address that pass at once (default 20)",
      "同一地址可一次通过的宣告数（默认 20）",
    ),
  ),
  "garp-rate": value(
    COUNT,
    text("and per second for long (default 10)", "此后每秒可通过的宣告数（默认 10）"),
  ),
  quiet: flag(text("log errors only", "只记录错误")),
} as const;

const serveCommand = defineCommand({
  name: "serve",
  summary: text(
    "Serves the VPC API (HAVIPs, elastic addresses, interfaces) of an emulated cloud.",
    "提供一个模拟云平台的 VPC API（HAVIP、弹性公网 IP、弹性网卡）。",
  ),
  options: OPTIONS,
  examples: [
    {
      line: "baton cloud serve --data ./cloud",
      about: text("keeps what was made", "保存所创建的资源"),
    },
    {
      line: "baton cloud serve --claim-latency 4s",
      about: text("as slow as the real one", "与真实平台一样慢"),
    },
  ],
  run: async ({ options, io, language }) => {
    const outcome = await serve(options, io, language);
    if (typeof outcome === "number") return outcome;
    throw new UsageError(outcome);
  },
});

export const command: Command = defineCommand({
  name: "cloud",
  summary: text("The emulated cloud.", "云平台模拟器。"),
  options: {},
  commands: [serveCommand],
});
