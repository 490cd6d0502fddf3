/** baton(8): what the program is, and its commands. */
import { type CommandGroup, type Options, text } from "#command-line/definition";
import type { Language } from "#diagnostics/diagnostic";
import { optionItems, sectionOf } from "./command-page.ts";
import { bold, ManPage, type PageHead } from "./roff.ts";
import { TITLES } from "./titles.ts";

const SUMMARY = text(
  "keep a virtual IP address on exactly one healthy machine",
  "让虚拟 IP 始终只在一台健康的机器上",
);

const ABOUT = text(
  `Baton keeps a virtual IP address (VIP) on exactly one healthy machine of a group, moves it in a fraction of a second when that machine fails, and explains why. It reads keepalived.conf, speaks VRRP (RFC 9568, version 2 and 3 over IPv4) with keepalived and other routers, and runs the same notify scripts.
The daemon is two processes. The engine owns the protocol and the addresses; the supervisor runs check and notify scripts, answers the commands, and writes the log. Either may die: the other one hands the address over. If both die, the kernel takes the address away before a peer may have it.
Where the network is a cloud's, \`havip { … }\` in the configuration has the platform asked whether it agrees about the owner.`,
  `Baton 让虚拟 IP（VIP）始终只在一组机器中的一台健康机器上；该机器故障时，在不到一秒内迁移地址，并说明原因。它读取 keepalived.conf，与 keepalived 及其他路由器使用 VRRP（RFC 9568，IPv4 上的版本 2 和 3）通信，并运行同样的通知脚本。
守护进程由两个进程组成：引擎负责协议与地址；监管进程运行检查脚本和通知脚本、应答各命令、写日志。任何一个退出，另一个都会移交地址；两个都退出时，内核会在对端可能接管之前移除地址。
在云平台的网络中，配置里的 \`havip { … }\` 会让守护进程向平台核对归属。`,
);

const FIRST_STEPS = text(
  "Look at the file, then run it, then ask:",
  "先检查配置文件，再运行，然后查看状态：",
);
const STEPS = `baton check --live
systemctl enable --now baton
baton status
baton explain VI_1`;

const ENVIRONMENT = [
  [
    "LC_ALL, LC_MESSAGES, LANG",
    text(
      "the language: Chinese if it begins with zh, else English",
      "语言：以 zh 开头为中文，否则为英文",
    ),
  ],
  ["NO_COLOR", text("if it is set, no colours", "设置后不使用颜色")],
  [
    "TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_REGION",
    text("credentials and region for the cloud's API", "云平台 API 的凭据与地域"),
  ],
  [
    "BATON_CLOUD_ENDPOINT",
    text("the API's address, an emulator for example", "API 的地址，例如模拟器"),
  ],
] as const;

const EXIT = text(
  "0 done, 1 failed, 2 wrong usage; others are on the page of the command. 70 is a mistake of Baton's own, which we want to hear of.",
  "0 成功，1 失败，2 用法错误；其他退出码见各命令的手册页。70 表示 Baton 自身的错误，请反馈给我们。",
);

export function mainPage(
  groups: readonly CommandGroup[],
  options: Options,
  head: Omit<PageHead, "name" | "section">,
  language: Language,
): string {
  const page = new ManPage({ ...head, name: "baton", section: 8 }, language);
  page.section(TITLES.name[language]).name("baton", SUMMARY[language]);
  page.section(TITLES.synopsis[language]);
  page.example(text("baton COMMAND [options]", "baton 命令 [选项]")[language]);
  page.section(TITLES.description[language]).paragraph(ABOUT[language]);
  page.paragraph(FIRST_STEPS[language]).example(STEPS);
  page.section(TITLES.commands[language]);
  const commands = groups.flatMap((group) => group.commands);
  for (const group of groups) {
    page.subsection(group.title[language].replace(/[:：]$/, ""));
    page.list(
      group.commands.map(({ name, summary }) => [
        `${bold(`baton-${name}`)}(${sectionOf(name)})`,
        summary[language],
      ]),
    );
  }
  page.section(TITLES.options[language]);
  page.list(optionItems(options, language));
  page.section(TITLES.environment[language]);
  page.list(ENVIRONMENT.map(([term, about]) => [bold(term), about[language]]));
  page.section(TITLES.exit[language]).paragraph(EXIT[language]);
  const also = commands.map(({ name }) => `\`baton-${name}\`(${sectionOf(name)})`);
  page.section(TITLES.also[language]).paragraph(["`baton.conf`(5)", ...also].join(", "));
  return page.toString();
}
