/** `baton console`: nodes, their history and what can be done with them, in a browser. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineCommand } from "#command-line/command";
import {
  attached,
  type Command,
  flag,
  type Line,
  text,
  UsageError,
  value,
  values,
} from "#command-line/definition";
import type { Extension } from "#console-server/console-app";
import { resourceUrl } from "#units/installation";
import type { OpenLab } from "./console-lab.ts";
import { type ConsolePlan, readPlan } from "./console-plan.ts";
import { RUNTIME_DIR_OPTION } from "./control-client.ts";
import { isLabName } from "./lab-folder.ts";
import { BATON_VERSION } from "./version.ts";

const FILE = text("FILE", "文件");

const OPTIONS = {
  listen: value(
    text("HOST:PORT", "地址:端口"),
    text(
      "default 127.0.0.1:8080; port 0 picks a free one. Other than loopback addresses need --tls-cert",
      "默认 127.0.0.1:8080；端口写 0 则使用空闲端口。非环回地址需要 --tls-cert",
    ),
  ),
  node: values(
    text("[NAME=]URL", "[名称=]URL"),
    text(
      "a node's API, such as https://10.0.0.11:9650 or unix:/run/baton/api.sock, or the runtime directory of a daemon of this machine; NAME is shown instead of the host name; may be repeated (default: the daemon of this machine)",
      "节点的 API，例如 https://10.0.0.11:9650 或 unix:/run/baton/api.sock，或本机守护进程的运行目录；给出名称时以其代替主机名显示；可多次给出（默认：本机的守护进程）",
    ),
  ),
  "token-file": value(
    FILE,
    text(
      "the token that nodes ask for before they switch; its line is TOKEN or NAME TOKEN",
      "节点执行切换等操作所需的令牌；文件内容为一行“令牌”或“名称 令牌”",
    ),
    { completes: "files" },
  ),
  ca: value(FILE, text("PEM of who signed the nodes' certificates", "签发节点证书的 CA（PEM）"), {
    completes: "files",
  }),
  "tls-cert": value(FILE, text("PEM; serves the page over HTTPS", "PEM 证书；以 HTTPS 提供页面"), {
    completes: "files",
  }),
  "tls-key": value(FILE, text("its key, PEM", "证书的私钥（PEM）"), { completes: "files" }),
  "key-file": value(
    FILE,
    text(
      "the access key, 16 characters or more (default: a new one at every start)",
      "访问密钥，至少 16 个字符（默认每次启动生成新的密钥）",
    ),
    { completes: "files" },
  ),
  "allow-host": values(
    text("NAME", "名称"),
    text(
      "a name by which browsers call it, besides addresses and localhost; may be repeated",
      "除地址和 localhost 之外，浏览器访问时使用的名称；可多次给出",
    ),
  ),
  cloud: attached(
    text("URL", "URL"),
    text(
      "HAVIPs of the cloud, or of an emulator such as http://127.0.0.1:18080 (BATON_CLOUD_ENDPOINT); the keys are found as by `baton havip` and stay with this program",
      "显示云平台的 HAVIP，或模拟器的，例如 http://127.0.0.1:18080（BATON_CLOUD_ENDPOINT）；密钥的查找方式同 `baton havip`，只保存在本程序中",
    ),
  ),
  "cloud-region": value(
    text("NAME", "地域"),
    text("such as ap-guangzhou (TENCENTCLOUD_REGION)", "例如 ap-guangzhou（TENCENTCLOUD_REGION）"),
  ),
  "cloud-profile": value(
    text("NAME", "名称"),
    text("credentials of ~/.tccli/NAME.credential", "使用 ~/.tccli/名称.credential 中的密钥"),
  ),
  lab: attached(
    text("NAME", "名称"),
    text(
      "a laboratory (`baton lab`) to break at will, with its nodes and its cloud; starts one for the HAVIP tutorial if none is up",
      "可任意注入故障的实验环境（`baton lab`）及其节点和云平台；没有运行时为 HAVIP 教程启动一个",
    ),
    {
      accepts: {
        test: isLabName,
        wanted: text(
          "a name of letters, digits and `-` that begins with no `-`",
          "由字母、数字和 `-` 组成、不以 `-` 开头的名称",
        ),
      },
    },
  ),
  reports: value(
    text("DIR", "目录"),
    text(
      "shows the reports that `baton drill` wrote there",
      "显示 `baton drill` 写在该目录中的报告",
    ),
    { completes: "folders" },
  ),
  json: flag(text("for programs", "供程序读取的输出")),
  "runtime-dir": RUNTIME_DIR_OPTION,
} as const;

type ConsoleLine = Line<typeof OPTIONS>;

export const command: Command = defineCommand({
  name: "console",
  summary: text(
    "Serves a page with nodes, who owns what and why, their history, switch and maintenance.",
    "提供网页：节点、地址的持有者及原因、历史、切换与维护。",
  ),
  details: text(
    "Open the address that it prints: it carries the access key, without which nothing is shown. Tokens of nodes stay with this program.",
    "请打开它输出的地址：其中带有访问密钥，没有密钥不显示任何内容。节点令牌只保存在本程序中。",
  ),
  options: OPTIONS,
  examples: [
    {
      line: "sudo baton console",
      about: text("the daemon of this machine", "本机的守护进程"),
    },
    {
      line: "baton console --node https://10.0.0.11:9650 --node https://10.0.0.12:9650 --token-file ~/baton.token",
      about: text("a pair, from anywhere", "从任意机器查看一对节点"),
    },
    {
      line: "baton console --lab",
      about: text("the HAVIP tutorial, to do and to break", "动手完成 HAVIP 教程并注入故障"),
    },
  ],
  notes: text(
    "It runs until Ctrl-C. Exit status: 0 after a signal, 1 it cannot listen, 2 wrong usage.",
    "运行至按下 Ctrl-C。退出码：0 收到信号后退出，1 无法监听，2 用法错误。",
  ),
  run: async (line) => {
    // Before a laboratory is built for it.
    const checked = readPlan(line.options);
    if ("en" in checked) throw new UsageError(checked);
    const found = await findParts(line);
    if (found === undefined) return 1;
    const { lab, extensions } = found;
    try {
      const { node, ...options } = line.options;
      const plan = readPlan({ ...options, node: [...(lab?.nodes ?? []), ...node] });
      if ("en" in plan) throw new UsageError(plan);
      return await serve(line, plan, [...extensions, ...(await reportParts(line))]);
    } finally {
      await lab?.close();
    }
  },
});

/** What `--reports` adds. */
async function reportParts({ options: { reports } }: ConsoleLine): Promise<readonly Extension[]> {
  if (reports === undefined) return [];
  const { reportExtension } = await import("#console-server/report-routes");
  return [reportExtension(resolve(reports))];
}

interface Parts {
  readonly lab: OpenLab | undefined;
  readonly extensions: readonly Extension[];
}

/** What `--lab` and `--cloud` add. Undefined: the reason has been printed. */
async function findParts(line: ConsoleLine): Promise<Parts | undefined> {
  const { options, language, io } = line;
  const { cloud, lab: wanted } = options;
  if (wanted !== undefined && cloud !== undefined)
    throw new UsageError(
      text(
        "`--lab` has a cloud of its own, without `--cloud`",
        "`--lab` 自带云平台，不能再用 `--cloud`",
      ),
    );
  if (wanted !== undefined) {
    const { openLab } = await import("./console-lab.ts");
    const say = (en: string, zh: string): void =>
      io.stderr(`baton console: ${language === "en" ? en : zh}\n`);
    const name = wanted === true ? "default" : wanted;
    const lab = await openLab({ name, io, language, say });
    if (lab === undefined) return undefined;
    const [{ labExtension }, { cloudExtension }] = await Promise.all([
      import("#console-server/lab-routes"),
      import("#console-server/cloud-routes"),
    ]);
    return { lab, extensions: [labExtension(lab.port), cloudExtension(lab.cloud)] };
  }
  if (cloud === undefined) return { lab: undefined, extensions: [] };
  const [{ findCloud, CommandFailure, failureSentence }, { cloudExtension }] = await Promise.all([
    import("./cloud-session.ts"),
    import("#console-server/cloud-routes"),
  ]);
  try {
    const access = findCloud(
      {
        endpoint: cloud === true ? undefined : cloud,
        region: options["cloud-region"],
        profile: options["cloud-profile"],
      },
      io.env,
    );
    return { lab: undefined, extensions: [cloudExtension(access)] };
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    io.stderr(`baton console: ${failureSentence(error.failure, language)}\n`);
    return undefined;
  }
}

async function serve(
  { options, language, io }: ConsoleLine,
  plan: ConsolePlan,
  extensions: readonly Extension[],
): Promise<number> {
  const say = (en: string, zh: string): void =>
    io.stderr(`baton console: ${language === "en" ? en : zh}\n`);
  const folder = findPage(say);
  if (folder === undefined) return 1;
  const [{ makeConsoleApp }, { readAssets }, { serveConsole }] = await Promise.all([
    import("#console-server/console-app"),
    import("#console-server/assets"),
    import("#console-server/serve"),
  ]);
  const app = makeConsoleApp({
    version: BATON_VERSION,
    gate: { key: plan.key, names: plan.names },
    assets: readAssets(folder),
    nodes: await plan.openNodes(),
    extensions,
    onError: (error) => {
      const { message } = error instanceof Error ? error : new Error("?");
      say(`an unexpected error: ${message}`, `意外错误：${message}`);
    },
  });
  let running: Awaited<ReturnType<typeof serveConsole>>;
  try {
    running = await serveConsole(app, plan.listen);
  } catch (error) {
    const { code = "?" } = error as NodeJS.ErrnoException;
    const where = options.listen ?? "127.0.0.1:8080";
    const isUsed = code === "EADDRINUSE";
    say(
      `cannot listen on ${where}: ${isUsed ? "another program does; --listen takes another port" : code}`,
      `无法监听 ${where}：${isUsed ? "端口已被占用，请用 --listen 指定其他端口" : code}`,
    );
    return 1;
  }
  const open = `${running.url}/#key=${plan.key.reveal()}`;
  if (options.json)
    io.stdout(`${JSON.stringify({ event: "listening", url: running.url, open })}\n`);
  else {
    io.stdout(
      language === "en"
        ? `The console is at\n\n  ${open}\n\nCtrl-C ends it.\n`
        : `控制台地址：\n\n  ${open}\n\n按 Ctrl-C 结束。\n`,
    );
  }
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
  await running.close();
  return 0;
}

/** In a checkout. */
const BUILDER = "tools/build-console.ts";
const VITE = "node_modules/vite";

/** A package has it; a checkout builds it when it is missing or older than its source. */
function findPage(say: (en: string, zh: string) => void): string | undefined {
  const folder = fileURLToPath(resourceUrl("dist/console"));
  const tool = fileURLToPath(resourceUrl(BUILDER));
  const vite = fileURLToPath(resourceUrl(VITE));
  if (existsSync(tool) && existsSync(vite)) {
    const args = ["--disable-warning=ExperimentalWarning", tool, "--if-needed"];
    const { status, stderr } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      timeout: 120_000,
    });
    if (status !== 0) {
      say(`the page cannot be built:\n${stderr}`, `页面构建失败：\n${stderr}`);
      return undefined;
    }
  }
  if (existsSync(folder)) return folder;
  say(
    "the page is not built, and the tools for it are not installed: run `npm ci && npm run build:console` in a checkout, or install a package",
    "页面尚未构建，且未安装构建工具：请在代码目录运行 `npm ci && npm run build:console`，或安装软件包",
  );
  return undefined;
}
