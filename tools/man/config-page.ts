/** baton.conf(5), from the keyword tables. */
import { type Text, text } from "#command-line/definition";
import type { Language } from "#diagnostics/diagnostic";
import type { ItemKind, Keyword, KeywordTable, Takes } from "#keepalived/keywords/keyword";
import { ROOT } from "#keepalived/keywords/root";
import { TABLES } from "#keepalived/keywords/tables";
import { DIFFERENCES } from "./differences.ts";
import { KEYWORDS_ZH } from "./keywords-zh.ts";
import { bold, code, ManPage, type PageHead, prose } from "./roff.ts";
import { TITLES } from "./titles.ts";

const SUMMARY = text("configuration of baton(8)", "baton(8) 的配置文件");

const ABOUT = text(
  `\`baton run\` reads /etc/keepalived/keepalived.conf unless \`-f\` names another file: keepalived's own, with every keyword of keepalived 2.2 and later and a few of Baton's. \`baton check\` says what is wrong with it.
A keyword that Baton does not act on is read and checked. It is an error if the machine would do without something it was promised, a warning if what moves the address is not affected.
Times are in seconds unless another unit is given. "since" is the first release of keepalived that knows the keyword.`,
  `除非用 \`-f\` 指定其他文件，\`baton run\` 读取 /etc/keepalived/keepalived.conf：即 keepalived 的配置文件，支持 keepalived 2.2 及以后版本的所有关键字，以及 Baton 自有的少数关键字。\`baton check\` 会指出其中的问题。
Baton 不执行的关键字也会读取并检查：如果本机因此缺少应有的功能，则为错误；如果不影响地址的切换，则为警告。
除非另有说明，时间以秒为单位。“始于”表示最早支持该关键字的 keepalived 版本。`,
);

const SYNTAX: readonly (readonly [string, Text])[] = [
  ["keyword argument ...", text("one setting a line", "每行一个设置")],
  ["keyword [NAME] {\\ ...\\ }", text("a block of settings", "一组设置（块）")],
  ["# !", text("a comment up to the end of the line", "注释，直到行尾")],
  ['"..."', text("one argument, with blanks, # and ! in it", "一个参数，其中可含空格、# 和 !")],
  ["include FILE", text("another file, or several (a pattern)", "另一个文件，或多个（通配符）")],
  [
    "@ID ...",
    text(
      "a line for the node with this ID alone (`-i`); @^ID for all others",
      "仅对该 ID 的节点生效的行（`-i`）；@^ID 对其他节点生效",
    ),
  ],
  ["$NAME=...", text("a definition, used as $NAME or ${NAME}", "定义，以 $NAME 或 ${NAME} 引用")],
];

const DIFFER = text(
  "What keepalived does, and below it what Baton does:",
  "先列出 keepalived 的行为，其下为 Baton 的行为：",
);

const EXAMPLE = `vrrp_script check_nginx {
    script "/usr/bin/pgrep -x nginx"
    interval 2
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 100
    nopreempt
    unicast_src_ip 172.16.0.14
    unicast_peer {
        172.16.0.16
    }
    virtual_ipaddress {
        172.16.0.135/24
    }
    track_script {
        check_nginx
    }
}`;

const ITEMS: Readonly<Record<ItemKind, Text>> = {
  address: text("address", "地址"),
  delay: text("delay", "延迟"),
  interface: text("interface", "网卡"),
  name: text("name", "名称"),
  peer: text("peer", "对端"),
  route: text("route", "路由"),
  rule: text("rule", "规则"),
  text: text("text", "文本"),
  tracked: text("tracked", "跟踪项"),
};

const LARGE = 2_147_483_647;

function range(min: number, max: number, language: Language): string {
  if (max >= LARGE) return language === "en" ? `from ${min}` : `不小于 ${min}`;
  return language === "en" ? `${min} to ${max}` : `${min} 到 ${max}`;
}

/** What stands behind the keyword. */
function argumentsOf(takes: Takes, language: Language): string {
  const en = language === "en";
  switch (takes.kind) {
    case "flag":
      return "";
    case "boolean":
      return "[on|off|true|false]";
    case "integer":
    case "decimal":
      return takes.optional === true ? (en ? "[number]" : "[数值]") : en ? "number" : "数值";
    case "weight":
      return en ? "number [reverse]" : "数值 [reverse]";
    case "choice": {
      const names = takes.of.join("|");
      return takes.optional === true ? `[${names}]` : names;
    }
    case "address":
      if (takes.multicast === true) return en ? "multicast-address" : "组播地址";
      return en ? "address" : "地址";
    case "interface":
      return en ? "interface" : "网卡";
    case "text":
    case "secret":
      return en ? "text" : "文本";
    case "secrets":
      if (takes.max === 1) return en ? "text" : "文本";
      return en ? "text [text]" : "文本 [文本]";
    case "texts": {
      const count = takes.min === takes.max ? `${takes.min}` : `${takes.min}-${takes.max}`;
      return en ? `text ... (${count})` : `文本 ...（${count} 个）`;
    }
    case "command":
      return `"${en ? "command" : "命令"}"${takes.user ? (en ? " [user [group]]" : " [用户 [组]]") : ""}${takes.timeout === undefined ? "" : en ? " [timeout N]" : " [timeout 秒]"}`;
    case "program":
      return en ? "program [parameter ...]" : "程序 [参数 ...]";
    case "user":
      return en ? "user [group]" : "用户 [组]";
    case "list":
      return `{ ${ITEMS[takes.of][language]} ... }`;
    case "block":
      return takes.named ? `${en ? "NAME" : "名称"} { ... }` : "{ ... }";
    case "foreign":
      return "{ ... }";
  }
}

function limits({ takes, unit }: Keyword, language: Language): string {
  const suffix = unit === undefined ? "" : ` ${unit}`;
  if (takes.kind === "weight") return range(-takes.limit, takes.limit, language);
  const isNumber = takes.kind === "integer" || takes.kind === "decimal";
  return isNumber ? `${range(takes.min, takes.max, language)}${suffix}` : "";
}

function translated(sentence: string, language: Language): string {
  return language === "en" ? sentence : (KEYWORDS_ZH[sentence] ?? sentence);
}

function actsOn({ acts }: Keyword): Text | undefined {
  switch (acts.kind) {
    case "yes":
      return undefined;
    case "without":
      return acts.severity === "error"
        ? text("Baton does not act on it: an error.", "Baton 不执行：错误。")
        : text("Baton does not act on it: a warning.", "Baton 不执行：警告。");
    case "no-need":
      return text("Nothing to do in Baton.", "Baton 无需处理。");
    case "foreign":
      return text("Another service; skipped.", "属于其他服务，跳过。");
  }
}

/** The second line of an entry: default, range, since. */
function factsOf(keyword: Keyword, language: Language): string {
  const en = language === "en";
  const { default: standard, since, deprecated, conflicts } = keyword;
  const range = limits(keyword, language);
  const facts = [
    ...(range === "" ? [] : [range]),
    ...(standard === undefined
      ? []
      : [`${en ? "default" : "默认"} ${translated(standard, language)}`]),
    since === "baton" ? (en ? "Baton's own" : "Baton 自有") : `${en ? "since" : "始于"} ${since}`,
    ...(deprecated === undefined ? [] : [en ? "deprecated" : "已弃用"]),
    ...(conflicts === undefined
      ? []
      : [`${en ? "not with" : "不能与之同用："} ${conflicts.join(", ")}`]),
  ];
  const list = facts.join(en ? "; " : "；");
  const sentence = `${list.charAt(0).toUpperCase()}${list.slice(1)}${en ? ". " : "。"}`;
  return `${sentence}${actsOn(keyword)?.[language] ?? ""}`.trim();
}

function entry(keyword: Keyword, language: Language): readonly [string, string, string] {
  const given = argumentsOf(keyword.takes, language);
  const term = given === "" ? bold(keyword.word) : `${bold(keyword.word)} ${code(given)}`;
  return [term, translated(keyword.purpose, language), factsOf(keyword, language)];
}

const SECTIONS: readonly (readonly [Text, KeywordTable])[] = [
  [text("TOP LEVEL", "顶层"), ROOT],
  ...(
    [
      ["global_defs", TABLES.global_defs],
      ["vrrp_instance NAME", TABLES.vrrp_instance],
      ["authentication", TABLES.authentication],
      ["auth_hmac", TABLES.auth_hmac],
      ["havip", TABLES.havip],
      ["gate", TABLES.gate],
      ["mysql (gate)", TABLES.mysql],
      ["postgresql (gate)", TABLES.postgresql],
      ["redis (gate)", TABLES.redis],
      ["api", TABLES.api],
      ["events", TABLES.events],
      ["tls (api)", TABLES.tls],
      ["alert", TABLES.alert],
      ["vrrp_sync_group NAME", TABLES.vrrp_sync_group],
      ["vrrp_script NAME", TABLES.vrrp_script],
      ["check NAME", TABLES.check],
      ["vrrp_track_process NAME", TABLES.vrrp_track_process],
      ["track_file NAME", TABLES.track_file],
      ["garp_group", TABLES.garp_group],
      ["track_group NAME", TABLES.static_track_group],
      ["bfd_instance NAME", TABLES.bfd_instance],
    ] as const
  ).map(([title, table]) => [text(title, title), table] as const),
];

export function configPage(head: Omit<PageHead, "name" | "section">, language: Language): string {
  const page = new ManPage({ ...head, name: "baton.conf", section: 5 }, language);
  page.section(TITLES.name[language]).name("baton.conf", SUMMARY[language]);
  page.section(TITLES.description[language]).paragraph(ABOUT[language]);
  page.section(TITLES.syntax[language]);
  page.list(SYNTAX.map(([term, about]) => [bold(term.replaceAll("\\ ", " ")), about[language]]));
  page.section(TITLES.examples[language]).example(EXAMPLE);
  for (const [title, table] of SECTIONS) {
    page.section(title[language]);
    page.list([...table.values()].map((keyword) => entry(keyword, language)));
  }
  page.section(TITLES.differences[language]).paragraph(DIFFER[language]);
  page.list(
    DIFFERENCES.map(({ keepalived, baton }) => [prose(keepalived[language]), baton[language]]),
  );
  page.section(TITLES.also[language]).paragraph("`baton`(8), `baton-check`(1), `baton-run`(8)");
  return page.toString();
}
